"""set_budget: by the month, for a term or once; what is left expires or is carried over, by the ledger alone."""

from datetime import UTC, date, datetime

import pytest

from sora_portal.ledger import actions as credits
from sora_portal.ledger import spending
from sora_portal.ledger.errors import OverBudget
from sora_portal.ledger.models import Journal, Scope
from sora_portal.ledger.periods import MONTHLY, ONCE, TERM, Terms
from tests.ledger.team import DECEMBER, NOW, Team, assert_books_agree, balances

Budgets = dict[str, Scope]
FEBRUARY = datetime(2027, 2, 2, 12, tzinfo=UTC)


def _set(team: Team, scope: Scope, terms: Terms, now: datetime = NOW) -> Scope:
    return credits.set_budget(by=team.mo, scope=scope, terms=terms, now=now)


def _term(quota: int, first: date, last: date, *, carry_over: bool = False) -> Terms:
    return Terms(TERM, quota, first, last, carry_over)


@pytest.fixture
def scope(team: Team) -> Scope:
    """Autumn's scope, without a limit yet."""
    return credits.scope_for_project(team.project)


def test_once_lasts_until_it_is_spent(team: Team, scope: Scope) -> None:
    _set(team, scope, Terms(ONCE, 10_000))
    team.hold("one", 4_000)
    team.hold("two", 5_000, now=FEBRUARY)
    with pytest.raises(OverBudget) as refused:
        team.hold("three", 2_000, now=FEBRUARY)
    assert str(refused.value).startswith(
        "Project Autumn: 1 credit left of 10 in all, this video needs 2. It was given once and does not reset."
    )
    assert_books_agree()


def test_term_can_be_spent_between_its_days_only(team: Team, scope: Scope) -> None:
    _set(team, scope, _term(10_000, date(2026, 12, 1), date(2027, 1, 31)))
    with pytest.raises(OverBudget, match=r"nothing to spend now, this video needs 4\. Begins on 1 December 2026\."):
        team.hold("early", 4_000)
    team.hold("in time", 4_000, now=DECEMBER)
    with pytest.raises(OverBudget, match="nothing to spend now"):
        team.hold("late", 4_000, now=FEBRUARY)
    assert balances(Scope.objects.get(pk=scope.pk), "v0001 b")["held"] == 4_000
    assert_books_agree()


def test_term_gives_its_quota_once_however_many_months_it_has(team: Team, scope: Scope) -> None:
    _set(team, scope, _term(10_000, date(2026, 11, 1), date(2027, 2, 28)))
    for number, moment in enumerate((NOW, DECEMBER, FEBRUARY)):
        team.hold(f"n{number}", 3_000, now=moment)
    with pytest.raises(OverBudget, match="1 credit left of 10 until 28 February 2027"):
        team.hold("more", 3_000, now=FEBRUARY)


def test_rest_of_a_term_expires_with_it(team: Team, scope: Scope) -> None:
    _set(team, scope, _term(10_000, date(2026, 11, 1), date(2026, 12, 31)))
    team.hold("one", 4_000)
    credits.release(ref="one", reason="cancelled", now=FEBRUARY)
    _set(team, scope, Terms(MONTHLY, 7_000), FEBRUARY)
    assert balances(scope, "v0001 b") == {"source": -10_000, "available": 0, "held": 0, "spent": 0, "expired": 10_000}
    assert balances(scope, "v0002 2027-02")["available"] == 7_000
    assert_books_agree()


def test_rest_of_a_term_waits_for_the_next_one_where_it_is_carried_over(team: Team, scope: Scope) -> None:
    _set(team, scope, _term(10_000, date(2026, 11, 1), date(2026, 11, 30), carry_over=True))
    team.hold("one", 4_000)
    with pytest.raises(OverBudget):
        team.hold("between", 1_000, now=DECEMBER)
    credits.release(ref="one", reason="cancelled", now=DECEMBER)
    _set(team, scope, _term(5_000, date(2027, 2, 1), date(2027, 2, 28), carry_over=True), DECEMBER)
    with pytest.raises(OverBudget):
        team.hold("before", 1_000, now=DECEMBER)
    budget = spending.budget_of(Scope.objects.get(pk=scope.pk), FEBRUARY)
    team.hold("two", 15_000, now=FEBRUARY)
    assert budget is not None
    assert budget.available == 15_000
    assert_books_agree()


