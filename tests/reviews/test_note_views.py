"""`/review/<id>/notes/` and `…/resolve/`: notes on frames."""

import json
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from sora_portal.accounts.models import User
from sora_portal.generations.models import Generation
from sora_portal.reviews.models import Note
from tests import factories
from tests.reviews import shots

pytestmark = pytest.mark.django_db
TYPED = {"note-text": "Horizon tilts", "note-at": "00:02:11"}


def url(row: Generation) -> str:
    return reverse("reviews:note", args=[row.public_id])


def resolving(note: Note) -> str:
    return reverse("reviews:resolve", args=[note.generation.public_id, note.pk])


def test_note_sends_a_visitor_to_sign_in(client: Client) -> None:
    row = shots.video()
    assert client.post(url(row), TYPED).headers["Location"].startswith("/accounts/login/")


def test_notes_take_only_post(client: Client) -> None:
    note = shots.note(shots.video())
    client.force_login(factories.rae())
    assert client.get(url(note.generation)).status_code == 405
    assert client.get(resolving(note)).status_code == 405


@pytest.mark.parametrize(
    ("persona", "status"), [(factories.eve, 404), (factories.ada, 403), (factories.rae, 302), (factories.mo, 302)]
)
def test_note_by_persona(client: Client, persona: Callable[[], User], status: int) -> None:
    row = shots.video()
    client.force_login(persona())
    assert client.post(url(row), TYPED).status_code == status
    assert Note.objects.count() == (status == 302)


def test_note_without_htmx_leads_back_to_the_notes(client: Client) -> None:
    row = shots.video()
    client.force_login(factories.rae())
    assert client.post(url(row), TYPED).headers["Location"] == f"/review/{row.public_id}/#notes"
    note = Note.objects.get()
    assert (note.frame, note.fps, note.text, note.by) == (59, 24.0, "Horizon tilts", factories.rae())


def test_note_with_htmx_answers_the_notes_and_their_marks(client: Client) -> None:
    row = shots.video()
    client.force_login(factories.rae())
    answer = client.post(url(row), TYPED, headers=shots.HTMX)
    assert answer.status_code == 200
    assert 'data-seek="59" aria-label="Go to 00:02:11"' in answer.text
    assert '<hx-partial hx-target="#player-marks"' in answer.text
    assert '<path d="M59 0V8" />' in answer.text
    assert json.loads(answer.headers["HX-Trigger"])["toast"]["text"] == "Note added at 00:02:11"
    assert "<html" not in answer.text


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"note-text": "  "}, "Write what should change on this frame."),
        ({"note-at": "soon"}, "Write a time code such as 00:02:11"),
        ({"note-at": ""}, "Write a time code such as 00:02:11"),
        ({"note-at": "00:12:00"}, "The video ends at 00:09:23."),
    ],
)
def test_note_that_makes_no_sense_is_422_with_the_text_kept(
    client: Client, changes: dict[str, str], sentence: str, htmx: bool
) -> None:
    row = shots.video()
    client.force_login(factories.rae())
    typed = {**TYPED, **changes}
    answer = client.post(url(row), typed, headers=shots.HTMX if htmx else {})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert typed["note-text"] in answer.text
    assert not Note.objects.exists()


@pytest.mark.parametrize("htmx", [False, True])
def test_note_on_a_video_closed_meanwhile_is_409(client: Client, htmx: bool) -> None:
    row = shots.video()
    shots.decide(row, by=factories.mo())
    client.force_login(factories.rae())
    answer = client.post(url(row), TYPED, headers=shots.HTMX if htmx else {})
    assert answer.status_code == 409
    assert "This video is approved, so its notes are closed." in answer.text
    assert "Horizon tilts" in answer.text


def test_note_on_ones_own_video_is_refused(client: Client) -> None:
    row = shots.video(author=factories.rae())
    client.force_login(factories.rae())
    assert client.post(url(row), TYPED).status_code == 403


def test_resolve_crosses_a_note_out_and_takes_its_mark_away(client: Client) -> None:
    note = shots.note(shots.video())
    client.force_login(factories.mo())
    answer = client.post(resolving(note), {"resolved": "1"}, headers=shots.HTMX)
    assert 'class="resolved"' in answer.text
    assert "resolved by you" in answer.text
    assert "0 open" in answer.text
    assert "M59 0V8" not in answer.text
    answer = client.post(resolving(note), {"resolved": "0"}, headers=shots.HTMX)
    assert "1 open" in answer.text


def test_resolve_without_htmx_leads_back_to_the_notes(client: Client) -> None:
    note = shots.note(shots.video())
    client.force_login(factories.rae())
    answer = client.post(resolving(note), {"resolved": "1"})
    assert answer.headers["Location"] == f"/review/{note.generation.public_id}/#notes"


@pytest.mark.parametrize(("persona", "status"), [(factories.eve, 404), (factories.ada, 403)])
def test_resolve_by_persona(client: Client, persona: Callable[[], User], status: int) -> None:
    note = shots.note(shots.video())
    client.force_login(persona())
    assert client.post(resolving(note), {"resolved": "1"}).status_code == status
    note.refresh_from_db()
    assert note.is_open


def test_resolve_of_another_videos_note_is_not_there(client: Client) -> None:
    note, other = shots.note(shots.video()), shots.video()
    client.force_login(factories.rae())
    assert client.post(reverse("reviews:resolve", args=[other.public_id, note.pk])).status_code == 404


def test_resolve_on_a_closed_review_is_refused_with_a_sentence(client: Client) -> None:
    note = shots.note(shots.video())
    shots.decide(note.generation)
    client.force_login(factories.rae())
    answer = client.post(resolving(note), {"resolved": "1"}, headers=shots.HTMX)
    assert answer.status_code == 409
    assert "its notes are closed" in answer.headers["HX-Trigger"]
