"""Asking for budget: the video is kept, an answer lets it go, and nothing is answered twice."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from sora_portal.budgets.models import Ask
from sora_portal.budgets.requests import actions
from sora_portal.budgets.requests.actions import RAISE, UNTIL, AlreadyAnswered, Answer, EnoughNow
from sora_portal.catalog.models import VideoModel
from sora_portal.errors import NotAllowed
from sora_portal.generations.models import Generation
from sora_portal.ledger import actions as credits
from sora_portal.ledger import posting, spending, verify
from sora_portal.ledger.errors import OverBudget
from sora_portal.ledger.models import Journal, Scope
from sora_portal.projects.models import Membership
from tests import factories
from tests.budgets.asked import asked, once

pytestmark = pytest.mark.django_db


def test_ask_keeps_the_video_and_names_what_is_missing(short: Scope) -> None:
    ask = asked()
    assert (ask.scope, ask.amount, ask.price_milli, ask.state) == (short, 28_000, 40_000, "waiting")
    assert (ask.prompt, ask.choices) == ("Paper boats on a canal", factories.offered_model().rules.defaults())
    assert Generation.objects.count() == 1


def test_ask_twice_with_one_form_is_one_request(short: Scope) -> None:
    assert asked() == asked()
    assert Ask.objects.count() == 1


def test_ask_for_more_than_is_missing_is_kept_and_for_less_is_not(short: Scope) -> None:
    assert asked(key="more", amount=500_000).amount == 500_000
    assert asked(key="less", amount=1_000).amount == 28_000


def test_ask_where_there_is_enough_is_refused(db: None) -> None:
    factories.money()
    with pytest.raises(EnoughNow):
        asked()


def test_grant_once_submits_the_video(short: Scope) -> None:
    ask = asked()
    ask = actions.grant(by=factories.mo(), ask=ask, answer=once(ask), now=timezone.now())
    assert ask.state == "submitted"
    assert ask.generation is not None
    assert (ask.generation.prompt, ask.generation.author) == ("Paper boats on a canal", factories.ada())
    assert (ask.generation.state, ask.generation.hold.amount) == ("queued", 40_000)
    assert spending.available_for(factories.ada(), None, None, timezone.now()) == 0
    journal = Journal.objects.get(key="client:ask:" + f"{ask.pk}:0")
    assert (journal.by, journal.reason) == (factories.mo(), "Ada Moreau: For Friday's pitch")
    assert ask.generation.events.filter(kind="budget", text="Mo Lindqvist granted 28 credits once").exists()
    assert verify.differences() == []


def test_grant_until_a_day_ends_by_itself(short: Scope) -> None:
    now = timezone.now()
    last = posting.today(now) + timedelta(days=3)
    ask = asked(amount=100_000)
    ask = actions.grant(by=factories.mo(), ask=ask, answer=Answer(UNTIL, 100_000, 0, last), now=now)
    assert ask.state == "submitted"
    assert spending.available_for(factories.ada(), None, None, now) == 72_000
    budget = spending.budget_of(Scope.objects.get(pk=short.pk), now + timedelta(days=5))
    assert budget is not None
    assert budget.available <= 52_000


def test_raise_changes_the_quota_for_good(short: Scope) -> None:
    ask = asked()
    actions.grant(by=factories.mo(), ask=ask, answer=Answer(RAISE, 28_000, 0), now=timezone.now())
    assert Scope.objects.get(pk=short.pk).quota == 80_000


def test_grant_where_another_budget_binds_next_keeps_the_request_open_for_that_one(short: Scope) -> None:
    mo, project = factories.mo(), credits.scope_for_project(factories.project())
    ask = asked()
    project = credits.set_quota(by=mo, scope=project, monthly=15_000, now=timezone.now())
    ask = actions.grant(by=mo, ask=ask, answer=once(ask), now=timezone.now())
    assert (ask.state, ask.scope, ask.amount) == ("waiting", project, 25_000)
    assert "Project Autumn launch: 15 credits left" in ask.trouble
    ask = actions.grant(by=mo, ask=ask, answer=once(ask), now=timezone.now())
    assert ask.state == "submitted"
    assert verify.differences() == []


def test_grant_of_too_little_leaves_the_request_open(short: Scope) -> None:
    ask = asked()
    ask = actions.grant(by=factories.mo(), ask=ask, answer=once(ask, 8_000), now=timezone.now())
    assert (ask.state, ask.amount) == ("waiting", 20_000)


def test_grant_of_a_video_whose_price_has_changed_waits_for_its_author(short: Scope) -> None:
    ask = asked()
    Ask.objects.filter(pk=ask.pk).update(price_milli=39_000)
    ask = actions.grant(by=factories.mo(), ask=ask, answer=once(ask), now=timezone.now())
    assert (ask.state, ask.generation) == ("granted", None)
    assert "from 39 to 40 credits" in ask.trouble
    ask = actions.resume(by=factories.ada(), ask=ask, quoted=40_000, now=timezone.now())
    assert ask.state == "submitted"


@pytest.mark.parametrize("change", ["model", "member"])
def test_grant_of_a_video_that_cannot_be_made_any_more_says_so(short: Scope, change: str) -> None:
    ask = asked()
    if change == "model":
        VideoModel.objects.filter(pk=ask.model_id).update(lifecycle="paused")
    else:
        Membership.objects.filter(user=factories.ada()).delete()
    ask = actions.grant(by=factories.mo(), ask=ask, answer=once(ask), now=timezone.now())
    assert ask.state == "granted"
    assert ask.trouble


def test_grant_to_a_budget_whose_limit_is_gone_lets_the_video_go(short: Scope) -> None:
    ask = asked()
    credits.set_quota(by=factories.mo(), scope=short, monthly=None, now=timezone.now())
    ask = actions.grant(by=factories.mo(), ask=ask, answer=once(ask), now=timezone.now())
    assert (ask.state, ask.answer) == ("submitted", "a budget without a limit")


def test_second_answer_is_refused_and_names_the_first(short: Scope) -> None:
    ask = asked()
    actions.decline(by=factories.mo(), ask=ask, version=0, reason="Not before December", now=timezone.now())
    with pytest.raises(AlreadyAnswered, match="Mo Lindqvist has declined this request already") as refused:
        actions.grant(by=factories.mo(), ask=ask, answer=once(ask), now=timezone.now())
    assert refused.value.status == 409
    assert not Journal.objects.filter(key__startswith="client:ask").exists()


def test_answer_from_an_old_page_is_refused(short: Scope) -> None:
    ask = asked()
    actions.grant(by=factories.mo(), ask=ask, answer=once(ask, 8_000), now=timezone.now())
    with pytest.raises(AlreadyAnswered, match="Look at it once more"):
        actions.grant(by=factories.mo(), ask=ask, answer=once(ask, 8_000), now=timezone.now())


def test_request_is_over_after_two_weeks_without_anybody_ending_it(short: Scope) -> None:
    ask = asked()
    later = ask.expires_at
    assert not Ask.objects.open(later).exists()
    with pytest.raises(AlreadyAnswered, match="no longer open"):
        actions.grant(by=factories.mo(), ask=ask, answer=once(ask), now=later)


def test_resume_is_refused_while_there_is_too_little_and_works_when_there_is_enough(short: Scope) -> None:
    ask = asked()
    with pytest.raises(OverBudget):
        actions.resume(by=factories.ada(), ask=ask, quoted=40_000, now=timezone.now())
    credits.set_quota(by=factories.mo(), scope=short, monthly=90_000, now=timezone.now())
    for _ in range(2):
        ask = actions.resume(by=factories.ada(), ask=ask, quoted=40_000, now=timezone.now())
    assert ask.state == "submitted"
    assert Generation.objects.count() == 2


def test_withdrawn_request_cannot_be_answered(short: Scope) -> None:
    ask = asked()
    actions.withdraw(by=factories.ada(), ask=ask)
    with pytest.raises(AlreadyAnswered, match="Ada Moreau has withdrawn"):
        actions.grant(by=factories.mo(), ask=ask, answer=once(ask), now=timezone.now())


def test_only_admins_answer_and_only_authors_take_back(short: Scope) -> None:
    ask = asked()
    for act in (
        lambda: actions.grant(by=factories.rae(), ask=ask, answer=once(ask), now=timezone.now()),
        lambda: actions.decline(by=factories.ada(), ask=ask, version=0, reason="no", now=timezone.now()),
        lambda: actions.withdraw(by=factories.mo(), ask=ask),
        lambda: actions.resume(by=factories.rae(), ask=ask, quoted=1, now=timezone.now()),
    ):
        with pytest.raises(NotAllowed):
            act()


@pytest.mark.parametrize(
    "values",
    [{"state": "lost"}, {"state": "submitted"}, {"state": "declined", "answer": ""}, {"amount": 0}],
)
def test_request_that_makes_no_sense_is_refused_by_the_database(short: Scope, values: dict[str, object]) -> None:
    ask = asked()
    with pytest.raises(IntegrityError), transaction.atomic():
        Ask.objects.filter(pk=ask.pk).update(**values)
