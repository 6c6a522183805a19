"""grant_until: spent first, kept beyond the month, and over after its last day without anybody doing anything."""

from datetime import UTC, date, datetime

import pytest

from sora_portal.errors import NotAllowed
from sora_portal.ledger import actions as credits
from sora_portal.ledger import spending
from sora_portal.ledger.errors import DateIsOver, KeyUsed, OverBudget, Unlimited
from sora_portal.ledger.models import HoldLeg, Journal, Scope
from tests.ledger.team import DECEMBER, NOW, Team, assert_books_agree, balances

Budgets = dict[str, Scope]
LAST = date(2026, 12, 10)
PERIOD = "until 2026-12-10 01"
LATER = datetime(2026, 12, 11, 0, 0, 1, tzinfo=UTC)


def _grant(team: Team, scope: Scope, amount: int = 30_000, **changes: object) -> Journal:
    wanted = {"last": LAST, "reason": "Two more shots", "key": "k", "now": NOW, **changes}
    return credits.grant_until(by=team.mo, scope=scope, amount=amount, **wanted)  # type: ignore[arg-type]


@pytest.fixture
def mine(team: Team, budgets: Budgets) -> Scope:
    """Ada's budget of 40, with 30 more until 10 December; nothing else limits."""
    for kind in ("organisation", "project"):
        credits.set_quota(by=team.mo, scope=budgets[kind], monthly=None, now=NOW)
    _grant(team, budgets["member"])
    return budgets["member"]


def test_hold_takes_first_what_ends_first(team: Team, mine: Scope) -> None:
    _grant(team, mine, 5_000, last=date(2026, 11, 30), key="sooner")
    taken = team.hold("one", 45_000)
    assert list(taken.legs.order_by("pk").values_list("period", "amount")) == [
        ("until 2026-11-30 01", 5_000), (PERIOD, 30_000), ("2026-11", 10_000),
    ]  # fmt: skip
    assert balances(mine)["available"] == 30_000
    assert_books_agree()


def test_grant_outlives_the_month_and_ends_after_its_last_day(team: Team, mine: Scope) -> None:
    team.hold("one", 50_000, now=DECEMBER)
    assert balances(mine, "2026-12")["available"] == 20_000
    _grant(team, mine, 6_000, key="again", now=DECEMBER)
    assert spending.available_for(team.ada, None, None, DECEMBER) == 26_000
    assert spending.available_for(team.ada, None, None, LATER) == 20_000
    with pytest.raises(OverBudget, match="20 credits left of"):
        team.hold("two", 20_001, now=LATER)
    assert balances(mine, "until 2026-12-10 02") == {
        "source": -6_000, "available": 0, "held": 0, "spent": 0, "expired": 6_000,
    }  # fmt: skip
    assert_books_agree()


def test_grant_ends_at_midnight_of_the_organisation(team: Team, mine: Scope, settings: object) -> None:
    settings.TIME_ZONE = "America/New_York"  # type: ignore[attr-defined]
    team.hold("one", 70_000, now=datetime(2026, 12, 11, 4, 59, tzinfo=UTC))
    credits.release(ref="one", reason="cancelled", now=datetime(2026, 12, 11, 4, 59, 59, tzinfo=UTC))
    with pytest.raises(OverBudget):
        team.hold("two", 40_001, now=datetime(2026, 12, 11, 5, 0, tzinfo=UTC))


def test_expiry_is_written_once(team: Team, mine: Scope) -> None:
    for number in range(3):
        team.hold(f"n{number}", 1_000, now=LATER)
    assert Journal.objects.get(kind="expire", scope=mine, key__contains="until").amount == 30_000
    assert_books_agree()


def test_settling_spends_what_ends_first_and_returns_the_rest(team: Team, mine: Scope) -> None:
    team.hold("one", 45_000)
    credits.capture(ref="one", amount=35_000, now=NOW)
    assert (balances(mine, PERIOD)["spent"], balances(mine)["spent"]) == (30_000, 5_000)
    assert balances(mine)["available"] == 35_000
    assert_books_agree()


def test_rest_that_comes_back_after_the_end_expires(team: Team, mine: Scope) -> None:
    team.hold("one", 30_000)
    credits.capture(ref="one", amount=10_000, now=LATER)
    assert balances(mine, PERIOD) == {
        "source": -30_000, "available": 0, "held": 0, "spent": 10_000, "expired": 20_000,
    }  # fmt: skip
    assert_books_agree()


def test_refunds_take_from_each_part_no_more_than_was_spent_there(team: Team, mine: Scope) -> None:
    team.hold("one", 45_000)
    team.hold("other", 20_000)
    credits.capture(ref="one", now=NOW)
    credits.capture(ref="other", now=NOW)
    for number, amount in enumerate((10_000, 10_000, 25_000)):
        reason = {"reason": "wrong colours", "key": f"r{number}"}
        credits.refund(by=team.mo, ref="one", amount=amount, now=NOW, **reason)  # type: ignore[arg-type]
    assert (balances(mine, PERIOD)["spent"], balances(mine)["spent"]) == (0, 20_000)
    assert balances(mine)["available"] == 50_000
    assert_books_agree()


def test_grant_is_given_once_for_each_key(team: Team, mine: Scope) -> None:
    assert _grant(team, mine) == _grant(team, mine)
    with pytest.raises(KeyUsed):
        _grant(team, mine, 1)
    assert not balances(mine, "until 2026-12-10 02")


def test_grant_for_today_is_for_all_of_today(team: Team, mine: Scope) -> None:
    _grant(team, mine, last=NOW.date(), key="today")
    with pytest.raises(DateIsOver, match="19 November 2026 has passed"):
        _grant(team, mine, last=date(2026, 11, 19), key="yesterday")


def test_grant_needs_an_admin_a_limit_and_an_amount(team: Team, mine: Scope) -> None:
    wanted = {"last": LAST, "reason": "more", "now": NOW}
    with pytest.raises(NotAllowed):
        credits.grant_until(by=team.ada, scope=mine, amount=1, key="a", **wanted)  # type: ignore[arg-type]
    with pytest.raises(Unlimited):
        _grant(team, credits.scope_for_project(team.project), key="b")
    with pytest.raises(ValueError, match="adds something"):
        _grant(team, mine, 0, key="c")


def test_budget_says_what_ends_when(team: Team, mine: Scope) -> None:
    team.hold("one", 2_000)
    budget = spending.budgets_for(team.ada, None, NOW)[0]
    assert (budget.granted, budget.available, budget.held) == (70_000, 68_000, 2_000)
    assert [ending.text for ending in budget.endings] == ["28 credits of it until 10 December"]


def test_budget_of_a_month_nobody_opened_counts_the_grant(team: Team, mine: Scope) -> None:
    before = spending.budgets_for(team.ada, None, DECEMBER)[0]
    team.hold("nothing", 0, now=DECEMBER)
    after = spending.budgets_for(team.ada, None, DECEMBER)[0]
    assert (before.granted, before.available) == (after.granted, after.available) == (70_000, 70_000)


def test_hold_of_nothing_still_names_its_scopes(team: Team, mine: Scope) -> None:
    team.hold("free", 0)
    assert list(HoldLeg.objects.values_list("period", "amount")) == [("2026-11", 0)]
