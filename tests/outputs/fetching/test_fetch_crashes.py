"""Workers that die, freeze or meet while they fetch: nothing is doubled, lost or half visible."""

import os
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.utils import timezone

from sora_portal.generations.domain import FETCH_LEASE, LOST_LEASES_LIMIT
from sora_portal.generations.models import Generation
from sora_portal.generations.transitions import Lost
from sora_portal.ledger.models import Journal
from sora_portal.outputs.fetching import fetch as fetching_fetch
from sora_portal.outputs.fetching import ingest
from sora_portal.outputs.media import storage
from sora_portal.outputs.models import Download, Output
from sora_portal.outputs.tasks import fetch
from tests.outputs import clips
from tests.outputs.fetching.media_server import MediaServer

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """Stands for SIGKILL: no handler of ours may see it coming."""


def dies(*args: object, **kwargs: object) -> None:
    """Die here."""
    raise Killed


def lease_ends(row: Generation) -> None:
    """Let the lease of whoever fetches `row` run out."""
    Download.objects.filter(pk=row.pk).update(until=timezone.now() - timedelta(seconds=1))


def files(data_dir: Path) -> list[Path]:
    """Return what lies in the media folder, parts left out."""
    return [path for path in (data_dir / "media").rglob("*.*") if path.parent.name != "parts"]


