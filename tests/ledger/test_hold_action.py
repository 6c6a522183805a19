"""hold: one amount, every limit at once."""

from datetime import UTC, datetime

import pytest
from django.db import transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from sora_portal.ledger import actions as credits
from sora_portal.ledger.errors import OverBudget
from sora_portal.ledger.models import Hold, Journal, Scope, Transfer
from sora_portal.projects.models import Project
from tests.ledger.team import DECEMBER, NOW, Team, assert_books_agree, balances

Budgets = dict[str, Scope]


def test_hold_moves_the_amount_in_every_limiting_scope(team: Team, budgets: Budgets) -> None:
    taken = team.hold("one", 15_000)
    assert (taken.state, taken.amount, taken.member) == ("held", 15_000, team.ada)
    for kind, quota in (("organisation", 100_000), ("project", 60_000), ("member", 40_000)):
        found = balances(budgets[kind])
        assert (found["available"], found["held"], found["source"]) == (quota - 15_000, 15_000, -quota)
    assert {leg.period for leg in taken.legs.all()} == {"2026-11"}
    assert_books_agree()


def test_hold_caps_the_vendor_connection_too(team: Team, budgets: Budgets) -> None:
    cap = credits.scope_for_connection(team.connection)
    credits.set_quota(by=team.mo, scope=cap, monthly=10_000, now=NOW)
    with pytest.raises(OverBudget, match="Ruxa AI: 10 credits left of 10 this month"):
        team.hold("one", 11_000)
    team.hold("two", 10_000)
    assert balances(cap)["available"] == 0


def test_hold_without_any_limit_books_no_account(team: Team) -> None:
    taken = team.hold("one", 15_000)
    assert taken.legs.count() == 0
    assert Journal.objects.get(key="hold:one").amount == 15_000
    assert not Transfer.objects.exists()
    assert_books_agree()


def test_hold_of_the_last_credit_leaves_nothing(team: Team, budgets: Budgets) -> None:
    team.hold("one", 40_000)
    assert balances(budgets["member"])["available"] == 0
    with pytest.raises(OverBudget, match=r"Your budget: 0 credits left of 40 this month, this video needs 0\.001"):
        team.hold("two", 1)


def test_hold_repeated_with_the_same_ref_returns_the_same_hold(team: Team, budgets: Budgets) -> None:
    first = team.hold("one", 15_000)
    assert team.hold("one", 15_000) == first
    assert Hold.objects.count() == 1
    assert balances(budgets["member"])["available"] == 25_000


def test_hold_of_nothing_is_kept_without_a_transfer(team: Team, budgets: Budgets) -> None:
    assert team.hold("free", 0).legs.count() == 3
    assert balances(budgets["member"])["held"] == 0
    assert_books_agree()


def test_hold_of_a_negative_amount_is_a_mistake(team: Team) -> None:
    with pytest.raises(ValueError, match="negative"):
        team.hold("one", -1)


def test_refusal_names_the_limit_what_is_left_the_reset_and_whom_to_ask(team: Team, budgets: Budgets) -> None:
    credits.set_quota(by=team.mo, scope=budgets["project"], monthly=6_000_000, now=NOW)
    credits.set_quota(by=team.mo, scope=budgets["member"], monthly=None, now=NOW)
    credits.set_quota(by=team.mo, scope=budgets["organisation"], monthly=None, now=NOW)
    team.hold("most", 5_988_000)
    with pytest.raises(OverBudget) as refused:
        team.hold("one", 40_000)
    assert str(refused.value) == (
        "Project Autumn: 12 credits left of 6,000 this month, this video needs 40. Resets on 1 December. Ask Mo Adler."
    )
    refusal = refused.value
    assert (refusal.scope, refusal.left, refusal.needed, refusal.status) == (budgets["project"], 12_000, 40_000, 409)
    assert refusal.missing == 28_000


