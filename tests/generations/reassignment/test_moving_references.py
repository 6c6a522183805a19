"""Moving a video that carries a picture or a character: what the new vendor cannot use is found out before it moves."""

import re

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from sora_portal.accounts.models import User
from sora_portal.catalog import actions as catalog
from sora_portal.catalog.models import Connection
from sora_portal.generations.dispatch import claim
from sora_portal.generations.models import Generation
from sora_portal.generations.reassignment import actions
from sora_portal.generations.reassignment.actions import Reassigned, Unmovable
from sora_portal.ledger import actions as credits
from sora_portal.references import actions as references
from tests import factories
from tests.generations.reassignment.waiting import books_are_right, place, queued, retire
from tests.references import rows

pytestmark = pytest.mark.django_db
URL = "/team/models/ruxa-sora-2/waiting/"
RETIRED = "Fox is retired. Choose another character."


@pytest.fixture(autouse=True)
def reachable(settings: Settings) -> None:
    settings.SORA_PORTAL_PUBLIC_URL = "http://127.0.0.1:8000"


def _with_a_retired_character() -> Generation:
    """Return a video of ada's that waits for a retired model, with a character that must not be used any more."""
    fox = rows.from_clip()
    video = queued(1, character=fox.choice)[0]
    references.set_retired(by=factories.mo(), character=fox, retired=True, now=timezone.now())
    retire(successor="ruxa-sora-2-hd")
    return video


def _move(model: str = "ruxa-sora-2-hd", leftover: Unmovable = Unmovable.RELEASE) -> Reassigned:
    where, onto = place(factories.offered_model()), factories.offered_model(model)
    return actions.move_all(by=factories.mo(), place=where, onto=onto, leftover=leftover, now=timezone.now())


def _words(client: Client, address: str = URL) -> str:
    return " ".join(client.get(address).content.decode().split())


def test_a_character_that_is_retired_meanwhile_is_released_with_that_reason() -> None:
    _with_a_retired_character()
    assert _move() == Reassigned(released=1)
    row = Generation.objects.get()
    assert row.failure_text == f"Sora 2 has ended, so this video was not sent. Sora 2 HD cannot make it: {RETIRED}"
    books_are_right()


def test_what_cannot_be_moved_stays_where_the_admin_wants_it_to() -> None:
    other = queued(1)[0]
    video = _with_a_retired_character()
    assert _move(leftover=Unmovable.STAY) == Reassigned(moved=1, stayed=1, left=1)
    video.refresh_from_db()
    other.refresh_from_db()
    assert (video.state, video.model.slug, other.model.slug) == ("queued", "ruxa-sora-2", "ruxa-sora-2-hd")
    books_are_right()


def test_what_stays_waits_whatever_became_of_its_references_until_its_place_opens_again() -> None:
    video = _with_a_retired_character()
    _move(leftover=Unmovable.STAY)
    assert claim.claim(video.pk, timezone.now()) is None
    video.refresh_from_db()
    assert (video.state, video.waiting_for[:17]) == ("queued", "Sora 2 has ended.")
    catalog.set_model_lifecycle(by=factories.mo(), model=video.model, lifecycle="active")
    catalog.pause_connection(by=factories.mo(), connection=video.connection, reason="It closed down")
    assert claim.claim(video.pk, timezone.now()) is None
    video.refresh_from_db()
    assert (video.state, video.waiting_for[:18]) == ("queued", "Ruxa AI is paused.")
    catalog.resume_connection(by=factories.mo(), connection=video.connection)
    assert claim.claim(video.pk, timezone.now()) is None
    video.refresh_from_db()
    assert (video.state, video.failure_text) == ("failed", RETIRED)


def test_a_picture_that_the_new_vendor_cannot_fetch_keeps_its_video_from_moving() -> None:
    # The sandbox fetches from loopback; a vendor outside, which this is with a key, does not.
    queued(1, image=rows.picture().choice)
    retire()
    catalog.set_key(by=factories.mo(), connection=Connection.objects.get(slug="apixo"), key="sk-real")
    assert _move("apixo-wan-2-5") == Reassigned(released=1)
    assert "APIXO cannot fetch uploaded pictures from this portal" in Generation.objects.get().failure_text


def test_what_the_new_vendor_can_use_moves_and_is_sent() -> None:
    video = queued(1, character=rows.from_clip().choice)[0]
    other = queued(1, image=rows.picture().choice)[0]
    retire()
    assert _move() == Reassigned(moved=2)
    assert claim.claim(video.pk, timezone.now()) is not None
    assert claim.claim(other.pk, timezone.now()) is not None


def test_over_budget_stays_too_where_the_admin_wants_that(mo: User) -> None:
    scope = credits.scope_for_member(factories.ada())
    credits.set_quota(by=mo, scope=scope, monthly=50_000, now=timezone.now())
    queued(1)
    retire()
    assert _move(leftover=Unmovable.STAY) == Reassigned(stayed=1, left=1)
    books_are_right()


def test_the_page_lists_what_cannot_be_moved_and_asks_what_becomes_of_it(admin: Client) -> None:
    _with_a_retired_character()
    page = _words(admin)
    assert "1 cannot be moved:" in page
    assert f"1 × {RETIRED}" in page
    onto = str(factories.offered_model("ruxa-sora-2-hd").pk)
    for shown in (page, _words(admin, f"{URL}?onto={onto}")):
        assert 'name="leftover" value="stay"' in shown
        assert re.search(r'name="leftover" value="release"[^>]* checked', shown)
    answer = admin.post(URL, {"way": "move", "onto": onto, "leftover": "stay"})
    assert answer["Location"] == URL
    assert "Sora 2: 0 moved to Sora 2 HD; 1 cannot be moved and still waits" in _words(admin)
    assert Generation.objects.get().state == "queued"


def test_without_a_word_about_the_rest_it_is_released(admin: Client) -> None:
    _with_a_retired_character()
    admin.post(URL, {"way": "move", "onto": str(factories.offered_model("ruxa-sora-2-hd").pk)})
    assert Generation.objects.get().state == "failed"
