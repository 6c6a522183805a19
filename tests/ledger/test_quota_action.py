"""set_quota: a month follows its quota through journals, never by overwriting a balance."""

import pytest

from sora_portal.ledger import actions as credits
from sora_portal.ledger import spending
from sora_portal.ledger.errors import OverBudget
from sora_portal.ledger.models import Journal, Scope
from tests.ledger.team import DECEMBER, NOW, Team, assert_books_agree, balances

Budgets = dict[str, Scope]


def _set(team: Team, scope: Scope, monthly: int | None) -> Scope:
    return credits.set_quota(by=team.mo, scope=scope, monthly=monthly, now=NOW)


def test_quota_set_for_the_first_time_opens_the_month(team: Team) -> None:
    scope = _set(team, credits.scope_for_project(team.project), 5_000)
    assert balances(scope)["available"] == 5_000
    assert Journal.objects.get(key=f"grant:{scope.pk}:2026-11").by == team.mo
    assert_books_agree()


def test_quota_raised_tops_up_this_month_by_the_difference(team: Team, budgets: Budgets) -> None:
    team.hold("one", 15_000)
    _set(team, budgets["member"], 50_000)
    assert balances(budgets["member"])["available"] == 35_000
    journal = Journal.objects.order_by("-pk").first()
    assert journal is not None
    assert (journal.kind, journal.amount, journal.by) == ("adjust", 10_000, team.mo)
    assert journal.reason == "Quota changed from 40 to 50"
    assert_books_agree()


def test_quota_lowered_takes_no_more_than_is_available(team: Team, budgets: Budgets) -> None:
    team.hold("one", 35_000)
    _set(team, budgets["member"], 10_000)
    found = balances(budgets["member"])
    assert (found["available"], found["held"]) == (0, 35_000)
    team.hold("two", 10_000, now=DECEMBER)
    assert balances(budgets["member"], "2026-12")["available"] == 0
    assert_books_agree()


def test_refusal_after_a_cut_says_what_happened(team: Team, budgets: Budgets) -> None:
    team.hold("one", 35_000)
    _set(team, budgets["member"], 10_000)
    with pytest.raises(OverBudget) as refused:
        team.hold("two", 1_000)
    assert str(refused.value) == (
        "Your budget: nothing left this month: 35 credits are spent or reserved, and the quota has been lowered to 10,"
        " this video needs 1. Resets on 1 December. Ask Mo Adler."
    )
    budget = spending.budgets_for(team.ada, None, NOW)[0]
    assert (budget.available, budget.overhang) == (0, 25_000)
    assert budget.left_text == "credits left; 35 are used, and the quota was lowered to 10"


def test_refusal_after_a_grant_counts_the_grant(team: Team, budgets: Budgets) -> None:
    credits.grant(by=team.mo, scope=budgets["member"], amount=10_000, reason="once", key="k", now=NOW)
    team.hold("one", 50_000)
    with pytest.raises(OverBudget, match="Your budget: 0 credits left of 50 this month"):
        team.hold("two", 1_000)


def test_quota_lowered_and_raised_again_gives_nothing_twice(team: Team, budgets: Budgets) -> None:
    team.hold("one", 35_000)
    _set(team, budgets["member"], 10_000)
    _set(team, budgets["member"], 40_000)
    assert balances(budgets["member"])["available"] == 5_000
    _set(team, budgets["member"], 20_000)
    assert balances(budgets["member"])["available"] == 0
    _set(team, budgets["member"], 30_000)
    assert balances(budgets["member"])["available"] == 0
    assert_books_agree()


def test_quota_taken_away_lifts_the_limit_and_coming_back_remembers_what_was_given(
    team: Team, budgets: Budgets
) -> None:
    team.hold("one", 15_000)
    _set(team, budgets["member"], None)
    team.hold("two", 45_000)
    assert balances(budgets["member"])["held"] == 15_000
    _set(team, budgets["member"], 45_000)
    assert balances(budgets["member"])["available"] == 30_000
    assert_books_agree()


def test_quota_set_to_what_it_is_leaves_no_trace(team: Team, budgets: Budgets) -> None:
    before = Journal.objects.count()
    _set(team, budgets["member"], 40_000)
    assert Journal.objects.count() == before


def test_quota_changed_in_a_month_that_nobody_used_yet_grants_the_new_one(team: Team, budgets: Budgets) -> None:
    credits.set_quota(by=team.mo, scope=budgets["member"], monthly=70_000, now=DECEMBER)
    assert balances(budgets["member"], "2026-12")["available"] == 70_000
    assert_books_agree()


def test_one_off_grant_survives_a_change_of_quota(team: Team, budgets: Budgets) -> None:
    credits.grant(by=team.mo, scope=budgets["member"], amount=5_000, reason="festival", key="k", now=NOW)
    _set(team, budgets["member"], 30_000)
    assert balances(budgets["member"])["available"] == 35_000
    assert_books_agree()


def test_default_quota_reaches_newcomers_only(team: Team, budgets: Budgets) -> None:
    credits.set_default_member_quota(by=team.mo, monthly=7_000)
    assert credits.scope_for_member(team.eve).quota == 7_000
    assert credits.scope_for_member(team.ada).quota == 40_000
