"""The forms on /team/credits/: budget, newcomers, grant, adjustment."""

import json
import re

import pytest
from django.test import Client

from sora_portal.ledger import actions as credits
from sora_portal.ledger.models import Journal, Scope
from tests.ledger.team import NOW, Team, assert_books_agree, balances

Budgets = dict[str, Scope]
HTMX = {"HX-Request": "true"}
FORMS = ["budget", "grant", "adjust"]


@pytest.fixture(autouse=True)
def november(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the clock of the pages in the month of the fixtures."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def admin(client: Client, team: Team) -> Client:
    """A browser in which mo is signed in."""
    client.force_login(team.mo)
    return client


def _url(scope: Scope, form: str) -> str:
    return f"/team/credits/{scope.address}/{form}/"


@pytest.mark.parametrize("form", FORMS)
def test_form_sends_visitors_to_sign_in(client: Client, budgets: Budgets, form: str) -> None:
    assert client.post(_url(budgets["member"], form)).status_code == 302
    assert client.post("/team/credits/newcomers/").status_code == 302


@pytest.mark.parametrize("name", ["ada", "rae", "eve"])
@pytest.mark.parametrize("form", FORMS)
def test_form_is_for_admins(client: Client, team: Team, budgets: Budgets, form: str, name: str) -> None:
    client.force_login(getattr(team, name))
    values = {"quota": "1", "rhythm": "monthly", "amount": "1", "reason": "x" * 10, "key": "k"}
    answer = client.post(_url(budgets["member"], form), values)
    assert answer.status_code == 403
    assert client.post("/team/credits/newcomers/", {"monthly": "1"}).status_code == 403
    assert balances(budgets["member"])["available"] == 40_000


@pytest.mark.parametrize("form", FORMS)
def test_form_cannot_be_fetched(admin: Client, budgets: Budgets, form: str) -> None:
    assert admin.get(_url(budgets["member"], form)).status_code == 405
    assert admin.get("/team/credits/newcomers/").status_code == 405


def test_form_of_an_unknown_scope_is_not_found(admin: Client) -> None:
    assert admin.post("/team/credits/project-999/budget/", {"quota": "1", "rhythm": "monthly"}).status_code == 404


def test_quota_is_set_to_the_thousandth_of_a_credit(admin: Client, budgets: Budgets) -> None:
    answer = admin.post(_url(budgets["member"], "budget"), {"quota": "1,250.125", "rhythm": "monthly"})
    assert (answer.status_code, answer["Location"]) == (302, f"/team/credits/?scope={budgets['member'].address}")
    assert balances(budgets["member"])["available"] == 1_250_125
    page = admin.get(answer["Location"]).content.decode()
    assert "Ada Byron: 1,250.125 credits a month" in page
    assert 'value="1,250.125"' in page


def test_quota_left_empty_lifts_the_limit(admin: Client, budgets: Budgets) -> None:
    answer = admin.post(_url(budgets["member"], "budget"), {"quota": " ", "rhythm": "monthly"}, headers=HTMX)
    assert answer.status_code == 200
    budgets["member"].refresh_from_db()
    assert budgets["member"].quota is None
    assert json.loads(answer["HX-Trigger"])["toast"]["text"] == "Ada Byron: no limit"


@pytest.mark.parametrize("monthly", ["twelve", "1.2345", "12,5", "-1", "9" * 15, "1e3", "٣"])
def test_quota_that_is_no_amount_is_shown_again_with_a_sentence(admin: Client, budgets: Budgets, monthly: str) -> None:
    answer = admin.post(_url(budgets["member"], "budget"), {"quota": monthly, "rhythm": "monthly"}, headers=HTMX)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert f'value="{monthly}"' in html
    assert re.search(r'<input[^>]*name="quota"[^>]*autofocus[^>]*>', html)
    assert re.search(r'class="errorlist"[^>]*><li>(Write a number|At least 0)', html)
    assert balances(budgets["member"])["available"] == 40_000


def test_quota_can_be_set_for_a_scope_that_never_had_one(admin: Client, team: Team) -> None:
    answer = admin.post(f"/team/credits/project-{team.project.pk}/budget/", {"quota": "7", "rhythm": "monthly"})
    assert answer.status_code == 302
    assert balances(credits.scope_for_project(team.project))["available"] == 7_000


def test_budget_is_set_for_a_term_that_carries_over(admin: Client, team: Team) -> None:
    form = {"quota": "500", "rhythm": "term", "starts": "2026-11-10", "ends": "2027-01-31", "carry_over": "on"}
    answer = admin.post(f"/team/credits/project-{team.project.pk}/budget/", form, headers=HTMX)
    html = re.sub(r"\s+", " ", answer.content.decode())
    toast = json.loads(answer["HX-Trigger"])["toast"]["text"]
    assert toast == "Project Autumn: 500 credits until 31 January 2027"
    assert "10 November 2026 to 31 January 2027" in html
    assert "until 31 January 2027, carried over" in html
    assert "Runs until 31 January 2027 and does not reset." in html


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"starts": ""}, "A fixed term needs both days."),
        ({"ends": "2026-11-09"}, "The last day lies before the first."),
        ({"ends": "soon"}, "Write the day like 2026-12-31."),
        ({"rhythm": "weekly"}, "Select a valid choice."),
    ],
)
def test_budget_that_cannot_be_is_explained(
    admin: Client, budgets: Budgets, change: dict[str, str], sentence: str
) -> None:
    form = {"quota": "500", "rhythm": "term", "starts": "2026-11-10", "ends": "2027-01-31", **change}
    answer = admin.post(_url(budgets["member"], "budget"), form, headers=HTMX)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert balances(budgets["member"])["available"] == 40_000


