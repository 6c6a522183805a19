"""budgets_for and available_for: what pages say is left is what a hold would find."""

import pytest
from pytest_django import DjangoAssertNumQueries

from sora_portal.ledger import actions as credits
from sora_portal.ledger import spending
from sora_portal.ledger.errors import OverBudget
from sora_portal.ledger.models import Scope
from sora_portal.projects.models import Membership, Project
from tests.ledger.team import DECEMBER, NOW, Team

Budgets = dict[str, Scope]


def test_budgets_are_listed_nearest_first(team: Team, budgets: Budgets) -> None:
    team.hold("one", 15_000)
    credits.capture(ref="one", amount=5_000, now=NOW)
    team.hold("two", 2_500)
    mine, project = spending.budgets_for(team.ada, team.project, NOW)
    assert (mine.label, mine.granted, mine.spent, mine.held, mine.available) == (
        "Your budget", 40_000, 5_000, 2_500, 32_500,
    )  # fmt: skip
    assert (project.label, project.available_text, project.granted_text) == ("Project Autumn", "52.5", "60")
    assert (mine.spent_pct, mine.held_pct, mine.resets_text) == (12, 6, "Resets on 1 December.")


def test_budgets_without_a_project_cover_all_that_somebody_belongs_to(team: Team, budgets: Budgets) -> None:
    winter = Project.objects.create(name="Winter", slug="winter")
    other = Project.objects.create(name="Other", slug="other")
    Membership.objects.create(project=winter, user=team.ada)
    for project in (winter, other):
        credits.set_quota(by=team.mo, scope=credits.scope_for_project(project), monthly=9_000, now=NOW)
    assert [budget.label for budget in spending.budgets_for(team.ada, None, NOW)] == [
        "Your budget", "Project Autumn", "Project Winter",
    ]  # fmt: skip


def test_organisations_budget_is_for_admins_and_for_whom_nothing_nearer_limits(team: Team, budgets: Budgets) -> None:
    assert [budget.label for budget in spending.budgets_for(team.mo, None, NOW)] == ["Organisation"]
    assert [budget.label for budget in spending.budgets_for(team.eve, None, NOW)] == ["Organisation"]
    assert "Organisation" not in [budget.label for budget in spending.budgets_for(team.rae, None, NOW)]


def test_budgets_of_a_month_nobody_opened_are_what_its_opening_would_give(team: Team, budgets: Budgets) -> None:
    Scope.objects.filter(pk=budgets["member"].pk).update(carry_over=True)
    team.hold("one", 15_000)
    credits.capture(ref="one", now=NOW)
    before = spending.budgets_for(team.ada, team.project, DECEMBER)
    team.hold("nothing", 0, now=DECEMBER)
    after = spending.budgets_for(team.ada, team.project, DECEMBER)
    assert [(budget.granted, budget.available) for budget in before] == [(65_000, 65_000), (60_000, 60_000)]
    assert [(budget.granted, budget.available) for budget in after] == [(65_000, 65_000), (60_000, 60_000)]


def test_available_is_the_least_of_all_that_limit(team: Team, budgets: Budgets) -> None:
    assert spending.available_for(team.ada, None, None, NOW) == 40_000
    credits.set_quota(by=team.mo, scope=budgets["project"], monthly=12_000, now=NOW)
    assert spending.available_for(team.ada, team.project, None, NOW) == 12_000
    cap = credits.scope_for_connection(team.connection)
    credits.set_quota(by=team.mo, scope=cap, monthly=3_000, now=NOW)
    left = spending.available_for(team.ada, team.project, team.connection, NOW)
    assert left == 3_000
    with pytest.raises(OverBudget):
        team.hold("one", left + 1)
    team.hold("one", left)


def test_available_is_none_where_nothing_limits(team: Team) -> None:
    assert spending.available_for(team.ada, team.project, team.connection, NOW) is None


def test_available_to_a_newcomer_is_the_default_quota(team: Team, budgets: Budgets) -> None:
    credits.set_default_member_quota(by=team.mo, monthly=2_000)
    assert spending.available_for(team.eve, None, None, NOW) == 2_000
    assert not Scope.objects.filter(member=team.eve).exists()
    assert spending.budgets_for(team.eve, None, NOW)[0].granted_text == "2"


def test_reading_budgets_costs_two_queries(
    team: Team, budgets: Budgets, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        spending.available_for(team.ada, team.project, team.connection, NOW)
    with django_assert_num_queries(2):
        spending.budgets_for(team.ada, None, NOW)
