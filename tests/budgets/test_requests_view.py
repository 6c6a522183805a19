"""/team/requests/: an admin answers in two taps."""

import json
import re

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from sora_portal.budgets.models import Ask
from sora_portal.budgets.requests import actions
from sora_portal.generations.models import Generation
from sora_portal.ledger.models import Scope
from tests import factories
from tests.budgets.asked import asked

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
URL = "/team/requests/"


@pytest.fixture
def mo(client: Client, short: Scope) -> Client:
    """A browser in which mo is signed in."""
    client.force_login(factories.mo())
    return client


def _text(client: Client, url: str = URL) -> str:
    return re.sub(r"\s+", " ", client.get(url).content.decode())


def test_requests_are_for_admins(client: Client, short: Scope) -> None:
    ask = asked()
    for person in (factories.ada(), factories.rae(), factories.eve()):
        client.force_login(person)
        assert client.get(URL).status_code == 403
        for verb in ("grant", "decline"):
            assert client.post(f"{URL}{ask.pk}/{verb}/", {"way": "once"}).status_code == 403
        assert "asks for budget" not in client.get("/").content.decode()


def test_request_shows_who_why_what_and_which_budget(mo: Client) -> None:
    asked()
    page = _text(mo)
    assert "Ada Moreau asks for 28 credits" in page
    assert "For Friday&#x27;s pitch" in page
    assert "Ada Moreau&#x27;s own budget: 12 of 52 credits left" in page
    assert 'name="amount" value="28"' in page


def test_studio_and_navigation_say_that_somebody_waits(mo: Client) -> None:
    assert "asks for budget" not in _text(mo, "/")
    asked()
    page = _text(mo, "/")
    assert "Somebody asks for budget." in page
    assert '1<span class="vh"> waiting' in page
    asked(key="another")
    assert "2 requests for budget wait." in _text(mo, "/")


def test_grant_in_one_press_submits_the_video(mo: Client) -> None:
    ask = asked()
    form = {"amount": "28", "last": "", "way": "once", "version": "0"}
    answer = mo.post(f"{URL}{ask.pk}/grant/", form, headers=HTMX)
    assert answer.status_code == 200
    assert json.loads(answer["HX-Trigger"])["toast"]["text"] == "Granted. Ada Moreau's video is on its way."
    assert Generation.objects.count() == 2
    page = _text(mo)
    assert "Nobody is waiting" in page
    assert "Mo Lindqvist granted 28 credits once" in page


def test_grant_without_htmx_comes_back_to_the_page(mo: Client) -> None:
    ask = asked()
    answer = mo.post(f"{URL}{ask.pk}/grant/", {"amount": "28", "way": "raise", "version": "0"})
    assert (answer.status_code, answer["Location"]) == (302, URL)
    assert "granted 28 credits more for good" in _text(mo)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"amount": ""}, "This field is required."),
        ({"way": "until", "last": ""}, "Choose the last day."),
        ({"way": "until", "last": "soon"}, "Write the day like 2026-12-31."),
    ],
)
def test_grant_that_lacks_something_is_422(mo: Client, change: dict[str, str], sentence: str) -> None:
    ask = asked()
    form = {"amount": "28", "last": "", "way": "once", "version": "0", **change}
    answer = mo.post(f"{URL}{ask.pk}/grant/", form, headers=HTMX)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert Ask.objects.get().state == "waiting"


def test_grant_until_a_day_that_has_passed_is_refused(mo: Client) -> None:
    ask = asked()
    form = {"amount": "28", "last": "2020-01-01", "way": "until", "version": "0"}
    answer = mo.post(f"{URL}{ask.pk}/grant/", form, headers=HTMX)
    assert answer.status_code == 409
    assert "1 January 2020 has passed." in answer.content.decode()
    assert Ask.objects.get().state == "waiting"


def test_decline_needs_a_reason(mo: Client) -> None:
    ask = asked()
    url = f"{URL}{ask.pk}/decline/"
    answer = mo.post(url, {"reason": " ", "version": "0"}, headers=HTMX)
    assert answer.status_code == 422
    assert "Say why" in answer.content.decode()
    assert '<details class="more" open>' in answer.content.decode()
    assert mo.post(url, {"reason": "Not before December", "version": "0"}, headers=HTMX).status_code == 200
    assert "Mo Lindqvist declined: Not before December" in _text(mo)


def test_second_admin_gets_409_and_the_page_as_it_is_now(mo: Client) -> None:
    ask = asked()
    actions.decline(by=factories.mo(), ask=ask, version=0, reason="Not before December", now=timezone.now())
    form = {"amount": "28", "way": "once", "version": "0"}
    answer = mo.post(f"{URL}{ask.pk}/grant/", form, headers=HTMX)
    assert answer.status_code == 409
    assert "Mo Lindqvist has declined this request already." in answer.content.decode()
    assert Generation.objects.count() == 1


def test_unknown_request_is_not_found_and_methods_are_kept(mo: Client) -> None:
    assert mo.post(f"{URL}999/grant/", {}).status_code == 404
    assert mo.get(f"{URL}999/grant/").status_code == 405
    assert mo.post(URL).status_code == 405


def test_answered_list_costs_the_same_for_one_and_for_many(
    mo: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    counts = []
    for number in (1, 12):
        for each in range(number):
            ask = asked(key=f"k{number}-{each}")
            actions.decline(by=factories.mo(), ask=ask, version=0, reason="no", now=timezone.now())
        with django_assert_max_num_queries(30) as captured:
            mo.get(URL)
        counts.append(len(captured.captured_queries))
    assert counts[0] == counts[1]
