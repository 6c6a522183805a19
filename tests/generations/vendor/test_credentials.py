"""Key and address belong together: what is in flight keeps both, and moves only where the vendor knows it."""

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from sora_portal.catalog import actions as catalog
from sora_portal.catalog.credentials import Closed
from sora_portal.catalog.models import Connection, Credential
from sora_portal.errors import NotAllowed
from sora_portal.generations.callbacks import inbox
from sora_portal.generations.dispatch import claim, send
from sora_portal.generations.domain import State
from sora_portal.generations.models import Attempt
from sora_portal.generations.providers_page import relocation
from sora_portal.generations.vendor import create_result
from sora_portal.generations.vendor.client import endpoint_of
from sora_portal.providers.base import ErrorKind
from tests import factories
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db
OLD, NEW = "https://api.apixo.ai", "https://api.apixo.example"
DEAD = "http://127.0.0.1:9"


def claimed() -> Attempt:
    """Return an attempt that was claimed at a live connection with the key old-key."""
    row = factories.generation(model=factories.offered_model("apixo-sora-2"))
    catalog.set_key(by=factories.mo(), connection=row.connection, key="old-key")
    held = claim.claim(row.pk, timezone.now())
    assert held is not None
    return held.attempt


def fresh(attempt: Attempt) -> Attempt:
    return Attempt.objects.select_related("connection", "credential").get(pk=attempt.pk)


def pair(attempt: Attempt) -> tuple[str, str]:
    """Return where the attempt would be asked about, and with which key."""
    endpoint = endpoint_of(fresh(attempt))
    return endpoint.base_url, endpoint.key


def edit(**values: Any) -> None:
    connection = Connection.objects.get(slug="apixo")
    catalog.set_key(by=factories.mo(), connection=connection, **values)


@pytest.mark.parametrize("values", [{"key": "new-key"}, {"key": "new-key", "base_url": NEW}])
def test_attempt_keeps_the_key_and_the_address_with_which_it_was_sent(values: dict[str, str]) -> None:
    attempt = claimed()
    edit(**values)
    assert pair(attempt) == (OLD, "old-key")
    later = factories.generation(model=factories.offered_model("apixo-sora-2"))
    held = claim.claim(later.pk, timezone.now())
    assert held is not None
    assert pair(held.attempt) == (values.get("base_url", OLD), "new-key")
    assert Credential.objects.count() == 2


def test_environment_that_names_another_pair_leaves_what_is_in_flight(settings: Settings) -> None:
    attempt = claimed()
    settings.SORA_PORTAL_VENDORS = {"apixo": {"url": NEW, "key": "env-key"}}
    assert pair(attempt) == (OLD, "old-key")


def test_practice_clip_in_flight_never_sees_the_key_that_goes_live(sandboxed: Sandbox) -> None:
    row = factories.generation(model=factories.offered_model("apixo-sora-2"))
    held = claim.claim(row.pk, timezone.now())
    assert held is not None
    edit(key="new-key")
    assert pair(held.attempt) == (f"{sandboxed.url}/apixo", "sandbox")
    assert relocation.elsewhere([row.connection_id]) == {}, "nobody moves a practice clip to a vendor"


@pytest.mark.parametrize("kept", [True, False])
def test_present_key_never_goes_to_an_old_host_and_is_not_asked_for_in_vain(settings: Settings, kept: bool) -> None:
    attempt = claimed()
    edit(key="new-key", base_url=NEW)
    if kept:
        settings.SORA_PORTAL_FIELD_KEYS = [Fernet.generate_key().decode()]
    else:
        Attempt.objects.update(credential=None)
    with pytest.raises(Closed):
        endpoint_of(fresh(attempt))
    job = inbox.ask(fresh(attempt), "task-1")
    assert (job.usable, job.kind) == (False, ErrorKind.BAD_KEY)


def test_removed_key_is_forgotten_with_every_pair() -> None:
    attempt = claimed()
    catalog.remove_key(by=factories.mo(), connection=fresh(attempt).connection)
    assert set(Credential.objects.values_list("secret_key", flat=True)) == {""}


def test_refusal_of_a_replaced_key_pauses_nothing() -> None:
    attempt = claimed()
    edit(key="new-key")
    create_result.auto_pause(attempt.generation, fresh(attempt), ErrorKind.BAD_KEY, "401")
    assert Connection.objects.get(slug="apixo").paused_at is None


@pytest.fixture
def moved_vendor(sandboxed: Sandbox) -> Attempt:
    """A running video whose vendor is at a dead address by its attempt, and at the sandbox by its connection."""
    sandboxed.settings(seconds_per_video=60)
    row = factories.generation(model=factories.offered_model("apixo-sora-2"), prompt="A horse [no-callback]")
    send.submit_step(row.pk)
    old = Credential.objects.create(
        connection=row.connection, base_url=DEAD, secret_key="old-key", created_at=timezone.now()
    )
    row.attempts.update(base_url=DEAD, credential=old)
    return row.attempts.get()


def test_task_moves_where_the_vendor_knows_it_and_stays_where_not(moved_vendor: Attempt) -> None:
    stranger = factories.generation(state=State.RUNNING, model=factories.offered_model("apixo-sora-2"))
    stranger.attempts.update(base_url=DEAD, credential=moved_vendor.credential)
    report = relocation.move_in_flight(by=factories.mo(), connection=moved_vendor.connection, now=timezone.now())
    known = fresh(moved_vendor)
    assert (report.moved, report.unknown) == ([known.generation.public_id], [stranger.public_id])
    assert (known.base_url, endpoint_of(known).key) == (known.connection.url, "sandbox")
    assert stranger.attempts.get().base_url == DEAD
    assert {event.by for event in known.generation.events.filter(kind="address")} == {factories.mo()}
    assert inbox.ask(known, known.vendor_task_id or "").usable


def test_card_offers_the_move_says_what_came_of_it_and_is_for_admins(moved_vendor: Attempt, client: Client) -> None:
    client.force_login(factories.mo())
    assert "Move 1 video in flight to the new address" in client.get(reverse("board:show")).content.decode()
    url = reverse("board:move_in_flight", args=["apixo"])
    assert "1 of 1 moved" in client.post(url, follow=True).content.decode()
    assert "in flight to the new address" not in client.get(reverse("board:show")).content.decode()
    client.force_login(factories.ada())
    assert client.post(url).status_code == 403
    with pytest.raises(NotAllowed):
        relocation.move_in_flight(by=factories.ada(), connection=moved_vendor.connection, now=timezone.now())


@pytest.mark.parametrize(
    ("url", "status"), [(NEW, 200), (NEW.replace("https", "http"), 422), (NEW.replace("api.", "me:secret@"), 422)]
)
def test_address_is_set_with_its_key_only(client: Client, url: str, status: int) -> None:
    factories.offered_model("apixo-sora-2")
    client.force_login(factories.mo())
    where = reverse("board:set_key", args=["apixo"])
    assert client.post(where, {"key": "new-key", "base_url": url}, follow=True).status_code == status
    assert client.post(where, {"base_url": NEW}).status_code == 422
    connection = Connection.objects.get(slug="apixo")
    assert (connection.base_url, connection.key) == ((NEW, "new-key") if status == 200 else (OLD, ""))
