"""What a server left around a video is taken off, by the bytes alone."""

import gzip
import zlib
from pathlib import Path

import brotli
import pytest

from sora_portal.generations.models import Generation
from sora_portal.outputs.domain import Reason, Trouble
from sora_portal.outputs.fetching.unwrap import unwrap
from sora_portal.outputs.models import Download
from sora_portal.outputs.tasks import fetch
from tests.outputs import clips
from tests.outputs.fetching.media_server import MediaServer

MOST = 10_000_000


def chunked(data: bytes, size: int = 1000, sign: bool = True) -> bytes:
    """Return `data` as an upload to object storage sends it."""
    extension = b";chunk-signature=" + b"a" * 64 if sign else b""
    pieces = [data[place : place + size] for place in range(0, len(data), size)] + [b""]
    framed = b"".join(b"%x%s\r\n%s\r\n" % (len(piece), extension, piece) for piece in pieces)
    return framed + b"x-amz-checksum-crc32:AAAAAA==\r\n\r\n"


def bare_deflate(data: bytes) -> bytes:
    packing = zlib.compressobj(wbits=-15)
    return packing.compress(data) + packing.flush()


WRAPPED = {
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "deflate": bare_deflate,
    "brotli": brotli.compress,
    "signed chunks": chunked,
    "plain chunks": lambda data: chunked(data, sign=False),
    "large chunks": lambda data: chunked(data, 70_000),
    "gzip in chunks": lambda data: chunked(gzip.compress(data)),
    "gzip twice": lambda data: gzip.compress(gzip.compress(data)),
}


def opened(file: Path, content: bytes, most: int = MOST) -> tuple[bool, bytes]:
    file.write_bytes(content)
    return unwrap(file, most=most), file.read_bytes()


@pytest.mark.parametrize("way", WRAPPED)
@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_video_inside_is_what_is_kept(way: str, suffix: str, tmp_path: Path) -> None:
    video = clips.clip(suffix=suffix, codec="libx264" if suffix == ".mp4" else "libvpx-vp9", width=320, height=180)

    assert opened(tmp_path / "a", WRAPPED[way](video)) == (True, video)
    assert not (tmp_path / "a.part").exists()


@pytest.mark.parametrize(
    "content", [clips.clip(), b"", b"<!doctype html>", gzip.compress(b"<p>no video", mtime=0), b"a\r\nb"]
)
def test_what_holds_no_video_is_left_as_it_is(content: bytes, tmp_path: Path) -> None:
    assert opened(tmp_path / "a", content) == (False, content)


@pytest.mark.parametrize("way", ["gzip", "brotli", "signed chunks"])
def test_half_of_it_is_incomplete(way: str, tmp_path: Path) -> None:
    whole = WRAPPED[way](clips.clip(width=320, height=180))

    with pytest.raises(Trouble) as trouble:
        opened(tmp_path / "a", whole[: len(whole) * 2 // 3])
    assert trouble.value.reason is Reason.INCOMPLETE


@pytest.mark.parametrize("way", ["gzip", "brotli", "zlib"])
def test_bomb_ends_at_the_limit(way: str, tmp_path: Path) -> None:
    bomb = WRAPPED[way](clips.clip() + b"\0" * 30_000_000)

    with pytest.raises(Trouble) as trouble:
        opened(tmp_path / "a", bomb)
    assert trouble.value.reason is Reason.TOO_BIG
    assert not (tmp_path / "a.part").exists()


@pytest.mark.django_db
def test_fetch_of_a_wrapped_video_called_text_keeps_the_video(media_host: MediaServer) -> None:
    body = chunked(gzip.compress(clips.clip()))
    row = clips.fetching(media_host.serve("/a.mp4", body, kind="text/plain", Content_Encoding="aws-chunked"))

    fetch(row.pk)

    stored = Generation.objects.select_related("output").get(pk=row.pk)
    assert (stored.state, stored.output.size) == ("succeeded", len(clips.clip()))  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_fetch_stops_believing_a_wrong_length_after_three_tries(media_host: MediaServer) -> None:
    row = clips.fetching(media_host.serve("/a.mp4", clips.clip(), declared=len(clips.clip()) + 9))
    for tries in (2, 3):
        Generation.objects.filter(pk=row.pk).update(tries=tries)
        fetch(row.pk)
        row.refresh_from_db()
        assert row.state == ("fetching" if tries == 2 else "succeeded")
        Download.objects.update(until=row.created_at)