@pytest.mark.parametrize(
    ("where", "left"),
    [
        ("fetching.ingest.download", 0),
        ("fetching.ingest.inspect", 0),
        ("media.storage.keep", 0),
        ("fetching.fetch.note_file", 2),
        ("fetching.fetch.move", 2),
    ],
)
def test_fetch_after_a_death_at_any_step_ends_with_one_file_and_one_capture(
    where: str, left: int, media_host: MediaServer, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = clips.fetching(media_host.serve("/a.mp4", clips.clip()))
    with monkeypatch.context() as patched:
        patched.setattr(f"sora_portal.outputs.{where}", dies)
        with pytest.raises(Killed):
            fetch(row.pk)
    assert len(files(data_dir)) == left
    assert not Output.objects.exists()

    fetch(row.pk)  # too early: the dead worker's lease still runs
    row.refresh_from_db()
    assert row.state == "fetching"
    lease_ends(row)
    fetch(row.pk)

    row.refresh_from_db()
    assert row.state == "succeeded"
    assert len(files(data_dir)) == 2
    assert Journal.objects.filter(kind="capture", ref=row.public_id).count() == 1


def test_fetch_that_kills_its_worker_every_time_needs_a_decision(
    media_host: MediaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = clips.fetching(media_host.serve("/a.mp4", clips.clip()))
    monkeypatch.setattr(ingest, "download", dies)
    for _ in range(LOST_LEASES_LIMIT):
        with pytest.raises(Killed):
            fetch(row.pk)
        lease_ends(row)

    fetch(row.pk)

    row.refresh_from_db()
    assert (row.state, row.lost_leases) == ("needs_decision", 0)
    assert "An admin has to look at it" in row.failure_text


def during(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Do something between the download and the examination."""
    inspect = ingest.inspect

    def acting(*args: object, **kwargs: object) -> object:
        act()
        return inspect(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(ingest, "inspect", acting)


def test_fetch_by_a_second_worker_meanwhile_does_not_download_again(
    media_host: MediaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = clips.fetching(media_host.serve("/a.mp4", clips.clip()))
    during(monkeypatch, lambda: fetch(row.pk))

    fetch(row.pk)

    row.refresh_from_db()
    assert row.state == "succeeded"
    assert len(media_host.asked) == 1


def test_fetch_by_a_worker_that_slept_past_its_lease_writes_nothing(
    media_host: MediaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = clips.fetching(media_host.serve("/a.mp4", clips.clip()))

    def overtake() -> None:
        lease_ends(row)
        assert fetching_fetch._claim(row.pk, timezone.now()) is not None

    during(monkeypatch, overtake)

    fetch(row.pk)

    row.refresh_from_db()
    assert row.state == "fetching"
    assert not Output.objects.exists()
    assert not Journal.objects.filter(kind="capture", ref=row.public_id).exists()
    assert Download.objects.get(pk=row.pk).until > timezone.now()


def test_fetch_whose_failure_comes_too_late_changes_nothing(
    media_host: MediaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = clips.fetching(media_host.serve("/a.mp4", b"\x00" * 100))

    def overtake() -> None:
        lease_ends(row)
        assert fetching_fetch._claim(row.pk, timezone.now()) is not None

    during(monkeypatch, overtake)

    fetch(row.pk)

    row.refresh_from_db()
    assert (row.tries, row.failure_text) == (0, "")
    assert Download.objects.get(pk=row.pk).busy


def test_fetch_of_a_row_that_has_its_file_already_keeps_the_first(media_host: MediaServer) -> None:
    row = clips.fetching(media_host.serve("/a.mp4", clips.clip()))
    first = clips.finished()
    Output.objects.filter(generation=first).update(generation=row)

    fetch(row.pk)

    assert Output.objects.get(generation=row).sha256 == first.sha256
    assert not Journal.objects.filter(kind="capture", ref=row.public_id).exists()


def test_fetch_without_any_address_needs_a_decision() -> None:
    row = clips.fetching()

    fetch(row.pk)

    row.refresh_from_db()
    assert row.state == "needs_decision"


def test_lease_is_renewed_when_a_third_of_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    row = clips.fetching("http://127.0.0.1/a.mp4")
    claim = fetching_fetch._claim(row.pk, timezone.now() - timedelta(seconds=60))
    assert claim is not None
    clock = time.monotonic()
    monkeypatch.setattr(ingest.time, "monotonic", lambda: clock)
    keep = ingest.keeper(partial(fetching_fetch._renew, claim))

    keep()
    assert due_in(row) < FETCH_LEASE - 50
    clock += FETCH_LEASE / 3 + 1
    keep()

    assert FETCH_LEASE - 5 < due_in(row) <= FETCH_LEASE
    assert Download.objects.get(pk=row.pk).until > timezone.now() + timedelta(seconds=FETCH_LEASE - 5)


def test_lease_that_somebody_else_has_taken_cannot_be_renewed() -> None:
    row = clips.fetching("http://127.0.0.1/a.mp4")
    claim = fetching_fetch._claim(row.pk, timezone.now())
    lease_ends(row)
    second = fetching_fetch._claim(row.pk, timezone.now())
    assert claim is not None
    assert second is not None

    with pytest.raises(Lost):
        fetching_fetch._renew(claim, timezone.now())
    fetching_fetch._renew(second, timezone.now())


def due_in(row: Generation) -> float:
    """Return the seconds until `row` is due."""
    row.refresh_from_db()
    assert row.due_at is not None
    return (row.due_at - timezone.now()).total_seconds()


def test_worker_shows_life_while_it_fetches(
    media_host: MediaServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = clips.fetching(media_host.serve("/a.mp4", clips.clip()))
    signs = tmp_path / "alive"
    monkeypatch.setenv("SORA_PORTAL_BEAT_FILE", str(signs))
    during(monkeypatch, signs.unlink)

    with ingest.showing_life(5):
        pass
    fetch(row.pk)

    assert signs.exists()


def test_janitor_removes_parts_that_are_an_hour_old_and_no_others(data_dir: Path) -> None:
    old, young = storage.new_part(), storage.new_part()
    for path in (old, young):
        path.write_bytes(b"x")
    hour_ago = time.time() - 3700
    os.utime(old, (hour_ago, hour_ago))

    assert storage.clean_parts() == 1
    assert not old.exists()
    assert young.exists()


def test_janitor_looks_once_in_five_minutes(data_dir: Path) -> None:
    now = time.time()
    storage.clean_parts(now)
    part = storage.new_part()
    part.write_bytes(b"x")
    os.utime(part, (now - 4000, now - 4000))

    assert storage.clean_parts(now + 200) == 0
    assert storage.clean_parts(now + 301) == 1
