"""What the probe takes for a video, asked in this process; `test_probe.py` runs the real child."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from sora_portal.outputs.media import probe
from tests.outputs import clips


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A whole video."""
    path = tmp_path / "a.mp4"
    path.write_bytes(clips.clip())
    return path


def run(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, dict[str, object]]:
    """Run the program on `file` without giving up this process's own limits; return its status and its answer."""
    monkeypatch.setattr(probe, "confine", lambda: None)
    monkeypatch.setattr(sys, "argv", ["probe", str(file), "--poster", str(file.with_suffix(".webp"))])
    status = probe.main()
    answer: dict[str, object] = json.loads(capsys.readouterr().out)
    return status, answer


def test_program_prints_the_facts(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, answer = run(file, monkeypatch, capsys)

    assert status == 0
    assert answer == {
        "mime": "video/mp4",
        "width": 96,
        "height": 64,
        "duration_ms": 2000,
        "fps": 12.0,
        "codec": "h264",
        "has_audio": False,
        "frames": 24,
        "frame_times": [],
        "plays_everywhere": True,
    }


def test_program_prints_why_not(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(b"no video at all")
    assert run(file, monkeypatch, capsys) == (
        1,
        {"error": "neither MP4 nor WebM: the file begins with b'no video at '"},
    )
    damaged = bytearray(clips.clip(width=640, height=360))
    for place in range(1500, len(damaged), 31):
        damaged[place] ^= 0x5A
    file.write_bytes(damaged)
    status, answer = run(file, monkeypatch, capsys)
    assert status == 1
    assert "Invalid" in str(answer["error"])


@pytest.mark.parametrize("brand", [b"avif", b"heic", b"mif1"])
def test_still_pictures_in_an_mp4_shell_are_unfit(brand: bytes, file: Path) -> None:
    file.write_bytes(b"\x00\x00\x00\x18ftyp" + brand + b"\x00" * 40)

    with pytest.raises(probe.Unfit, match="still picture"):
        probe.container_of(file)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("CODECS", frozenset({"vp9"}), "codec h264 is not one that we know"),
        ("LARGEST_SIDE", 90, "96x64 pictures"),
        ("LONGEST", 1, "2 s long"),
    ],
)
def test_video_outside_the_limits_is_unfit(
    name: str, value: object, why: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, name, value)

    with pytest.raises(probe.Unfit, match=why):
        probe.examine(file, file.with_suffix(".webp"))


def test_cut_off_video_is_unfit(file: Path) -> None:
    whole = clips.clip(width=640, height=360)
    file.write_bytes(whole[: int(len(whole) * 0.7)])

    with pytest.raises(probe.Unfit):
        probe.examine(file, file.with_suffix(".webp"))


def test_sound_alone_is_unfit(file: Path) -> None:
    file.write_bytes(clips.sound())

    with pytest.raises(probe.Unfit, match="sound alone, no video"):
        probe.examine(file, file.with_suffix(".webp"))


def test_program_confines_itself() -> None:
    code = (
        "from sora_portal.outputs.media import probe; import resource as r; probe.confine();"
        "print(r.getrlimit(r.RLIMIT_AS), r.getrlimit(r.RLIMIT_CPU), r.getrlimit(r.RLIMIT_FSIZE))"
    )

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    limits = [(amount, amount) for amount in (probe.MEMORY, probe.CPU_SECONDS, probe.POSTER_BYTES)]
    assert said.strip() == " ".join(str(limit) for limit in limits)
    assert resource.getrlimit(resource.RLIMIT_CPU)[0] != probe.CPU_SECONDS


def test_program_imports_neither_django_nor_the_portal() -> None:
    code = (
        "import sys; from sora_portal.outputs.media import probe;"
        "print([m for m in sys.modules if m.startswith(('django', 'httpx')) or 'settings' in m])"
    )

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
