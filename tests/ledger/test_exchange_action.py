"""credits.exchanging: a hold at another price, both or neither."""

from datetime import UTC, datetime

import pytest

from sora_portal.catalog.models import Connection
from sora_portal.ledger import actions
from sora_portal.ledger.errors import AlreadySettled, OverBudget
from sora_portal.ledger.models import Hold, Journal
from sora_portal.ledger.pages.history import _line
from sora_portal.ledger.rehold import rehold
from sora_portal.ledger.verify import differences
from tests import factories

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def _quota(scope: object, credits: int) -> None:
    actions.set_quota(by=factories.mo(), scope=scope, monthly=credits * 1000, now=NOW)  # type: ignore[arg-type]


def _hold(amount: int = 40_000) -> Hold:
    model = factories.offered_model()
    return actions.hold(
        ref="work",
        amount=amount,
        project=factories.project(),
        member=factories.ada(),
        connection=model.connection,
        now=NOW,
    )


def _exchange(amount: int, ref: str = "work") -> Hold:
    apixo = Connection.objects.get(slug="apixo")
    return rehold(ref=ref, amount=amount, connection=apixo, reason="Moved", now=NOW)


def test_the_old_hold_is_released_and_a_new_one_taken_at_the_new_vendor() -> None:
    _quota(actions.organisation_scope(), 100)
    _hold()
    _quota(actions.scope_for_connection(Connection.objects.get(slug="apixo")), 80)
    new = _exchange(70_000)
    assert (new.ref, new.amount, new.connection.slug, new.legs.count()) == ("work~2", 70_000, "apixo", 2)
    old = Hold.objects.get(ref="work")
    assert (old.is_settled, old.released, old.captured) == (True, 40_000, 0)
    assert _exchange(30_000, "work~2").ref == "work~3"
    assert differences() == []


def test_what_was_held_before_counts_for_the_new_price() -> None:
    _quota(actions.organisation_scope(), 70)
    _hold()
    assert _exchange(70_000).amount == 70_000


def test_over_budget_leaves_everything_as_it_was_and_the_transaction_usable() -> None:
    _quota(actions.organisation_scope(), 69)
    _hold()
    before = Journal.objects.count()
    with pytest.raises(OverBudget, match="69 credits left of 69 this month, this video needs 70"):
        _exchange(70_000)
    assert Hold.objects.get().is_settled is False
    assert Journal.objects.count() == before
    assert differences() == []


def test_a_hold_that_has_ended_is_not_exchanged() -> None:
    _hold()
    actions.release(ref="work", reason="", now=NOW)
    with pytest.raises(AlreadySettled):
        _exchange(70_000)
    assert Hold.objects.count() == 1


def test_every_line_of_the_ledger_leads_to_the_same_work() -> None:
    _hold()
    _exchange(70_000)
    assert {_line(journal, None).ref for journal in Journal.objects.exclude(ref="")} == {"work"}
