"""A kept file that is no longer what was kept: shown as damaged, its approval void, its download refused."""

import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sora_portal.errors import Refused
from sora_portal.generations.models import Generation
from sora_portal.installation import media
from sora_portal.operations.tasks import look_at_files
from sora_portal.outputs.media import integrity, storage
from sora_portal.outputs.models import Output
from sora_portal.reviews import queries as reviews
from tests import factories
from tests.outputs import clips
from tests.references import rows
from tests.reviews import shots

pytestmark = pytest.mark.django_db


@pytest.fixture
def row() -> Generation:
    """An approved video with its real file."""
    made = clips.kept(clips.clip())
    shots.decide(made)
    return Generation.objects.select_related("output").get(pk=made.pk)


def status_of(client: Client, address: str) -> int:
    """Return the status of an answer whose file is closed again; the end of a request would close the database too."""
    answer = client.get(address)
    for close in answer._resource_closers:
        close()
    return answer.status_code


def path_of(row: Generation) -> Path:
    return storage.video_path(row.sha256, "video/mp4")


def rot(row: Generation) -> None:
    """Change one byte and leave size and time as they were, as a failing disk does."""
    known = path_of(row).stat()
    content = bytearray(path_of(row).read_bytes())
    content[-1] ^= 1
    path_of(row).write_bytes(content)
    os.utime(path_of(row), ns=(known.st_atime_ns, known.st_mtime_ns))


DAMAGE: dict[str, Any] = {
    "overwritten": lambda row: path_of(row).write_bytes(b"x" * path_of(row).stat().st_size),
    "cut": lambda row: path_of(row).write_bytes(path_of(row).read_bytes()[:-1]),
    "missing": lambda row: path_of(row).unlink(),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_serving_notices_and_refuses(damage: str, row: Generation, client: Client) -> None:
    client.force_login(factories.ada())
    url = reverse("outputs:file", args=[row.public_id])
    assert status_of(client, url) == 200
    whole = path_of(row).read_bytes()
    DAMAGE[damage](row)

    for address in (url, f"{url}?download=1"):
        assert status_of(client, address) == 410
    page = client.get(reverse("outputs:video", args=[row.public_id])).content.decode()
    assert "The stored file of this video is damaged" in page
    assert "File damaged" in page
    assert "download=1" not in page
    row.refresh_from_db()
    assert reviews.approval(row) is None
    assert row.public_id not in client.get("/library/?show=approved").content.decode()

    path_of(row).write_bytes(whole)
    assert status_of(client, url) == 200
    row.refresh_from_db()
    assert reviews.approval(row) is not None
    assert [event.kind for event in row.events.order_by("pk")][-2:] == ["file", "file"]


def test_damage_that_no_size_and_time_show_is_found_by_the_hourly_look(row: Generation, client: Client) -> None:
    rot(row)
    client.force_login(factories.ada())
    Output.objects.update(hashed_at=None)

    look_at_files()

    assert status_of(client, reverse("outputs:file", args=[row.public_id])) == 410
    client.force_login(factories.mo())
    assert "its content is not what was stored" in client.get("/team/reconciliation/").content.decode()


def test_file_that_was_only_copied_back_is_read_once_and_served(row: Generation, client: Client) -> None:
    os.utime(path_of(row), (1, 1))
    client.force_login(factories.ada())
    assert status_of(client, reverse("outputs:file", args=[row.public_id])) == 200
    assert Output.objects.get().mtime_ns == 1_000_000_000


def test_damaged_video_can_be_reopened_and_not_approved(row: Generation) -> None:
    path_of(row).unlink()
    integrity.check(row.output, now=timezone.now())  # type: ignore[attr-defined]

    shots.decide(row, "reopen", "Where is it")
    with pytest.raises(Refused, match="damaged"):
        shots.decide(row)


@pytest.mark.parametrize("options", [{}, {"checksums": True}])
def test_command_looks_at_every_file(options: dict[str, bool], row: Generation, capsys: Any) -> None:
    picture = rows.picture()
    call_command("files_check", **options)
    assert "Every kept file is there." in capsys.readouterr().out
    rot(row)
    (storage.root() / "references" / f"{picture.public_id}.jpg").unlink()

    with pytest.raises(SystemExit):
        call_command("files_check", **options)

    said = capsys.readouterr().out
    assert f"picture {picture.public_id}" in said
    assert (f"video {row.public_id}" in said) is bool(options)


def move_away() -> Path:
    """Take the media folder away, and let a start make an empty one in its place."""
    away = storage.root().with_name("away")
    storage.root().rename(away)
    storage.root().mkdir()
    return away


def test_another_folder_breaks_no_file_and_everything_is_back_with_it(row: Generation, client: Client) -> None:
    away = move_away()
    client.force_login(factories.ada())
    url = reverse("outputs:file", args=[row.public_id])

    assert status_of(client, url) == 503
    look_at_files()
    with pytest.raises(CommandError, match="is missing"):
        call_command("files_check")
    row.refresh_from_db()
    assert row.broken_at is None

    storage.root().rmdir()
    away.rename(storage.root())
    assert status_of(client, url) == 200


def test_folder_that_is_lost_for_good_is_replaced_by_decision(row: Generation) -> None:
    move_away()
    with pytest.raises(SystemExit):
        call_command("files_check", take_folder=True)
    row.refresh_from_db()
    assert media.is_here()
    assert row.broken_at is not None
