"""/team/credits/refund/<video>/ and the filters of the ledger: for admins, with a reason and a name."""

import csv
import io
import re

import pytest
from django.test import Client

from sora_portal.ledger import actions as credits
from sora_portal.ledger import spending
from sora_portal.ledger.models import Journal, Scope
from tests.ledger.team import NOW, Team, assert_books_agree, balances

URL = "/team/credits/refund/one/"
Budgets = dict[str, Scope]
GOOD = {"amount": "2.5", "reason": "Wrong colours throughout", "key": "k"}


@pytest.fixture(autouse=True)
def november(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the clock of the pages in the month of the fixtures."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def mo(client: Client, team: Team, budgets: Budgets) -> Client:
    """A browser in which mo is signed in; ada's video "one" has cost 10 credits."""
    team.hold("one", 10_000)
    credits.capture(ref="one", now=NOW)
    client.force_login(team.mo)
    return client


def test_refund_is_for_admins(client: Client, team: Team, mo: Client) -> None:
    for person in (team.ada, team.rae, team.eve):
        client.force_login(person)
        assert client.get(URL).status_code == 403
        assert client.post(URL, GOOD).status_code == 403
    client.logout()
    assert client.get(URL).status_code == 302
    assert not Journal.objects.filter(kind="refund").exists()


def test_refund_offers_all_that_is_left(mo: Client) -> None:
    page = mo.get(URL).content.decode()
    assert "Ada Byron, Autumn" in page
    assert 'name="amount" value="10"' in page


def test_refund_comes_back_with_reason_and_author(mo: Client, budgets: Budgets) -> None:
    for _ in range(2):
        answer = mo.post(URL, GOOD)
    assert (answer.status_code, answer["Location"]) == (302, URL)
    page = re.sub(r"\s+", " ", mo.get(URL).content.decode())
    assert "<b>2.5 credits</b>: Wrong colours throughout" in page
    assert "Mo Adler" in page
    assert "<dt>Can be refunded</dt><dd>7.5</dd>" in page
    assert balances(budgets["member"])["available"] == 32_500
    assert_books_agree()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"reason": "too short"}, "Give a reason of at least 10 characters"),
        ({"amount": "10.001"}, "At most 10 credits can still be refunded"),
        ({"amount": "0"}, "At least 0.001."),
        ({"amount": "some"}, "Write a number of credits"),
    ],
)
def test_refund_that_cannot_be_is_422_with_a_sentence(mo: Client, change: dict[str, str], sentence: str) -> None:
    answer = mo.post(URL, {**GOOD, **change})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Journal.objects.filter(kind="refund").exists()


def test_refund_of_all_leaves_no_form(mo: Client) -> None:
    mo.post(URL, {**GOOD, "amount": "10"})
    page = mo.get(URL).content.decode()
    assert "All of it has been given back." in page
    assert 'name="amount"' not in page


def test_refund_of_what_was_not_spent_is_not_found(mo: Client, team: Team) -> None:
    team.hold("open", 1_000)
    for ref in ("open", "nothing"):
        assert mo.get(f"/team/credits/refund/{ref}/").status_code == 404


def test_ledger_leads_to_the_refund(mo: Client) -> None:
    page = mo.get("/team/credits/?kind=capture").content.decode()
    assert f'href="{URL}"' in page
    assert URL not in mo.get("/team/credits/?kind=hold").content.decode()


def _lines(client: Client, query: str) -> int:
    return client.get(f"/team/credits/?{query}").content.decode().count('id="journal-')


def test_ledger_is_filtered_by_day_author_and_video(mo: Client, team: Team) -> None:
    every = _lines(mo, "")
    assert _lines(mo, "first=2026-11-20&last=2026-11-20") == every
    assert _lines(mo, "last=2026-11-19") == 0
    assert _lines(mo, "first=2026-11-21") == 0
    assert _lines(mo, "video=one") == 2
    assert _lines(mo, "video=one&kind=capture") == 1
    assert _lines(mo, f"by={team.mo.pk}&kind=grant") == 3
    assert _lines(mo, f"by={team.eve.pk}") == 0


def test_ledger_filter_that_makes_no_sense_counts_as_none(mo: Client) -> None:
    assert _lines(mo, "first=soon&by=999999&video=") == _lines(mo, "")


def test_ledger_keeps_its_filters_from_page_to_page(mo: Client) -> None:
    page = mo.get("/team/credits/?video=one&first=2026-11-01").content.decode()
    assert "kind=hold&amp;first=2026-11-01&amp;video=one" in page
    assert "/team/credits/ledger.csv?scope=organisation&amp;first=2026-11-01&amp;video=one" in page


def test_ledger_csv_is_for_admins_and_holds_the_shown_lines(client: Client, team: Team, mo: Client) -> None:
    answer = mo.get("/team/credits/ledger.csv?video=one")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert text.count("\r\n") == 3
    assert "2026-11-20T12:00:00+00:00,Spent,10," in text
    client.force_login(team.ada)
    assert client.get("/team/credits/ledger.csv").status_code == 403


def test_ledger_csv_has_the_amounts_and_the_sum_of_the_page(mo: Client, team: Team) -> None:
    address = f"scope=member-{team.ada.pk}"
    page = mo.get(f"/team/credits/?{address}").content.decode()
    text = b"".join(mo.get(f"/team/credits/ledger.csv?{address}").streaming_content).decode()  # type: ignore[attr-defined]
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    cells = re.findall(r'<tr id="journal-.*?<td class="num(?: credit-in)?">([^<]*)</td>', page, re.DOTALL)
    shown = [cell.lstrip("+").replace("−", "-").replace(",", "") for cell in cells]
    assert [row["Credits"] for row in rows] == shown
    assert any(amount.startswith("-") for amount in shown)
    left = spending.budget_of(credits.scope_for_member(team.ada), NOW)
    assert left is not None
    assert f"{sum(float(row['Change of available']) for row in rows):g}" == left.available_text


@pytest.mark.parametrize("day", ["9999-12-31", "soon", "0001-01-01"])
def test_ledger_csv_with_a_filter_that_makes_no_sense_leads_to_the_page_that_says_so(mo: Client, day: str) -> None:
    answer = mo.get(f"/team/credits/ledger.csv?last={day}")
    assert answer.status_code == 302
    page = mo.get(answer.headers["Location"])
    assert page.status_code == 200
    assert "Write the day" in page.text or "Choose a day" in page.text
