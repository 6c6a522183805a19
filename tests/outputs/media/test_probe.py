"""The examination of a file in its own process: real videos pass, everything else is refused without harm."""

import io
import os
import signal
import time
from pathlib import Path

import pytest
from PIL import Image

from sora_portal.outputs.domain import Facts, Reason, Trouble
from sora_portal.outputs.fetching import inspect as fetching_inspect
from sora_portal.outputs.fetching.inspect import inspect
from tests.outputs import clips


def look(tmp_path: Path, content: bytes) -> Facts:
    """Examine a file with this content."""
    (tmp_path / "a.part").write_bytes(content)
    return inspect(tmp_path / "a.part", tmp_path / "poster.part")


def refused(tmp_path: Path, content: bytes) -> str:
    """Return why a file with this content is refused."""
    with pytest.raises(Trouble) as trouble:
        look(tmp_path, content)
    assert trouble.value.reason is Reason.NOT_A_VIDEO
    return trouble.value.detail


def test_probe_of_an_mp4_tells_its_facts_and_makes_a_poster(tmp_path: Path) -> None:
    facts = look(tmp_path, clips.clip(width=1280, height=720))

    assert facts == Facts("video/mp4", 1280, 720, 2000, 12.0, "h264", False, 24, [], plays_everywhere=True)
    with Image.open(tmp_path / "poster.part") as poster:
        assert (poster.format, poster.size) == ("WEBP", (640, 360))


def test_probe_of_a_small_video_does_not_enlarge_the_poster(tmp_path: Path) -> None:
    look(tmp_path, clips.clip())

    with Image.open(tmp_path / "poster.part") as poster:
        assert poster.size == (96, 64)


@pytest.mark.parametrize(
    ("suffix", "codec", "mime", "named"),
    [(".webm", "libvpx-vp9", "video/webm", "vp9"), (".mov", "libx264", "video/quicktime", "h264")],
)
def test_probe_knows_other_containers(suffix: str, codec: str, mime: str, named: str, tmp_path: Path) -> None:
    facts = look(tmp_path, clips.clip(suffix=suffix, codec=codec))

    assert (facts.mime, facts.codec) == (mime, named)


@pytest.mark.parametrize("share", [0.35, 0.6, 0.95])
def test_probe_of_a_cut_off_video_is_refused(share: float, tmp_path: Path) -> None:
    whole = clips.clip(width=640, height=360)

    refused(tmp_path, whole[: int(len(whole) * share)])


def test_probe_of_other_files_is_refused(tmp_path: Path) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (64, 64)).save(picture, "PNG")
    files = {
        "empty": b"",
        "page": b"<!doctype html><p>hello",
        "picture": picture.getvalue(),
        "playlist": b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:1/a.ts\n",
        "matroska that is no webm": b"\x1a\x45\xdf\xa3" + b"matroska".ljust(200, b"\x00"),
        "index only": clips.clip()[:40].ljust(4000, b"\x00"),
    }
    for name, content in files.items():
        assert refused(tmp_path, content), name


def test_probe_of_sound_alone_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, clips.sound()) == "sound alone, no video"


def test_probe_of_one_picture_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, clips.clip(frames=1)) == "only 1 pictures"


def test_probe_of_damaged_pictures_never_kills_the_caller(tmp_path: Path) -> None:
    whole = bytearray(clips.clip(width=640, height=360))
    for place in range(1500, len(whole), 31):
        whole[place] ^= 0x5A

    refused(tmp_path, bytes(whole))


def test_probe_that_takes_too_long_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching_inspect.sys, "executable", stand_in(tmp_path, "sleep 60"))
    calls: list[float] = []
    began = time.monotonic()

    with pytest.raises(Trouble) as trouble:
        inspect(tmp_path / "a", tmp_path / "b", alive=lambda: calls.append(0.0), wall=0.6)

    assert trouble.value.detail == "the examination took too long"
    assert time.monotonic() - began < 10
    assert calls


def test_probe_that_crashes_is_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching_inspect.sys, "executable", stand_in(tmp_path, "kill -SEGV $$"))

    assert f"status {-signal.SIGSEGV}" in refused(tmp_path, b"")


def test_probe_does_not_see_our_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SORA_PORTAL_RUXA_KEY", "very-secret")
    monkeypatch.setattr(fetching_inspect.sys, "executable", stand_in(tmp_path, f"env > {tmp_path / 'seen'}"))

    refused(tmp_path, b"")

    seen = (tmp_path / "seen").read_text()
    assert "LANG=C.UTF-8" in seen
    assert "very-secret" not in seen
    assert "SORA_PORTAL" not in seen


def stand_in(folder: Path, command: str) -> str:
    """Return a program that runs `command` in place of Python."""
    program = folder / "program"
    program.write_text(f"#!/bin/sh\n{command}\n")
    os.chmod(program, 0o700)  # noqa: PTH101
    return str(program)
