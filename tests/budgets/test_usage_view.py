"""/usage/: what I have, and where it went."""

import re
from datetime import UTC, datetime

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from sora_portal.ledger import actions as credits
from sora_portal.ledger.models import Scope
from tests.ledger.team import NOW, Team

URL = "/usage/"
Budgets = dict[str, Scope]


@pytest.fixture(autouse=True)
def november(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the clock of the page in the month of the fixtures."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


def _page(client: Client, team: Team, name: str, query: str = "") -> str:
    client.force_login(getattr(team, name))
    response = client.get(URL + query)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


def test_usage_sends_visitors_to_sign_in(client: Client, db: None) -> None:
    assert client.get(URL).status_code == 302


def test_usage_cannot_be_posted_to(client: Client, team: Team) -> None:
    client.force_login(team.ada)
    assert client.post(URL).status_code == 405


def test_usage_shows_my_budget_and_my_projects(client: Client, team: Team, budgets: Budgets) -> None:
    team.hold("one", 15_000)
    page = _page(client, team, "ada")
    assert "25 <span>of 40 credits left</span>" in page
    assert "45 <span>of 60 credits left</span>" in page
    assert "Reserved <b>15</b>" in page
    assert "Resets on 1 December." in page
    assert "Organisation" not in page


def test_usage_of_a_stranger_shows_nothing_of_others(client: Client, team: Team, budgets: Budgets) -> None:
    team.hold("one", 15_000)
    credits.capture(ref="one", now=NOW)
    page = _page(client, team, "eve")
    assert "Autumn" not in page
    assert "Ada" not in page
    assert "Nothing was spent in these days" in page
    assert "No movements yet" in page


def test_usage_without_any_limit_says_so_and_counts_all_the_same(client: Client, team: Team) -> None:
    team.hold("one", 15_000)
    credits.capture(ref="one", amount=12_000, now=NOW)
    page = _page(client, team, "ada")
    assert "No limit set" in page
    assert "<dt>Spent</dt><dd>12</dd>" in page


def test_usage_draws_the_days_and_shows_them_as_a_table(client: Client, team: Team, budgets: Budgets) -> None:
    team.hold("one", 10_000)
    team.hold("two", 4_000)
    credits.capture(ref="one", now=datetime(2026, 11, 3, 9, tzinfo=UTC))
    credits.capture(ref="two", now=NOW)
    page = _page(client, team, "ada")
    assert page.count("<rect x=") == 20
    assert "<title>3 November: 10 credits</title>" in page
    assert '<th dir="auto" scope="row">20 November</th><td class="num">1</td><td class="num">4</td>' in page
    assert "peak 10 on 3 November" in page


def test_usage_of_everyone_is_for_admins(client: Client, team: Team, budgets: Budgets) -> None:
    team.hold("one", 10_000)
    credits.capture(ref="one", now=NOW)
    assert "<dt>Spent</dt><dd>10</dd>" in _page(client, team, "mo", "?who=everyone")
    assert "<dt>Spent</dt><dd>0</dd>" in _page(client, team, "mo")
    assert "<dt>Spent</dt><dd>0</dd>" in _page(client, team, "eve", "?who=everyone")


def test_usage_lists_my_movements_with_refunds_counted(client: Client, team: Team, budgets: Budgets) -> None:
    team.hold("one", 10_000)
    credits.capture(ref="one", now=NOW)
    credits.refund(by=team.mo, ref="one", amount=2_500, reason="wrong colours", key="k", now=NOW)
    page = _page(client, team, "ada")
    assert "<dt>Refunded</dt><dd>2.5</dd>" in page
    assert "wrong colours" in page
    assert ">+2.5</td>" in page


def test_usage_costs_the_same_with_one_movement_and_with_fifty(
    client: Client, team: Team, budgets: Budgets, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(team.ada)
    team.hold("first", 10)
    with django_assert_max_num_queries(15) as one:
        client.get(URL)
    for number in range(50):
        team.hold(f"n{number}", 10)
    with django_assert_max_num_queries(15) as fifty:
        client.get(URL)
    assert len(one.captured_queries) == len(fifty.captured_queries)
