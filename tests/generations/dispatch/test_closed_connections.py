"""A connection without a key that can be used: nothing is offered, nothing goes there, and what waits says why."""

import logging

import pytest
from cryptography.fernet import Fernet
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from sora_portal.catalog.models import Connection
from sora_portal.generations import actions
from sora_portal.generations.dispatch import send
from sora_portal.generations.domain import State
from sora_portal.generations.models import Attempt, Generation
from sora_portal.generations.polling import lease
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["lost", "none"])
def close(request: pytest.FixtureRequest, settings: Settings) -> Connection:
    """Close APIXO: its key cannot be read any more, or it has none in production. A video was queued before."""
    connection = factories.generation(model=factories.offered_model("apixo-sora-2")).connection
    if request.param == "lost":
        Connection.objects.filter(pk=connection.pk).update(secret_key="sk-live-0123456789")
        settings.SORA_PORTAL_FIELD_KEYS = [Fernet.generate_key().decode()]
    else:
        settings.SORA_PORTAL_SANDBOX = False
    return Connection.objects.get(pk=connection.pk)


def test_models_of_a_closed_connection_are_not_offered_and_not_taken(close: Connection, client: Client) -> None:
    client.force_login(factories.ada())
    assert "APIXO" not in client.get("/").content.decode().partition("</select>")[0].partition("<select")[2]
    model = factories.offered_model("apixo-sora-2")
    with pytest.raises(actions.ModelNotOffered, match="no usable key"):
        actions.submit(
            by=factories.ada(),
            project=factories.project(),
            model=model,
            prompt="A fox",
            choices=model.rules.defaults(),
            submit_key="one",
            now=timezone.now(),
        )


def test_what_was_queued_before_is_not_sent_and_says_why(close: Connection, caplog: pytest.LogCaptureFixture) -> None:
    row = Generation.objects.get()
    with caplog.at_level(logging.INFO):
        send.submit_step(row.pk)
    row.refresh_from_db()
    assert (row.state, Attempt.objects.count()) == ("queued", 0)
    assert row.waiting_for == close.closed_text
    assert close.closed_text in caplog.text


def test_sweep_says_why_as_well(close: Connection, caplog: pytest.LogCaptureFixture) -> None:
    Generation.objects.update(due_at=timezone.now())
    with caplog.at_level(logging.WARNING):
        lease.lease(timezone.now(), 1.0)
    assert Generation.objects.get().waiting_for == close.closed_text
    assert close.closed_text in caplog.text


def test_board_says_that_it_is_closed_and_what_to_do(close: Connection, client: Client) -> None:
    client.force_login(factories.mo())
    page = client.get(reverse("board:show")).content.decode()
    assert close.remedy_text.split(",")[0] in page
    assert client.post(reverse("board:check", args=[close.slug])).status_code == 409, "a test sends nothing either"


def test_video_at_a_closed_connection_is_in_sight_and_may_move_on(close: Connection, client: Client) -> None:
    client.force_login(factories.mo())
    assert client.get(reverse("board:waiting_connection", args=[close.slug])).status_code == 200
    assert Generation.objects.get().state == State.QUEUED
