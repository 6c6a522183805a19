"""Tiny real videos, and rows that have one."""

import functools
import hashlib
import tempfile
from pathlib import Path
from typing import Any

import av
import numpy as np
from django.utils import timezone

from sora_portal.generations.domain import State
from sora_portal.generations.models import Attempt, Generation
from sora_portal.outputs.domain import Facts
from sora_portal.outputs.fetching.download import Downloaded
from sora_portal.outputs.fetching.ingest import Stored, note_file
from sora_portal.outputs.fetching.inspect import inspect, make_preview
from sora_portal.outputs.media import storage
from sora_portal.outputs.models import Output
from tests import factories


@functools.cache
def clip(*, suffix: str = ".mp4", codec: str = "libx264", frames: int = 24, width: int = 96, height: int = 64) -> bytes:
    """Return a two-second video of plain colours, 12 pictures a second; the index comes first, as vendors do it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"clip{suffix}"
        options = {"movflags": "+faststart"} if suffix == ".mp4" else {}
        with av.open(str(path), "w", options=options) as container:
            stream: Any = container.add_stream(codec, rate=12)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            for number in range(frames):
                pixels = np.full((height, width, 3), number * 9 % 255, np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            container.mux(stream.encode())
        return path.read_bytes()


@functools.cache
def sound() -> bytes:
    """Return an MP4 that has sound and no picture."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sound.mp4"
        with av.open(str(path), "w") as container:
            stream: Any = container.add_stream("aac", rate=44100)
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), format="fltp", layout="mono")
            frame.sample_rate = 44100
            for _ in range(8):
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return path.read_bytes()


def stored(sha256: str, size: int, host: str = "127.0.0.1") -> Stored:
    """Return what a worker has that brought `clip` home."""
    facts = Facts(
        "video/mp4", 96, 64, 2000, 12.0, "h264", has_audio=False, frames=24, frame_times=[], plays_everywhere=True
    )
    return Stored(Downloaded(size, sha256, host), facts, has_preview=False)


def fetching(*urls: str, pace: float = 1.0, **values: Any) -> Generation:
    """Return a generation whose vendor has finished and says that the file is at `urls`."""
    row = factories.generation(state=State.FETCHING, **values)
    Attempt.objects.filter(generation=row).update(result_urls=list(urls), result_seen_at=timezone.now(), pace=pace)
    return row


def finished(content: bytes | None = None, **values: Any) -> Generation:
    """Return a generation that has succeeded, with its file and picture in the media folder."""
    row = factories.generation(state=State.SUCCEEDED, **values)
    sha256 = row.sha256
    target = storage.video_path(sha256, "video/mp4")
    target.parent.mkdir(parents=True, exist_ok=True)
    body = clip() if content is None else content
    target.write_bytes(body)
    storage.poster_path(sha256).write_bytes(b"RIFF....WEBP")
    Output.objects.create(
        generation=row,
        sha256=sha256,
        size=len(body),
        mtime_ns=target.stat().st_mtime_ns,
        mime="video/mp4",
        width=1280,
        height=720,
        duration_ms=10_000,
        fps=24.0,
        codec="h264",
        has_audio=True,
        source_host="cdn.ruxa.ai",
        fetched_at=timezone.now(),
    )
    return Generation.objects.for_rows().get(pk=row.pk)


def kept(content: bytes, *, preview: bool = True, **values: Any) -> Generation:
    """Return a finished generation whose file was examined and stored as a fetched one is."""
    sha256 = hashlib.sha256(content).hexdigest()
    part, poster, shown = storage.new_part(), storage.new_part(), storage.new_part()
    part.write_bytes(content)
    facts = inspect(part, poster)
    has_preview = preview and not facts.plays_everywhere and make_preview(part, shown)
    if has_preview:
        storage.keep(shown, storage.preview_path(sha256))
    storage.keep(poster, storage.poster_path(sha256))
    storage.keep(part, storage.video_path(sha256, facts.mime))
    row = factories.generation(state=State.SUCCEEDED, **values)
    size = {"width": facts.width, "height": facts.height, "duration_ms": facts.duration_ms}
    Generation.objects.filter(pk=row.pk).update(sha256=sha256, review="to_review", **size)
    note_file(row, Stored(Downloaded(len(content), sha256, "cdn.ruxa.ai"), facts, has_preview), timezone.now())
    return Generation.objects.for_rows().select_related("output").get(pk=row.pk)
