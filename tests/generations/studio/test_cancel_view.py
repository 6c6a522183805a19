"""`/videos/<id>/cancel/`."""

import json

import pytest
from django.test import Client

from sora_portal.generations.domain import State
from sora_portal.generations.models import Generation
from tests import factories

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def _url(row: Generation) -> str:
    return f"/videos/{row.public_id}/cancel/"


def test_a_queued_video_is_cancelled_and_its_credits_return(client: Client) -> None:
    row = factories.generation()
    client.force_login(factories.ada())
    answer = client.post(_url(row), headers=HTMX)
    row.refresh_from_db()
    row.hold.refresh_from_db()
    assert (row.state, row.hold.released, row.hold.captured) == ("cancelled", 40_000, 0)
    assert json.loads(answer["HX-Trigger"])["toast"]["text"] == "Cancelled; the credits are back"
    assert 'data-state="cancelled"' in answer.content.decode()


@pytest.mark.parametrize("state", [State.SUBMITTING, State.RUNNING, State.FETCHING, State.UNCONFIRMED])
def test_a_video_at_the_vendor_keeps_running_and_keeps_its_hold(client: Client, state: State) -> None:
    row = factories.generation(state=state)
    client.force_login(factories.ada())
    client.post(_url(row), headers=HTMX)
    row.refresh_from_db()
    assert (row.state, row.hold.state) == (state.value, "held")
    assert row.cancel_wanted_at is not None


def test_a_finished_video_cannot_be_cancelled(client: Client) -> None:
    row = factories.generation(state=State.SUCCEEDED)
    client.force_login(factories.ada())
    answer = client.post(_url(row), headers=HTMX)
    assert answer.status_code == 409
    assert "already ended" in json.loads(answer["HX-Trigger"])["toast"]["text"]


def test_cancelling_twice_releases_once(client: Client) -> None:
    row = factories.generation()
    client.force_login(factories.ada())
    assert [client.post(_url(row), headers=HTMX).status_code for _ in range(2)] == [200, 200]
    row.hold.refresh_from_db()
    assert row.hold.released == 40_000


def test_a_colleague_cannot_cancel_but_an_admin_can(client: Client) -> None:
    row = factories.generation()
    client.force_login(factories.rae())
    assert client.post(_url(row)).status_code == 409
    client.force_login(factories.mo())
    assert client.post(_url(row)).status_code == 302
    row.refresh_from_db()
    assert row.state == "cancelled"


def test_a_stranger_gets_404(client: Client) -> None:
    row = factories.generation()
    client.force_login(factories.eve())
    assert client.post(_url(row)).status_code == 404


def test_anonymous_goes_to_sign_in_and_get_is_not_allowed(client: Client) -> None:
    row = factories.generation()
    assert client.post(_url(row)).status_code == 302
    client.force_login(factories.ada())
    assert client.get(_url(row)).status_code == 405
