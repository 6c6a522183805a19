"""`manage.py take_file`: a file that was had by another way becomes the video, examined like any other."""

import gzip
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from sora_portal.generations.domain import State
from sora_portal.generations.models import Generation
from sora_portal.ledger.models import Journal
from tests import factories
from tests.outputs import clips

pytestmark = pytest.mark.django_db


@pytest.fixture
def row() -> Generation:
    """A finished task whose file cannot be had."""
    factories.mo()
    return factories.generation(state=State.NEEDS_DECISION)


def take(row: Generation, file: Path, by: str = "mo") -> None:
    call_command("take_file", row.public_id, str(file), by=by, reason="sent by mail")


def test_file_is_kept_and_the_credits_are_spent_once(row: Generation, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(gzip.compress(clips.clip()))

    take(row, tmp_path / "a.txt")
    with pytest.raises(CommandError, match="no finished task"):
        take(row, tmp_path / "a.txt")

    row.refresh_from_db()
    assert (row.state, row.review) == ("succeeded", "to_review")
    assert row.output.size == len(clips.clip())  # type: ignore[attr-defined]
    assert Journal.objects.filter(kind="capture", ref=row.public_id).count() == 1
    assert row.events.filter(text="The file was given by hand: sent by mail", by__username="mo").exists()
    assert (tmp_path / "a.txt").exists()


@pytest.mark.parametrize(("content", "by", "words"), [(b"no video", "mo", "neither MP4"), (b"", "ada", "admin")])
def test_other_files_and_other_people_change_nothing(
    content: bytes, by: str, words: str, row: Generation, tmp_path: Path
) -> None:
    (tmp_path / "a").write_bytes(content)

    with pytest.raises(CommandError, match=words):
        take(row, tmp_path / "a", by)

    row.refresh_from_db()
    assert (row.state, row.hold.state) == ("needs_decision", "held")


@pytest.mark.parametrize(
    ("video", "by", "words"),
    [("nothere", "mo", "There is no video 'nothere'"), ("nothere", "zed", "No person has the sign-in name 'zed'")],
)
def test_unknown_video_or_person_is_a_sentence(tmp_path: Path, video: str, by: str, words: str) -> None:
    factories.mo()
    with pytest.raises(CommandError, match=words):
        call_command("take_file", video, str(tmp_path / "x.mp4"), by=by)
