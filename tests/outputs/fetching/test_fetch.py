"""From FETCHING to SUCCEEDED against a real media host, and every way in which that ends otherwise."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from sora_portal.generations.domain import FETCH_LIMIT, SLOW_POLL, State
from sora_portal.generations.models import Generation
from sora_portal.ledger.models import Journal
from sora_portal.outputs.domain import SENTENCES, Reason
from sora_portal.outputs.fetching import ingest, inspect
from sora_portal.outputs.media import storage
from sora_portal.outputs.models import Download, Output
from sora_portal.outputs.tasks import fetch
from tests.outputs import clips
from tests.outputs.fetching.media_server import MediaServer
from tests.outputs.media import odd_clips

pytestmark = pytest.mark.django_db


def again(row: Generation) -> None:
    """Let the pause of a failed try be over."""
    Download.objects.filter(pk=row.pk).update(until=timezone.now() - timedelta(seconds=1))


def media_files(data_dir: Path) -> list[str]:
    """Return the stored files, parts included, by name."""
    return sorted(path.name for path in (data_dir / "media").rglob("*.*"))


def test_fetch_stores_the_file_under_its_checksum_and_captures_once(media_host: MediaServer, data_dir: Path) -> None:
    row = clips.fetching(media_host.serve("/a.mp4", clips.clip()))

    fetch(row.pk)
    fetch(row.pk)

    row.refresh_from_db()
    sha256 = hashlib.sha256(clips.clip()).hexdigest()
    assert (row.state, row.review, row.sha256) == ("succeeded", "to_review", sha256)
    assert (row.width, row.height, row.duration_ms) == (96, 64, 2000)
    output = Output.objects.get(generation=row)
    assert (output.size, output.mime, output.codec, output.fps) == (len(clips.clip()), "video/mp4", "h264", 12.0)
    assert output.has_audio is False
    assert output.source_host == "127.0.0.1"
    assert media_files(data_dir) == [f"{sha256}.mp4", f"{sha256}.webp"]
    assert storage.video_path(sha256, "video/mp4").read_bytes() == clips.clip()
    assert storage.poster_path(sha256).read_bytes()[8:12] == b"WEBP"
    assert Journal.objects.filter(kind="capture", ref=row.public_id).count() == 1
    assert row.hold.state == "settled"
    assert row.hold.captured == row.price_milli
    assert not Download.objects.exists()


def test_fetch_of_equal_files_keeps_one_file(media_host: MediaServer, data_dir: Path) -> None:
    url = media_host.serve("/a.mp4", clips.clip())
    first, second = clips.fetching(url), clips.fetching(url)

    fetch(first.pk)
    fetch(second.pk)

    assert Output.objects.count() == 2
    assert len(media_files(data_dir)) == 2


def test_fetch_takes_the_next_address_when_the_first_is_gone(media_host: MediaServer) -> None:
    row = clips.fetching(media_host.at("/gone.mp4"), media_host.serve("/b.mp4", clips.clip()))

    fetch(row.pk)

    row.refresh_from_db()
    assert row.state == "succeeded"


@pytest.mark.parametrize("state", [State.RUNNING, State.FAILED, State.SUCCEEDED, State.NEEDS_DECISION])
def test_fetch_of_a_row_that_is_not_fetching_does_nothing(state: State, media_host: MediaServer) -> None:
    row = clips.factories.generation(state=state)

    fetch(row.pk)

    row.refresh_from_db()
    assert row.state == state
    assert media_host.asked == []


def test_fetch_of_a_web_page_says_so_and_tries_again_later(media_host: MediaServer, data_dir: Path) -> None:
    row = clips.fetching(media_host.serve("/a.mp4", b"<!doctype html><p>sign in", kind="video/mp4"))
    before = timezone.now()

    fetch(row.pk)
    fetch(row.pk)  # too early: the pause is not over

    row.refresh_from_db()
    assert (row.state, row.tries) == ("fetching", 1)
    assert row.failure_text.startswith(SENTENCES[Reason.WEB_PAGE])
    assert row.due_at is not None
    assert timedelta(seconds=2) < row.due_at - before < timedelta(seconds=10)
    told = row.events.last()
    assert told is not None
    assert told.staff_text == "web_page: 127.0.0.1/a.mp4 sends HTML"
    assert len(media_host.asked) == 1
    assert media_files(data_dir) == []
    assert row.hold.state == "held"


def test_fetch_that_fails_the_same_way_again_tells_it_once(media_host: MediaServer) -> None:
    row = clips.fetching(media_host.at("/gone.mp4"))

    for _ in range(3):
        fetch(row.pk)
        again(row)

    row.refresh_from_db()
    assert row.tries == 3
    assert row.events.filter(kind="fetch").count() == 1


def test_fetch_after_the_last_try_needs_a_decision_and_keeps_the_hold(media_host: MediaServer) -> None:
    row = clips.fetching(media_host.at("/gone.mp4"))
    Generation.objects.filter(pk=row.pk).update(tries=FETCH_LIMIT - 1)
    before = timezone.now()

    fetch(row.pk)

    row.refresh_from_db()
    assert row.state == "needs_decision"
    assert row.failure_text.startswith(SENTENCES[Reason.GONE])
    assert row.due_at is not None
    assert row.due_at >= before + timedelta(seconds=SLOW_POLL)
    assert row.hold.state == "held"
    assert Download.objects.get(pk=row.pk).until <= timezone.now()


def test_fetch_succeeds_after_trouble_and_forgets_it(media_host: MediaServer) -> None:
    row = clips.fetching(media_host.at("/a.mp4"))
    fetch(row.pk)
    media_host.serve("/a.mp4", clips.clip())
    again(row)

    fetch(row.pk)

    row.refresh_from_db()
    assert (row.state, row.failure_text) == ("succeeded", "")


def test_fetch_with_a_full_disk_does_not_count_as_a_try(
    media_host: MediaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = clips.fetching(media_host.serve("/a.mp4", clips.clip()))

    def full(part: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storage, "keep", full)

    fetch(row.pk)

    row.refresh_from_db()
    assert (row.state, row.tries) == ("fetching", 0)
    assert row.failure_text.startswith(SENTENCES[Reason.OURS])


def test_fetch_without_test_mode_refuses_loopback(media_host: MediaServer, settings: Settings) -> None:
    settings.SORA_PORTAL_TEST_MODE = False
    row = clips.fetching(media_host.serve("/a.mp4", clips.clip()))

    fetch(row.pk)

    row.refresh_from_db()
    assert row.failure_text.startswith(SENTENCES[Reason.ADDRESS])
    assert media_host.asked == []


def test_fetch_without_test_mode_takes_the_sandbox_it_was_sent_to(media_host: MediaServer, settings: Settings) -> None:
    settings.SORA_PORTAL_TEST_MODE = False
    settings.SORA_PORTAL_SANDBOX_URL = media_host.at("")
    row = clips.fetching(media_host.serve("/a.mp4", clips.clip()))

    fetch(row.pk)

    row.refresh_from_db()
    assert row.state == "succeeded"


def test_gate_of_an_attempt_at_a_vendor_does_not_open_the_sandbox(settings: Settings) -> None:
    settings.SORA_PORTAL_TEST_MODE = False
    row = clips.fetching("https://cdn.ruxa.ai/a.mp4")
    attempt = row.attempts.get()
    attempt.base_url = "https://api.ruxa.ai"

    gate = ingest.gate_of(attempt)

    assert (gate.hosts, gate.sandbox, gate.loopback) == (("ruxa.ai",), "", False)


@pytest.mark.parametrize(("seconds", "made"), [(90.0, True), (0.0, False)])
def test_fetch_of_what_not_every_browser_plays_makes_a_preview_or_does_without(
    seconds: float, made: bool, media_host: MediaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspect, "PREVIEW_SECONDS", seconds)
    row = clips.fetching(media_host.serve("/a.mp4", odd_clips.made(codec="libx265", options=())))

    fetch(row.pk)

    row.refresh_from_db()
    output = Output.objects.get(generation=row)
    assert (row.state, output.codec, output.has_preview) == ("succeeded", "hevc", made)
    assert storage.preview_path(row.sha256).exists() is made
