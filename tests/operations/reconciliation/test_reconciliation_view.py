"""/team/reconciliation/: do the books add up, what is open, and what came after all."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from sora_portal import clock
from sora_portal.generations.domain import State
from sora_portal.installation import media
from sora_portal.ledger import reconciliation
from sora_portal.ledger.verify import Difference
from tests import factories
from tests.outputs.fetching import late

pytestmark = pytest.mark.django_db
URL = "/team/reconciliation/"


@pytest.fixture
def mo(client: Client) -> Client:
    """A browser in which mo is signed in."""
    client.force_login(factories.mo())
    return client


def test_reconciliation_is_for_admins_and_only_shows(client: Client) -> None:
    assert client.get(URL).status_code == 302
    for person in (factories.ada(), factories.rae(), factories.eve()):
        client.force_login(person)
        assert client.get(URL).status_code == 403
    client.force_login(factories.mo())
    assert client.get(URL).status_code == 200
    assert client.post(URL).status_code == 405


def test_recovered_video_is_listed_with_what_it_would_have_cost(mo: Client) -> None:
    row = late.recovered(prompt="A horse that came late")
    factories.generation(state=State.FAILED, prompt="A horse that never came")
    page = mo.get(URL).content.decode()
    assert f"/videos/{row.public_id}/" in page
    assert "1 video; 1 still watched" in page
    assert "A horse that never came" not in page


def test_differences_are_named(mo: Client) -> None:
    assert "Nobody has looked yet" in mo.get(URL).content.decode()
    reconciliation.record([], timezone.now())
    assert "The credits add up." in mo.get(URL).content.decode()
    reconciliation.record([Difference("I5", "somewhere", "is wrong")], timezone.now())
    page = mo.get(URL).content.decode()
    assert "somewhere" in page
    assert "The credits add up." not in page


def test_credits_page_leads_there(mo: Client) -> None:
    assert URL in mo.get("/team/credits/").content.decode()


def test_fifty_recovered_videos_cost_as_many_queries_as_one(
    mo: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    media.require()
    counts = []
    for more in (1, 49):
        for _ in range(more):
            late.recovered()
        with django_assert_max_num_queries(30) as captured:
            mo.get(URL)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_a_clock_that_jumped_is_told_to_admins_who_may_follow_it(mo: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "The clock jumped" not in mo.get(URL).content.decode()
    began, now = clock.now(), timezone.now
    monkeypatch.setattr(timezone, "now", lambda: now() + timedelta(days=4))
    assert "4 days ahead of the portal" in mo.get("/").content.decode()
    page = mo.get(URL).content.decode()
    assert "4 days ahead of the portal" in page
    assert abs(clock.now() - began) < timedelta(minutes=5)
    mo.post("/team/clock/")
    assert clock.now() - began > timedelta(days=3)
    assert "The clock jumped" not in mo.get(URL).content.decode()


def test_only_admins_say_that_the_clock_is_right(client: Client) -> None:
    assert client.post("/team/clock/").status_code == 302
    client.force_login(factories.ada())
    assert client.post("/team/clock/").status_code == 403
