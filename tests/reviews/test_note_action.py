"""`reviews.actions.add_note` and `resolve_note`."""

import pytest
from django.utils import timezone

from sora_portal.errors import NotAllowed
from sora_portal.reviews import actions, queries
from sora_portal.reviews.models import Note
from tests import factories
from tests.reviews import shots

pytestmark = pytest.mark.django_db


def test_note_keeps_frame_and_rate_and_derives_the_timecode() -> None:
    note = shots.note(shots.video(), frame=59)
    assert (note.frame, note.fps, note.timecode, note.is_open) == (59, 24.0, "00:02:11", True)


def test_notes_come_in_the_order_of_the_video() -> None:
    row = shots.video()
    for frame in (148, 3, 59):
        shots.note(row, frame=frame)
    assert [note.frame for note in queries.notes(row)] == [3, 59, 148]


def test_note_on_ones_own_video_is_refused() -> None:
    with pytest.raises(NotAllowed):
        shots.note(shots.video(author=factories.rae()))


def test_note_by_a_member_is_refused() -> None:
    with pytest.raises(NotAllowed):
        shots.note(shots.video(), by=factories.ada())


@pytest.mark.parametrize("review", ["approved", "rejected"])
def test_note_on_a_closed_review_is_refused(review: str) -> None:
    with pytest.raises(actions.Closed, match=f"is {review}"):
        shots.note(shots.video(review))
    assert not Note.objects.exists()


def test_resolve_note_says_who_and_can_be_taken_back() -> None:
    note = shots.note(shots.video())
    mo, now = factories.mo(), timezone.now()
    assert actions.resolve_note(by=mo, note=note, resolved=True, now=now)
    note.refresh_from_db()
    assert (note.resolved_by, note.resolved_at) == (mo, now)
    assert actions.resolve_note(by=mo, note=note, resolved=False, now=now)
    note.refresh_from_db()
    assert (note.resolved_by, note.resolved_at) == (None, None)


def test_resolve_note_twice_keeps_the_first() -> None:
    note = shots.note(shots.video())
    actions.resolve_note(by=factories.mo(), note=note, resolved=True, now=timezone.now())
    assert not actions.resolve_note(by=factories.rae(), note=note, resolved=True, now=timezone.now())
    note.refresh_from_db()
    assert note.resolved_by == factories.mo()


def test_resolve_note_on_a_closed_review_is_refused() -> None:
    row = shots.video()
    note = shots.note(row)
    shots.decide(row)
    with pytest.raises(actions.Closed, match="is approved"):
        actions.resolve_note(by=factories.rae(), note=note, resolved=True, now=timezone.now())


def test_resolve_note_by_a_member_is_refused() -> None:
    note = shots.note(shots.video())
    with pytest.raises(NotAllowed):
        actions.resolve_note(by=factories.ada(), note=note, resolved=True, now=timezone.now())
