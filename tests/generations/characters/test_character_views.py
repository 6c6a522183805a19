"""A finished video offers itself to the register, and a character shows its videos."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sora_portal.accounts.models import User
from sora_portal.generations.domain import State
from sora_portal.generations.models import Generation
from sora_portal.references.models import Character
from tests import factories
from tests.references import rows

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def ada(client: Client) -> User:
    factories.money()
    client.force_login(factories.ada())
    return factories.ada()


def _offer(client: Client, row: Generation, **extra: Any) -> Any:
    return client.get(f"/videos/{row.public_id}/character/", headers=HTMX, **extra)


def _add(client: Client, row: Generation, *, htmx: bool = True, **values: object) -> Any:
    data = {"name": "Owl", "consent": "on", **values}
    return client.post(f"/videos/{row.public_id}/character/add/", data, headers=HTMX if htmx else {})


@pytest.mark.parametrize("htmx", [False, True])
def test_finished_video_becomes_a_character_of_its_own_task(client: Client, ada: User, htmx: bool) -> None:
    row = factories.generation(state=State.SUCCEEDED, task_id="task_sora-2_42", character_create="on")
    page = _offer(client, row).content.decode()
    assert "This video was made for a character" in page
    assert 'value="Ocean waves crashing against"' in page
    answer = _add(client, row, htmx=htmx, projects=[row.project_id])
    character = Character.objects.get()
    assert (character.vendor_task_id, character.connection, character.from_video) == (
        "task_sora-2_42",
        row.connection,
        row.public_id,
    )
    assert character.consent_by == ada
    where = answer["HX-Redirect"] if htmx else answer["Location"]
    assert client.get(where).status_code == 200
    assert f"/videos/{row.public_id}/" in client.get(f"{where}videos/", headers=HTMX).content.decode()
    assert f'<a dir="auto" href="/characters/{character.public_id}/">Owl</a>' in _offer(client, row).content.decode()


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING, State.FAILED, State.NEEDS_DECISION])
def test_unfinished_video_offers_nothing(client: Client, ada: User, state: State) -> None:
    row = factories.generation(state=state)
    assert _offer(client, row).content == b""
    answer = _add(client, row)
    assert answer.status_code == 409
    assert not Character.objects.exists()


def test_vendor_without_characters_offers_nothing(client: Client, ada: User) -> None:
    row = factories.generation(state=State.SUCCEEDED, model=factories.offered_model("sora2api-hd"))
    assert _offer(client, row).content == b""
    assert _add(client, row).status_code == 409


def test_without_consent_is_a_422_that_keeps_the_name(client: Client, ada: User) -> None:
    row = factories.generation(state=State.SUCCEEDED)
    answer = _add(client, row, name="Great Owl", consent="")
    assert answer.status_code == 422
    assert "Great Owl" in answer.content.decode()
    assert "Tick this first" in answer.content.decode()
    assert not Character.objects.exists()


def test_second_character_of_a_video_is_a_409(client: Client, ada: User) -> None:
    row = factories.generation(state=State.SUCCEEDED)
    _add(client, row)
    answer = _add(client, row, name="Again")
    assert answer.status_code == 409
    assert Character.objects.count() == 1


def test_stranger_sees_no_offer_and_adds_nothing(client: Client) -> None:
    row = factories.generation(state=State.SUCCEEDED)
    client.force_login(factories.eve())
    assert _offer(client, row).status_code == 404
    assert _add(client, row).status_code == 404
    assert not Character.objects.exists()


def test_offer_has_a_page_of_its_own(client: Client, ada: User) -> None:
    row = factories.generation(state=State.SUCCEEDED)
    assert "<html" in client.get(f"/videos/{row.public_id}/character/").content.decode()
    running = factories.generation(state=State.RUNNING)
    assert client.get(f"/videos/{running.public_id}/character/").status_code == 302


# --- where it is used --------------------------------------------------------------------------------------------


def test_videos_of_a_character_are_those_that_one_may_see(client: Client, ada: User) -> None:
    theirs = factories.project("Others", members=(factories.rae(),))
    character = rows.from_clip(factories.rae(), factories.project())
    seen = factories.generation(prompt="A fox in the snow", character=character.choice)
    factories.generation(
        prompt="A fox in secret", character=character.choice, author=factories.rae(), in_project=theirs
    )
    page = client.get(f"/characters/{character.public_id}/videos/", headers=HTMX).content.decode()
    assert f"/videos/{seen.public_id}/" in page
    assert "A fox in the snow" in page
    assert "secret" not in page


def test_video_that_a_character_was_made_of_is_named_to_those_who_may_see_it(client: Client, ada: User) -> None:
    row = factories.generation(state=State.SUCCEEDED, prompt="The first owl")
    _add(client, row, projects=[row.project_id])
    character = Character.objects.get()
    theirs = factories.project("Others", members=(factories.eve(),))
    character.projects.add(theirs)
    client.force_login(factories.eve())
    page = client.get(f"/characters/{character.public_id}/videos/").content.decode()
    assert "The first owl" not in page
    assert row.public_id not in client.get(f"/characters/{character.public_id}/").content.decode()


def test_videos_of_a_strangers_character_are_a_404(client: Client) -> None:
    character = rows.from_clip()
    client.force_login(factories.eve())
    assert client.get(f"/characters/{character.public_id}/videos/").status_code == 404


def test_list_asks_as_often_for_twenty_as_for_one(client: Client, ada: User) -> None:
    character = rows.from_clip()

    def queries(count: int) -> int:
        for _ in range(count):
            factories.generation(character=character.choice)
        with CaptureQueriesContext(connection) as seen:
            client.get(f"/characters/{character.public_id}/videos/")
        return len(seen)

    assert queries(1) == queries(20)


# --- on the video's page -----------------------------------------------------------------------------------------


def test_video_page_shows_picture_and_character(client: Client, ada: User, settings: Any) -> None:
    settings.SORA_PORTAL_PUBLIC_URL = "http://127.0.0.1:8000"
    picture, character = rows.picture(), rows.from_clip()
    row = factories.generation(image=picture.choice, character=character.choice)
    page = client.get(f"/videos/{row.public_id}/").content.decode()
    assert f"/pictures/{picture.public_id}/thumb.jpg" in page
    assert f'<a dir="auto" href="/characters/{character.public_id}/">Fox</a>' in page
    assert picture.choice not in page
    client.force_login(factories.rae())
    page = client.get(f"/videos/{row.public_id}/").content.decode()
    assert "Fox" in page
    assert f"/characters/{character.public_id}/" not in page, "it was not shared with rae"
