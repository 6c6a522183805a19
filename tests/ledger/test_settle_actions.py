"""capture and release: a hold ends once."""

from datetime import UTC, datetime

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from sora_portal.ledger import actions as credits
from sora_portal.ledger.errors import AlreadySettled
from sora_portal.ledger.models import Hold, Journal, Scope
from tests.ledger.team import DECEMBER, NOW, Team, assert_books_agree, balances

Budgets = dict[str, Scope]
FEBRUARY = datetime(2027, 2, 3, tzinfo=UTC)


def test_capture_spends_the_whole_hold_in_every_scope(team: Team, budgets: Budgets) -> None:
    team.hold("one", 15_000)
    settled = credits.capture(ref="one", now=NOW)
    assert (settled.state, settled.captured, settled.released, settled.settled_at) == ("settled", 15_000, 0, NOW)
    for kind, quota in (("organisation", 100_000), ("project", 60_000), ("member", 40_000)):
        assert balances(budgets[kind]) == {
            "source": -quota, "available": quota - 15_000, "held": 0, "spent": 15_000, "expired": 0,
        }  # fmt: skip
    assert_books_agree()


def test_capture_of_a_part_gives_the_rest_back(team: Team, budgets: Budgets) -> None:
    team.hold("one", 15_000)
    settled = credits.capture(ref="one", amount=9_999, now=NOW)
    assert (settled.captured, settled.released) == (9_999, 5_001)
    found = balances(budgets["member"])
    assert (found["available"], found["spent"], found["held"]) == (30_001, 9_999, 0)
    assert_books_agree()


def test_release_gives_everything_back_and_keeps_the_reason(team: Team, budgets: Budgets) -> None:
    team.hold("one", 15_000)
    settled = credits.release(ref="one", reason="The vendor refused this prompt.", now=NOW)
    assert (settled.captured, settled.released) == (0, 15_000)
    assert balances(budgets["member"])["available"] == 40_000
    journal = Journal.objects.get(key="end:one")
    assert (journal.kind, journal.reason, journal.hold) == ("release", "The vendor refused this prompt.", settled)
    assert_books_agree()


def test_capture_repeated_changes_nothing(team: Team, budgets: Budgets) -> None:
    team.hold("one", 15_000)
    first = credits.capture(ref="one", now=NOW)
    again = credits.capture(ref="one", now=DECEMBER)
    assert (again, again.settled_at) == (first, NOW)
    assert balances(budgets["member"])["spent"] == 15_000


def test_release_repeated_changes_nothing(team: Team, budgets: Budgets) -> None:
    team.hold("one", 15_000)
    credits.release(ref="one", reason="cancelled", now=NOW)
    credits.release(ref="one", reason="cancelled", now=NOW)
    assert balances(budgets["member"])["available"] == 40_000
    assert Journal.objects.filter(kind="release").count() == 1


def test_release_after_capture_is_refused(team: Team, budgets: Budgets) -> None:
    team.hold("one", 15_000)
    credits.capture(ref="one", now=NOW)
    with pytest.raises(AlreadySettled, match="15 credits spent, 0 given back"):
        credits.release(ref="one", reason="too late", now=NOW)
    assert balances(budgets["member"])["spent"] == 15_000


def test_capture_after_release_is_refused_and_leaves_the_transaction_usable(team: Team, budgets: Budgets) -> None:
    team.hold("one", 15_000)
    with transaction.atomic():
        credits.release(ref="one", reason="cancelled", now=NOW)
        with pytest.raises(AlreadySettled):
            credits.capture(ref="one", now=NOW)
        team.hold("two", 1_000)
    assert Hold.objects.filter(state="held").count() == 1
    assert_books_agree()


def test_capture_of_another_amount_is_refused(team: Team, budgets: Budgets) -> None:
    team.hold("one", 15_000)
    credits.capture(ref="one", amount=5_000, now=NOW)
    with pytest.raises(AlreadySettled):
        credits.capture(ref="one", now=NOW)


