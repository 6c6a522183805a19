"""What vendors get for pictures and characters: from the claim to the real sandbox's memory."""

import io
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from sora_portal.catalog.models import Breaker, Connection
from sora_portal.generations.dispatch import send
from sora_portal.generations.models import Generation
from sora_portal.references import actions as references
from sora_portal.references.models import Character
from tests import factories
from tests.references import files, rows
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db
WIRES = {"ruxa-sora-2": "input_reference", "apixo-sora-2": "image_urls", "sora2api-standard": "imageUrls"}


@pytest.fixture(autouse=True)
def reachable(settings: Settings) -> None:
    settings.SORA_PORTAL_PUBLIC_URL = "http://127.0.0.1:8000"


def _sent(row: Generation) -> Generation:
    send.submit_step(row.pk)
    return Generation.objects.get(pk=row.pk)


def _retire(row: Character) -> None:
    references.set_retired(by=factories.mo(), character=row, retired=True, now=timezone.now())


@pytest.mark.parametrize("slug", WIRES)
def test_every_vendor_is_given_an_address_at_which_the_picture_is(
    sandboxed: Sandbox, client: Client, slug: str
) -> None:
    picture = rows.picture(data=files.telling_jpeg())
    row = _sent(factories.generation(model=factories.offered_model(slug), image=picture.choice))
    assert row.state == "running"
    body = sandboxed.memory()["creates"][0]["body"]
    given = body.get("input", body)[WIRES[slug]]
    address = given if isinstance(given, str) else given[0]
    assert isinstance(given, str) is (slug == "ruxa-sora-2")
    assert picture.choice not in repr(body)
    assert address.startswith("http://127.0.0.1:8000/r/")
    got = b"".join(client.get(urlsplit(address).path))
    assert Image.open(io.BytesIO(got)).size == (200, 320)
    assert b"SECRET" not in got


def test_several_pictures_go_in_their_order_and_given_addresses_as_they_are(sandboxed: Sandbox) -> None:
    given = "https://pictures.example.com/last.jpg"
    picture = rows.picture()
    model = factories.offered_model("apixo-kling-2-6")
    _sent(factories.generation(model=model, shape="", image=f"{picture.choice}\n{given}"))
    first, second = sandboxed.memory()["creates"][0]["body"]["input"]["image_urls"]
    assert picture.public_id in first
    assert second == given


def test_clip_and_task_go_under_the_vendors_names(sandboxed: Sandbox) -> None:
    _sent(factories.generation(character=rows.from_clip().choice))
    _sent(factories.generation(character=rows.from_task(vendor_task_id="task_sora-2_17").choice))
    clip, task = (call["body"]["input"] for call in sandboxed.memory()["creates"])
    assert (clip["character_url"], clip["character_timestamps"]) == (rows.CLIP, "0,3")
    assert task["character_from_task"] == "task_sora-2_17"


def test_second_attempt_gets_a_fresh_address_of_the_same_picture(
    sandboxed: Sandbox, client: Client, settings: Settings
) -> None:
    """A queued video may wait longer than an address lasts."""
    settings.SORA_PORTAL_PICTURE_HOURS = -1
    row = _sent(factories.generation(prompt="Waves [429]", image=rows.picture().choice))
    assert row.state == "queued"
    settings.SORA_PORTAL_PICTURE_HOURS = 48
    past = timezone.now() - timedelta(seconds=1)
    Generation.objects.filter(pk=row.pk).update(due_at=past, held_until=past)
    Breaker.objects.update(wish_until=past)
    assert _sent(row).state == "running"
    first, second = (urlsplit(call["body"]["input"]["input_reference"]).path for call in sandboxed.memory()["creates"])
    assert client.get(first).status_code == 404
    assert b"".join(client.get(second)).startswith(b"\xff\xd8\xff")


def test_character_retired_while_queued_sends_nothing_and_returns_the_credits(sandboxed: Sandbox) -> None:
    character = rows.from_clip()
    row = factories.generation(character=character.choice)
    _retire(character)
    row = _sent(row)
    assert (row.state, row.failure_text) == ("failed", "Fox is retired. Choose another character.")
    assert row.hold.released == row.price_milli
    assert sandboxed.memory()["creates"] == []
    assert not row.attempts.exists()


def test_portal_that_lost_its_public_origin_sends_nothing(sandboxed: Sandbox, settings: Settings) -> None:
    row = factories.generation(image=rows.picture().choice)
    Connection.objects.filter(pk=row.connection_id).update(secret_key="sk-test-key-0001")
    row = _sent(row)
    assert row.state == "failed"
    assert "cannot fetch uploaded pictures" in row.failure_text
    assert row.hold.released == row.price_milli
    assert sandboxed.memory()["creates"] == []
