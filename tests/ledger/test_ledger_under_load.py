"""Many at once: the right number gets through, and nothing is done twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from django.db import connections

from sora_portal.ledger import actions as credits
from sora_portal.ledger.errors import AlreadySettled, OverBudget
from sora_portal.ledger.models import Hold, Journal, Scope
from sora_portal.ledger.periods import ONCE, Terms
from tests.ledger.team import DECEMBER, NOW, Team, assert_books_agree, balances

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 50


def together(act: Callable[[int], object], count: int = THREADS) -> list[object]:
    """Run `act(number)` in `count` threads that start at once; return what each returned or raised."""
    ready = Barrier(count)

    def run(number: int) -> object:
        try:
            ready.wait(timeout=30)
            return act(number)
        except Exception as raised:  # noqa: BLE001 - the test looks at it
            return raised
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_fifty_submits_against_credit_for_ten_give_exactly_ten(team: Team, budgets: dict[str, Scope]) -> None:
    outcomes = together(lambda number: team.hold(f"try-{number}", 4_000))
    assert sum(isinstance(outcome, Hold) for outcome in outcomes) == 10
    assert sum(isinstance(outcome, OverBudget) for outcome in outcomes) == 40
    assert balances(budgets["member"])["held"] == 40_000
    assert_books_agree()


def test_fifty_submits_of_the_same_work_make_one_hold(team: Team, budgets: dict[str, Scope]) -> None:
    outcomes = together(lambda number: team.hold("same", 4_000))
    assert {outcome.ref for outcome in outcomes if isinstance(outcome, Hold)} == {"same"}
    assert all(isinstance(outcome, Hold) for outcome in outcomes)
    assert balances(budgets["member"])["held"] == 4_000
    assert_books_agree()


def test_fifty_submits_of_the_same_work_without_any_limit_make_one_hold(team: Team) -> None:
    outcomes = together(lambda number: team.hold("same", 4_000))
    assert all(isinstance(outcome, Hold) for outcome in outcomes)
    assert Hold.objects.count() == 1
    assert Scope.objects.count() == 1


def test_fifty_ends_of_one_hold_settle_it_once(team: Team, budgets: dict[str, Scope]) -> None:
    team.hold("one", 4_000)

    def end(number: int) -> Hold:
        if number % 2:
            return credits.capture(ref="one", now=NOW)
        return credits.release(ref="one", reason="cancelled", now=NOW)

    outcomes = together(end)
    assert sum(isinstance(outcome, Hold) for outcome in outcomes) == THREADS // 2
    assert sum(isinstance(outcome, AlreadySettled) for outcome in outcomes) == THREADS // 2
    assert Journal.objects.filter(key="end:one").count() == 1
    assert_books_agree()


def test_month_end_with_fifty_at_once_grants_once(team: Team, budgets: dict[str, Scope]) -> None:
    team.hold("open", 4_000)
    outcomes = together(lambda number: team.hold(f"try-{number}", 4_000, now=DECEMBER))
    assert sum(isinstance(outcome, Hold) for outcome in outcomes) == 10
    assert Journal.objects.filter(key__startswith="grant:", key__endswith=":2026-12").count() == 3
    credits.capture(ref="open", now=DECEMBER)
    assert balances(budgets["member"]) == {
        "source": -40_000, "available": 0, "held": 0, "spent": 4_000, "expired": 36_000,
    }  # fmt: skip
    assert_books_agree()


def test_month_end_with_holds_open_across_it_grants_once_while_they_end(team: Team, budgets: dict[str, Scope]) -> None:
    for number in range(10):
        team.hold(f"open-{number}", 4_000)

    def act(number: int) -> object:
        if number < 10:
            return credits.capture(ref=f"open-{number}", amount=1_000, now=DECEMBER)
        return team.hold(f"try-{number}", 4_000, now=DECEMBER)

    outcomes = together(act)
    assert sum(isinstance(outcome, Hold) for outcome in outcomes) == 20
    assert sum(isinstance(outcome, OverBudget) for outcome in outcomes) == 30
    assert Journal.objects.filter(key__startswith="grant:", key__endswith=":2026-12").count() == 3
    assert balances(budgets["member"])["expired"] == 30_000, "what ended late expired with its month"
    assert_books_agree()


def test_fifty_submits_share_a_grant_that_ends_and_the_month(team: Team, budgets: dict[str, Scope]) -> None:
    wanted = {"amount": 10_000, "last": date(2026, 12, 10), "reason": "more", "key": "k", "now": NOW}
    credits.grant_until(by=team.mo, scope=budgets["member"], **wanted)  # type: ignore[arg-type]
    outcomes = together(lambda number: team.hold(f"try-{number}", 4_000))
    assert sum(isinstance(outcome, Hold) for outcome in outcomes) == 12
    assert sum(isinstance(outcome, OverBudget) for outcome in outcomes) == 38
    assert balances(budgets["member"], "until 2026-12-10 01")["held"] == 10_000
    assert_books_agree()


def test_new_terms_among_fifty_submits_overspend_nothing(team: Team, budgets: dict[str, Scope]) -> None:
    def act(number: int) -> object:
        if number == 25:
            return credits.set_budget(by=team.mo, scope=budgets["member"], terms=Terms(ONCE, 20_000), now=NOW)
        return team.hold(f"try-{number}", 4_000)

    outcomes = together(act)
    before, after = (balances(budgets["member"], period) for period in ("2026-11", "v0001"))
    assert before["held"] + after["held"] == 4_000 * sum(isinstance(outcome, Hold) for outcome in outcomes)
    assert (before["held"] + before["expired"], after["held"] + after["available"]) == (40_000, 20_000)
    assert_books_agree()
