"""/team/credits/: budgets and the append-only ledger, for admins."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from sora_portal.ledger import actions as credits
from sora_portal.ledger.models import Scope
from sora_portal.projects.models import Project
from tests.ledger.team import NOW, Team

URL = "/team/credits/"
Budgets = dict[str, Scope]


@pytest.fixture(autouse=True)
def november(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the clock of the pages in the month of the fixtures."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def admin(client: Client, team: Team) -> Client:
    """A browser in which mo is signed in."""
    client.force_login(team.mo)
    return client


def _text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_ledger_sends_visitors_to_sign_in(client: Client, db: None) -> None:
    response = client.get(URL)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("name", ["ada", "rae", "eve"])
def test_ledger_is_for_admins(client: Client, team: Team, name: str) -> None:
    client.force_login(getattr(team, name))
    response = client.get(URL)
    assert response.status_code == 403
    assert "Only an admin of this portal can do that." in response.content.decode()


def test_ledger_cannot_be_posted_to(admin: Client) -> None:
    assert admin.post(URL).status_code == 405


def test_ledger_lists_every_scope_with_and_without_a_limit(admin: Client, budgets: Budgets) -> None:
    team_text = _text(admin.get(URL).content.decode())
    for words in ("Organisation 100", "Project Autumn 60", "Ada Byron 40", "Eve Moss no limit", "Ruxa AI no limit"):
        assert words in team_text


def test_ledger_shows_what_every_movement_left(admin: Client, team: Team, budgets: Budgets) -> None:
    team.hold("one", 15_000)
    credits.capture(ref="one", amount=9_500, now=NOW)
    credits.grant(by=team.mo, scope=budgets["member"], amount=1_250, reason="festival", key="k", now=NOW)
    html = admin.get(URL, {"scope": budgets["member"].address}).content.decode()
    raw = re.findall(r'<tr id="journal-\d+">(.*?)</tr>', html, re.DOTALL)
    lines = [_text(line) for line in raw]
    amounts = [[_text(cell).strip() for cell in re.findall(r'<td class="num[^>]*>(.*?)</td>', line)] for line in raw]
    assert amounts == [["+1.25", "31.75"], ["9.5", "30.5"], ["−15", "25"], ["0", "40"], ["+40", "40"]]
    assert "Mo Adler" in lines[0]
    assert "festival" in lines[0]
    assert "Ada Byron, Autumn" in lines[1]


def test_ledger_follows_the_chosen_scope(admin: Client, team: Team, budgets: Budgets) -> None:
    team.hold("one", 15_000)
    winter = Project.objects.create(name="Winter", slug="winter")
    html = admin.get(URL, {"scope": f"project-{winter.pk}"}).content.decode()
    assert "Nothing here" in html
    assert "Budget: Project Winter" in html


def test_ledger_filters_by_kind_without_a_running_balance(admin: Client, team: Team, budgets: Budgets) -> None:
    team.hold("one", 15_000)
    html = admin.get(URL, {"kind": "hold"}).content.decode()
    assert html.count('<tr id="journal-') == 1
    assert ">Left<span" not in html


def test_ledger_pages_by_key_and_keeps_the_running_balance(admin: Client, team: Team, budgets: Budgets) -> None:
    for number in range(60):
        team.hold(f"n{number}", 100)
    address = budgets["member"].address
    first = admin.get(URL, {"scope": address}).content.decode()
    older = re.search(r"before=(\d+)", first)
    assert older is not None
    assert first.count('<tr id="journal-') == 50
    second = admin.get(URL, {"scope": address, "before": older[1]}).content.decode()
    assert second.count('<tr id="journal-') == 12
    line = re.findall(r'<tr id="journal-\d+">(.*?)</tr>', second, re.DOTALL)[0]
    assert re.findall(r'<td class="num[^>]*>(.*?)</td>', line) == ["−0.1", "39"]
    assert "before=" not in second


@pytest.mark.parametrize("address", ["project-999", "member-x", "team-1", "project-", "organisation-1", "member-²"])
def test_ledger_of_an_unknown_scope_is_not_found(admin: Client, address: str) -> None:
    assert admin.get(URL, {"scope": address}).status_code == 404


@pytest.mark.parametrize("query", [{"before": "x"}, {"before": "9" * 40}, {"kind": "gift"}])
def test_ledger_ignores_a_filter_that_means_nothing(admin: Client, budgets: Budgets, query: dict[str, str]) -> None:
    response = admin.get(URL, query)
    assert response.status_code == 200
    assert b'<tr id="journal-' in response.content


def test_ledger_answers_htmx_with_the_board_alone(admin: Client, budgets: Budgets) -> None:
    html = admin.get(URL, headers={"HX-Request": "true"}).content.decode()
    assert html.lstrip().startswith('<div class="grid board" id="board">')


def test_ledger_costs_the_same_with_one_line_and_with_fifty(
    admin: Client, team: Team, budgets: Budgets, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    team.hold("first", 10)
    with django_assert_max_num_queries(20) as one:
        admin.get(reverse("credits:ledger"))
    for number in range(50):
        team.hold(f"n{number}", 10)
        credits.scope_for_project(Project.objects.create(name=f"P{number}", slug=f"p{number}"))
    with django_assert_max_num_queries(20) as fifty:
        admin.get(reverse("credits:ledger"))
    assert len(one.captured_queries) == len(fifty.captured_queries)
