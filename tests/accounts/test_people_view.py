"""/team/people/: who has an account, for admins."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sora_portal.accounts.models import User
from tests import factories

URL = "/team/people/"
pytestmark = pytest.mark.django_db


def _page(client: Client) -> str:
    client.force_login(factories.mo())
    answer = client.get(URL)
    assert answer.status_code == 200
    return answer.content.decode()


def test_people_sends_visitors_to_sign_in(client: Client) -> None:
    answer = client.get(URL)
    assert (answer.status_code, answer["Location"]) == (302, f"{reverse('account_login')}?next={URL}")


@pytest.mark.parametrize("persona", [factories.ada, factories.rae, factories.eve])
def test_people_is_for_admins(client: Client, persona: Callable[[], User]) -> None:
    client.force_login(persona())
    answer = client.get(URL)
    assert answer.status_code == 403
    assert "Only an admin of this portal can do that." in answer.content.decode()


def test_people_takes_no_post(client: Client) -> None:
    client.force_login(factories.mo())
    assert client.post(URL).status_code == 405


def test_people_shows_names_roles_and_last_sign_in(client: Client) -> None:
    factories.user("ada", name="Ada Moreau", email="ada@northwind.example")
    seen = dt.datetime(2026, 11, 3, 9, 30, tzinfo=dt.UTC)
    User.objects.filter(username="ada").update(last_login=seen)
    factories.rae()
    page = _page(client)
    assert "Ada Moreau" in page
    assert "ada@northwind.example" in page
    assert 'datetime="2026-11-03T09:30:00+00:00"' in page
    assert "Has not signed in yet" in page
    assert "Reviewer" in page


def test_people_shows_closed_accounts_last_and_with_the_way_back(client: Client) -> None:
    closed = factories.user("aaron", name="Aaron First", is_active=False)
    factories.ada()
    page = _page(client)
    assert page.index("Ada Moreau") < page.index("Aaron First")
    assert reverse("accounts:reactivate", args=[closed.pk]) in page
    assert reverse("accounts:deactivate", args=[closed.pk]) not in page


def test_people_offers_no_change_of_ones_own_account(client: Client) -> None:
    me = factories.mo()
    page = _page(client)
    assert "(you)" in page
    assert reverse("accounts:role", args=[me.pk]) not in page
    assert reverse("accounts:deactivate", args=[me.pk]) not in page


def test_people_shows_a_name_as_text_and_not_as_markup(client: Client) -> None:
    factories.user("x", name="<script>alert(1)</script>")
    assert "<script>alert(1)" not in _page(client)


def test_people_asks_the_same_number_of_times_for_two_and_fifty(client: Client) -> None:
    factories.ada()
    _page(client)
    with CaptureQueriesContext(connection) as few:
        client.get(URL)
    for number in range(50):
        factories.user(f"person-{number}")
    with CaptureQueriesContext(connection) as many:
        assert "person-49" in client.get(URL).content.decode()
    assert len(many) == len(few)
