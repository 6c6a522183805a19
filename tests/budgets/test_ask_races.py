"""Two admins at once: one answer counts, the other is told. On whichever database the suite runs."""

import pytest
from django.utils import timezone

from sora_portal.budgets.models import Ask
from sora_portal.budgets.requests import actions
from sora_portal.budgets.requests.actions import AlreadyAnswered
from sora_portal.generations.models import Generation
from sora_portal.ledger import verify
from sora_portal.ledger.models import Journal, Scope
from tests import factories
from tests.budgets.asked import asked, once
from tests.ledger.test_ledger_under_load import together

pytestmark = pytest.mark.django_db(transaction=True)


def test_ten_answers_at_once_count_once(short: Scope) -> None:
    ask, mo, now = asked(), factories.mo(), timezone.now()

    def act(number: int) -> Ask:
        if number % 2:
            return actions.decline(by=mo, ask=ask, version=0, reason="no", now=now)
        return actions.grant(by=mo, ask=ask, answer=once(ask), now=now)

    outcomes = together(act, 10)
    assert sum(isinstance(outcome, Ask) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, AlreadyAnswered) for outcome in outcomes) == 9
    granted = Ask.objects.get().state == "submitted"
    assert Journal.objects.filter(key__startswith="client:ask").count() == Generation.objects.count() - 1 == granted
    assert verify.differences() == []


def test_ten_requests_with_one_form_are_one(short: Scope) -> None:
    ada, model, project, now = factories.ada(), factories.offered_model(), factories.project(), timezone.now()
    wanted = {"model": model, "project": project, "choices": model.rules.defaults(), "submit_key": "one", "now": now}
    outcomes = together(lambda _: actions.request_budget(by=ada, prompt="Boats", amount=None, reason="x", **wanted), 10)
    assert {type(outcome) for outcome in outcomes} == {Ask}
    assert Ask.objects.count() == 1


def test_author_and_admin_at_once_make_one_video(short: Scope) -> None:
    ask, mo, now = asked(), factories.mo(), timezone.now()
    actions.grant(by=mo, ask=asked(key="other", amount=90_000), answer=once(ask, 90_000), now=now)

    def act(number: int) -> Ask:
        if number % 2:
            return actions.resume(by=factories.ada(), ask=ask, quoted=40_000, now=now)
        return actions.grant(by=mo, ask=ask, answer=once(ask), now=now)

    together(act, 8)
    assert Generation.objects.filter(submit_key="wish").count() == 1
    assert Ask.objects.get(pk=ask.pk).state == "submitted"
    assert verify.differences() == []