def test_another_rhythm_begins_anew_and_lets_the_old_rest_expire(team: Team, budgets: Budgets) -> None:
    team.hold("one", 15_000)
    _set(team, budgets["member"], Terms(ONCE, 100_000))
    assert balances(budgets["member"])["expired"] == 25_000
    assert balances(budgets["member"], "v0001")["available"] == 100_000
    credits.capture(ref="one", amount=5_000, now=NOW)
    assert balances(budgets["member"]) == {
        "source": -40_000, "available": 0, "held": 0, "spent": 5_000, "expired": 35_000,
    }  # fmt: skip
    assert Journal.objects.get(key=f"grant:{budgets['member'].pk}:v0001").by == team.mo
    assert_books_agree()


def test_another_rhythm_takes_the_old_rest_along_where_it_is_carried_over(team: Team, budgets: Budgets) -> None:
    team.hold("one", 15_000)
    _set(team, budgets["member"], Terms(ONCE, 100_000, carry_over=True))
    credits.release(ref="one", reason="cancelled", now=NOW)
    assert balances(budgets["member"], "v0001")["available"] == 140_000
    assert_books_agree()


def test_another_amount_changes_the_running_term(team: Team, scope: Scope) -> None:
    first, last = date(2026, 11, 1), date(2027, 1, 31)
    _set(team, scope, _term(10_000, first, last))
    team.hold("one", 4_000)
    _set(team, scope, _term(12_000, first, date(2027, 2, 28), carry_over=True))
    assert balances(scope, "v0001 b")["available"] == 8_000
    journal = Journal.objects.order_by("-pk").first()
    assert journal is not None
    assert journal.reason == "Quota changed from 10 to 12, what is left is carried over, runs until 28 February 2027"
    team.hold("two", 8_000, now=FEBRUARY)
    assert_books_agree()


def test_term_that_has_ended_begins_anew_when_it_is_changed(team: Team, scope: Scope) -> None:
    first = date(2026, 11, 1)
    _set(team, scope, _term(10_000, first, date(2026, 11, 30)))
    team.hold("one", 10_000)
    with pytest.raises(OverBudget):
        team.hold("late", 1_000, now=DECEMBER)
    _set(team, scope, _term(10_000, first, date(2026, 12, 31)), DECEMBER)
    team.hold("two", 10_000, now=DECEMBER)
    assert_books_agree()


def test_refund_after_a_term_has_ended_brings_nothing_back_to_life(team: Team, scope: Scope) -> None:
    _set(team, scope, _term(10_000, date(2026, 11, 1), date(2026, 11, 30)))
    team.hold("one", 10_000)
    credits.capture(ref="one", now=NOW)
    credits.refund(by=team.mo, ref="one", amount=4_000, reason="wrong colours", key="k", now=DECEMBER)
    assert balances(scope, "v0001 b") == {
        "source": -10_000, "available": 0, "held": 0, "spent": 6_000, "expired": 4_000,
    }  # fmt: skip
    assert_books_agree()


def test_limit_that_is_lifted_and_set_again_keeps_its_rhythm(team: Team, scope: Scope) -> None:
    terms = Terms(ONCE, 10_000)
    _set(team, scope, terms)
    team.hold("one", 4_000)
    _set(team, scope, Terms(MONTHLY, None))
    team.hold("free", 90_000)
    assert _set(team, scope, terms).edition == 1
    assert balances(scope, "v0001")["available"] == 6_000


def test_same_terms_change_nothing(team: Team, budgets: Budgets) -> None:
    before = Journal.objects.count()
    _set(team, budgets["member"], Terms(MONTHLY, 40_000))
    assert Journal.objects.count() == before


def test_raise_adds_to_the_quota_and_to_this_month(team: Team, budgets: Budgets) -> None:
    scope = credits.raise_quota(by=team.mo, scope=budgets["member"], amount=5_000, now=NOW)
    assert scope.quota == 45_000
    assert balances(scope)["available"] == 45_000
    assert credits.raise_quota(by=team.mo, scope=credits.scope_for_member(team.rae), amount=5, now=NOW).quota is None
