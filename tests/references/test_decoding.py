"""Pictures are read beside the web, one of each person at a time and few in all."""

import io
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from sora_portal.references import decoding, pictures
from sora_portal.references.decoding import Busy
from sora_portal.references.pictures import NotAPicture
from tests import factories
from tests.references import files


def test_picture_comes_from_the_childs_process_as_it_would_from_ours() -> None:
    assert decoding.read(io.BytesIO(files.telling_jpeg()), person=1) == pictures.make(files.telling_jpeg())


@pytest.mark.parametrize(
    ("data", "words"), [(b"", "empty"), (files.HTML, "not a JPG"), (files.too_large(), "larger than 10 MB")]
)
def test_bad_file_is_refused_by_the_child_with_its_sentence(data: bytes, words: str) -> None:
    with pytest.raises(NotAPicture, match=words):
        decoding.read(io.BytesIO(data), person=1)


@pytest.mark.parametrize("command", ["kill -SEGV $$", "sleep 60", "echo '{\"sizes\": [5, 5]}'"])
def test_child_that_dies_hangs_or_stops_early_is_a_damaged_picture(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\nexec 2>/dev/null\n{command}\n")
    program.chmod(0o700)
    monkeypatch.setattr(decoding.sys, "executable", str(program))
    monkeypatch.setattr(decoding, "WALL_SECONDS", 0.5)
    with pytest.raises(NotAPicture, match="damaged"):
        decoding.read(io.BytesIO(files.png()), person=1)


def test_person_has_one_turn_at_a_time() -> None:
    with decoding.turn(1):
        with pytest.raises(Busy, match="yours"), decoding.turn(1):
            raise AssertionError
        with decoding.turn(2):
            pass
    with decoding.turn(1):
        pass


def test_seats_are_few_for_all_people_together() -> None:
    with decoding.turn(1), decoding.turn(2), pytest.raises(Busy, match="other people"), decoding.turn(3):
        raise AssertionError
    with decoding.turn(3):
        pass


@pytest.mark.django_db
def test_upload_that_has_no_turn_is_told_when_to_come_again(client: Client) -> None:
    ada = factories.ada()
    client.force_login(ada)
    with decoding.turn(ada.pk):
        answer = client.post("/pictures/add/", {"picture": SimpleUploadedFile("a.png", files.png(), "image/png")})
    assert (answer.status_code, answer["Retry-After"]) == (429, "1")
    assert "in a moment" in answer.json()["error"]
