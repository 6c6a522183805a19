"""Bringing a file home: download, verify, store. Whose turn it is and what follows is the caller's.

The file is durable under its checksum before any row names it.
"""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from django.conf import settings

from sora_portal import clock
from sora_portal.generations.domain import FETCH_LEASE
from sora_portal.generations.models import Attempt, Generation
from sora_portal.heartbeat import beat
from sora_portal.installation import media
from sora_portal.outputs.domain import Facts, Gate, Reason, Trouble
from sora_portal.outputs.fetching.download import Downloaded, Limits, Resolve, download
from sora_portal.outputs.fetching.inspect import inspect, make_preview
from sora_portal.outputs.fetching.unwrap import unwrap
from sora_portal.outputs.media import storage
from sora_portal.outputs.media.storage import checksum
from sora_portal.outputs.models import Output
from sora_portal.time_scale import scaled

# Most downloads that end early are whole at the next try.
EXACT_TRIES = 3

Renew = Callable[[datetime], None]


@dataclass(frozen=True)
class Stored:
    """A file that lies verified and durable in its place."""

    downloaded: Downloaded
    facts: Facts
    has_preview: bool


def keeper(renew: Renew) -> Callable[[], None]:
    """Return a function to be called all the time, which renews the lease when a third of it is over."""
    pause = scaled(FETCH_LEASE).total_seconds() / 3
    renewed = time.monotonic()

    def keep() -> None:
        nonlocal renewed
        if time.monotonic() - renewed > pause:
            renew(clock.now())
            renewed = time.monotonic()

    return keep


@contextmanager
def showing_life(seconds: float) -> Iterator[None]:
    """Touch the worker's heartbeat every second, for at most `seconds`.

    All that is done meanwhile has time limits of its own, but a single wait for a slow server may be longer than the
    watchdog's patience, so the sign of life cannot come from between two reads.
    """
    done = threading.Event()

    def run() -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            beat()
            if done.wait(1.0):
                return

    thread = threading.Thread(target=run, name="fetch-heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def bring(attempt: Attempt, renew: Renew, resolve: Resolve, *, tries: int) -> Stored:
    """Return the stored file from the first of the attempt's addresses that gives it.

    After `tries` that failed, a length that the server promises wrongly is no longer believed: the examination says
    whether the file is whole. `renew` keeps the caller's lease and is called as long as this takes. Raises the first
    address's Trouble, and whatever `renew` raises.
    """
    keep = keeper(renew)
    limits = Limits(max_bytes=settings.SORA_PORTAL_MEDIA_MAX_BYTES, exact=tries < EXACT_TRIES)
    end = time.monotonic() + limits.seconds
    first: Trouble | None = None
    with showing_life(limits.seconds + 200):
        for url in attempt.result_urls:
            try:
                left = replace(limits, seconds=max(1.0, end - time.monotonic()))
                return _bring_one(str(url), gate_of(attempt), left, keep, resolve)
            except Trouble as trouble:
                first = first or trouble
                if time.monotonic() > end:
                    break
    assert first is not None, "there is at least one address"
    raise first


def gate_of(attempt: Attempt) -> Gate:
    """Return the places that this attempt's file may come from: frozen address, pinned connection."""
    sandbox = settings.SORA_PORTAL_SANDBOX_URL
    return Gate(
        hosts=tuple(attempt.connection.media_hosts),
        sandbox=sandbox if sandbox and attempt.base_url.startswith(f"{sandbox}/") else "",
        loopback=settings.SORA_PORTAL_TEST_MODE,
    )


def _bring_one(url: str, gate: Gate, limits: Limits, keep: Callable[[], None], resolve: Resolve) -> Stored:
    # Nothing is fetched that could not be kept.
    try:
        media.require()
    except OSError as error:
        raise Trouble(Reason.OURS, str(error)) from error
    part = storage.new_part()
    try:
        downloaded = download(url, part, gate=gate, limits=limits, alive=keep, resolve=resolve)
        return _store(part, downloaded, limits.max_bytes, keep)
    except OSError as error:
        raise Trouble(Reason.OURS, f"{type(error).__name__}: {error}") from error
    finally:
        part.unlink(missing_ok=True)


def take_in(file: Path) -> Stored:
    """Return a file of this machine as a stored one: copied, and checked like one from a vendor. Raises Trouble."""
    part = storage.new_part()
    try:
        shutil.copyfile(file, part)
        got = Downloaded(part.stat().st_size, checksum(part), host="by hand")
        return _store(part, got, settings.SORA_PORTAL_MEDIA_MAX_BYTES, lambda: None)
    except OSError as error:
        raise Trouble(Reason.OURS, f"{type(error).__name__}: {error}") from error
    finally:
        part.unlink(missing_ok=True)


def _store(part: Path, got: Downloaded, most: int, keep: Callable[[], None]) -> Stored:
    """Give the file `part` its lasting place, once it is unwrapped and examined; raises Trouble and OSError."""
    poster, preview = storage.new_part(), storage.new_part()
    try:
        if unwrap(part, most=most, alive=keep):
            got = replace(got, size=part.stat().st_size, sha256=checksum(part, alive=keep))
        facts = inspect(part, poster, alive=keep)
        has_preview = not facts.plays_everywhere and make_preview(part, preview, alive=keep)
        # The others first: where a video is, its picture and its preview are as well.
        if has_preview:
            storage.keep(preview, storage.preview_path(got.sha256))
        storage.keep(poster, storage.poster_path(got.sha256))
        storage.keep(part, storage.video_path(got.sha256, facts.mime))
    finally:
        for path in (poster, preview):
            path.unlink(missing_ok=True)
    return Stored(got, facts, has_preview)


def note_file(generation: Generation, stored: Stored, now: datetime) -> None:
    """Write down which file a generation has; raises IntegrityError when it has one already."""
    got, facts = stored.downloaded, stored.facts
    path = storage.video_path(got.sha256, facts.mime)
    Output.objects.create(
        generation=generation,
        sha256=got.sha256,
        size=got.size,
        mime=facts.mime,
        width=facts.width,
        height=facts.height,
        duration_ms=facts.duration_ms,
        fps=facts.fps,
        codec=facts.codec,
        has_audio=facts.has_audio,
        frames=facts.frames,
        frame_times=facts.frame_times,
        plays_everywhere=facts.plays_everywhere,
        has_preview=stored.has_preview,
        mtime_ns=path.stat().st_mtime_ns if path.exists() else None,
        looked_at=now,
        hashed_at=now,
        source_host=got.host,
        fetched_at=now,
    )