@pytest.mark.parametrize("amount", [-1, 15_001])
def test_capture_outside_the_hold_is_a_mistake(team: Team, budgets: Budgets, amount: int) -> None:
    team.hold("one", 15_000)
    with pytest.raises(ValueError, match="more than was held"), transaction.atomic():
        credits.capture(ref="one", amount=amount, now=NOW)
    assert Hold.objects.get(ref="one").state == "held"


def test_capture_of_an_unknown_ref_says_so(team: Team) -> None:
    with pytest.raises(Hold.DoesNotExist):
        credits.capture(ref="nothing", now=NOW)


def test_capture_in_a_closed_month_spends_there_and_the_rest_expires(team: Team, budgets: Budgets) -> None:
    team.hold("one", 15_000)
    team.hold("two", 1_000, now=DECEMBER)
    credits.capture(ref="one", amount=10_000, now=DECEMBER)
    assert balances(budgets["member"]) == {
        "source": -40_000, "available": 0, "held": 0, "spent": 10_000, "expired": 30_000,
    }  # fmt: skip
    assert balances(budgets["member"], "2026-12")["available"] == 39_000
    assert_books_agree()


def test_release_in_a_month_that_is_over_but_not_closed_expires_at_once(team: Team, budgets: Budgets) -> None:
    team.hold("one", 15_000)
    credits.release(ref="one", reason="late", now=DECEMBER)
    found = balances(budgets["member"])
    assert (found["available"], found["expired"]) == (25_000, 15_000)
    team.hold("two", 1_000, now=DECEMBER)
    assert balances(budgets["member"])["expired"] == 40_000
    assert_books_agree()


def test_release_in_a_closed_month_moves_on_where_the_scope_carries_over(team: Team, budgets: Budgets) -> None:
    Scope.objects.filter(pk=budgets["member"].pk).update(carry_over=True)
    team.hold("one", 15_000)
    team.hold("two", 1_000, now=DECEMBER)
    credits.release(ref="one", reason="late", now=DECEMBER)
    assert balances(budgets["member"], "2026-12")["available"] == 25_000 + 40_000 - 1_000 + 15_000
    assert balances(budgets["organisation"])["expired"] == 100_000
    assert_books_agree()


def test_release_before_the_next_month_opens_is_carried_by_its_opening(team: Team, budgets: Budgets) -> None:
    Scope.objects.filter(pk=budgets["member"].pk).update(carry_over=True)
    team.hold("one", 15_000)
    credits.release(ref="one", reason="late", now=FEBRUARY)
    team.hold("two", 1_000, now=FEBRUARY)
    assert balances(budgets["member"], "2027-02")["available"] == 40_000 + 40_000 - 1_000
    assert_books_agree()


def test_release_by_a_clock_that_is_a_moment_late_expires_in_the_closed_month(team: Team, budgets: Budgets) -> None:
    team.hold("one", 15_000)
    team.hold("two", 1_000, now=DECEMBER)
    credits.release(ref="one", reason="late", now=NOW)
    found = balances(budgets["member"])
    assert (found["available"], found["expired"]) == (0, 40_000)


def test_hold_taken_before_a_limit_existed_is_settled_outside_it(team: Team) -> None:
    team.hold("one", 15_000)
    scope = credits.set_quota(by=team.mo, scope=credits.organisation_scope(), monthly=20_000, now=NOW)
    credits.capture(ref="one", now=NOW)
    assert balances(scope)["available"] == 20_000
    assert_books_agree()


def test_hold_taken_under_a_limit_is_settled_there_after_it_is_gone(team: Team, budgets: Budgets) -> None:
    team.hold("one", 15_000)
    credits.set_quota(by=team.mo, scope=budgets["member"], monthly=None, now=NOW)
    credits.capture(ref="one", now=NOW)
    assert balances(budgets["member"])["spent"] == 15_000
    assert_books_agree()


def test_settling_costs_few_queries(
    team: Team, budgets: Budgets, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    team.hold("one", 10)
    team.hold("two", 10)
    with django_assert_max_num_queries(7):
        credits.capture(ref="one", now=NOW)
    with django_assert_max_num_queries(7):
        credits.release(ref="two", reason="", now=NOW)