def test_refusal_to_an_admin_says_where_to_raise_it(team: Team, budgets: Budgets) -> None:
    with pytest.raises(OverBudget, match=r"Organisation: .* You can raise it on the Credits page\."):
        team.hold("one", 1_000_000, member=team.mo, project=_other_project())


def test_refusal_names_the_budget_nearest_to_the_member_when_two_bind_alike(team: Team, budgets: Budgets) -> None:
    credits.set_quota(by=team.mo, scope=budgets["project"], monthly=40_000, now=NOW)
    with pytest.raises(OverBudget, match="Your budget"):
        team.hold("one", 40_001)


def test_refusal_writes_nothing_and_leaves_the_callers_transaction_usable(team: Team, budgets: Budgets) -> None:
    with transaction.atomic():
        with pytest.raises(OverBudget):
            team.hold("one", 41_000)
        team.hold("two", 1_000)
    assert list(Hold.objects.values_list("ref", flat=True)) == ["two"]
    assert_books_agree()


def test_hold_gives_a_newcomer_the_default_quota(team: Team, budgets: Budgets) -> None:
    credits.set_default_member_quota(by=team.mo, monthly=5_000)
    with pytest.raises(OverBudget, match="Your budget: 5 credits left of 5 this month"):
        team.hold("one", 6_000, member=team.rae)
    assert credits.scope_for_member(team.rae).quota == 5_000
    assert credits.scope_for_member(team.ada).quota == 40_000


def test_first_hold_of_a_month_opens_it_with_one_grant(team: Team, budgets: Budgets) -> None:
    team.hold("one", 10_000)
    team.hold("two", 10_000, now=DECEMBER)
    assert balances(budgets["member"], "2026-12") == {
        "source": -40_000, "available": 30_000, "held": 10_000, "spent": 0, "expired": 0,
    }  # fmt: skip
    assert balances(budgets["member"]) == {
        "source": -40_000, "available": 0, "held": 10_000, "spent": 0, "expired": 30_000,
    }  # fmt: skip
    assert Journal.objects.filter(key__startswith="grant:", kind="grant").count() == 6
    assert_books_agree()


def test_month_begins_in_the_organisations_time_zone(team: Team, settings: object, budgets: Budgets) -> None:
    settings.TIME_ZONE = "Pacific/Auckland"  # type: ignore[attr-defined]
    taken = team.hold("one", 1_000, now=datetime(2026, 11, 30, 11, 30, tzinfo=UTC))
    assert {leg.period for leg in taken.legs.all()} == {"2026-12"}


def test_hold_by_a_clock_that_is_a_moment_late_books_into_the_month_that_is_open(team: Team, budgets: Budgets) -> None:
    team.hold("one", 1_000, now=DECEMBER)
    taken = team.hold("two", 1_000, now=datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC))
    assert {leg.period for leg in taken.legs.all()} == {"2026-12"}


def test_rest_of_a_month_is_carried_over_where_the_scope_says_so(team: Team, budgets: Budgets) -> None:
    Scope.objects.filter(pk=budgets["member"].pk).update(carry_over=True)
    team.hold("one", 10_000)
    team.hold("two", 35_000, now=DECEMBER)
    assert balances(budgets["member"], "2026-12")["available"] == 40_000 + 30_000 - 35_000
    assert balances(budgets["member"])["expired"] == 0
    assert_books_agree()


def test_hold_costs_few_queries_however_many_came_before(
    team: Team, budgets: Budgets, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    team.hold("first", 10)
    with django_assert_max_num_queries(7) as one:
        team.hold("one", 10)
    for number in range(50):
        team.hold(f"more-{number}", 10)
    with django_assert_max_num_queries(7) as fifty:
        team.hold("two", 10)
    assert _count(one) == _count(fifty)


def _count(captured: CaptureQueriesContext) -> int:
    return len(captured.captured_queries)


def _other_project() -> Project:
    return Project.objects.create(name="Winter", slug="winter")