def test_grant_until_a_day_is_shown_with_that_day(admin: Client, budgets: Budgets) -> None:
    form = {"amount": "12.5", "last": "2026-12-24", "reason": "Two more shots", "key": "k"}
    answer = admin.post(_url(budgets["member"], "grant"), form, headers=HTMX)
    toast = json.loads(answer["HX-Trigger"])["toast"]["text"]
    assert toast == "12.5 credits granted to Ada Byron until 24 December 2026"
    assert "12.5 credits of it until 24 December." in answer.content.decode()
    assert balances(budgets["member"], "until 2026-12-24 01")["available"] == 12_500


def test_grant_until_a_day_that_has_passed_is_refused_beside_the_form(admin: Client, budgets: Budgets) -> None:
    form = {"amount": "12.5", "last": "2026-11-19", "reason": "Two more shots", "key": "k"}
    answer = admin.post(_url(budgets["member"], "grant"), form, headers=HTMX)
    assert answer.status_code == 422
    assert "19 November 2026 has passed." in answer.content.decode()


def test_newcomers_quota_is_set(admin: Client, team: Team) -> None:
    answer = admin.post("/team/credits/newcomers/", {"monthly": "25"}, headers=HTMX)
    assert json.loads(answer["HX-Trigger"])["toast"]["text"] == "Newcomers: 25 credits a month"
    assert credits.scope_for_member(team.eve).quota == 25_000


def test_grant_adds_credits_once_however_often_it_is_sent(admin: Client, team: Team, budgets: Budgets) -> None:
    form = {"amount": "12.5", "reason": "Two more shots", "key": "from-the-form"}
    for _ in range(2):
        answer = admin.post(_url(budgets["member"], "grant"), form, headers=HTMX)
    assert balances(budgets["member"])["available"] == 52_500
    assert json.loads(answer["HX-Trigger"])["toast"]["text"] == "12.5 credits granted to Ada Byron"
    assert "from-the-form" not in answer.content.decode()
    assert Journal.objects.get(reason="Two more shots").by == team.mo


@pytest.mark.parametrize("change", [{"amount": "0"}, {"amount": "-5"}, {"amount": ""}, {"reason": ""}, {"key": ""}])
def test_grant_that_lacks_something_keeps_what_was_typed(
    admin: Client, budgets: Budgets, change: dict[str, str]
) -> None:
    form = {"amount": "3", "reason": "Two more shots", "key": "k", **change}
    answer = admin.post(_url(budgets["member"], "grant"), form)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert html.startswith("<!doctype html>")
    if form["reason"]:
        assert 'value="Two more shots"' in html
    assert balances(budgets["member"])["available"] == 40_000


def test_grant_to_a_scope_without_a_limit_is_refused_beside_the_form(admin: Client, team: Team) -> None:
    form = {"amount": "3", "reason": "Two more shots", "key": "k"}
    answer = admin.post(f"/team/credits/project-{team.project.pk}/grant/", form, headers=HTMX)
    assert answer.status_code == 422
    assert "Project Autumn has no limit" in answer.content.decode()


def test_adjustment_moves_down_and_up(admin: Client, budgets: Budgets) -> None:
    url = _url(budgets["member"], "adjust")
    admin.post(url, {"amount": "−10.5", "reason": "Counted twice in October", "key": "a"})
    admin.post(url, {"amount": "+0.25", "reason": "Rounding of the old tool", "key": "b"})
    assert balances(budgets["member"])["available"] == 29_750
    assert_books_agree()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"reason": "too short"}, "Give a reason of at least 10 characters"),
        ({"amount": "0"}, "An adjustment by 0 changes nothing."),
        ({"amount": "-40.001"}, "Ada Byron has 40 credits available"),
    ],
)
def test_adjustment_that_cannot_be_is_explained(
    admin: Client, budgets: Budgets, change: dict[str, str], sentence: str
) -> None:
    form = {"amount": "-1", "reason": "Counted twice in October", "key": "a", **change}
    answer = admin.post(_url(budgets["member"], "adjust"), form, headers=HTMX)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert balances(budgets["member"])["available"] == 40_000
