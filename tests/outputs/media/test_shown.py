"""What the probe says of videos that are coded otherwise than shown; `tests/journeys` holds it against a browser."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from sora_portal.outputs.domain import Facts
from sora_portal.outputs.fetching.inspect import inspect, make_preview
from sora_portal.outputs.media import probe
from tests.outputs import clips
from tests.outputs.media import odd_clips

B_FRAMES = (("g", "12"), ("bf", "2"))
# The display matrix, and the corner (left, top) in which the coded picture's top left one is shown.
TURNS = {
    (1, 0, 0, 1): (0, 0),
    (-1, 0, 0, 1): (1, 0),
    (1, 0, 0, -1): (0, 1),
    (-1, 0, 0, -1): (1, 1),
    (0, 1, -1, 0): (1, 0),
    (0, -1, 1, 0): (0, 1),
    (0, 1, 1, 0): (0, 0),
    (0, -1, -1, 0): (1, 1),
}


def look(tmp_path: Path, content: bytes) -> Facts:
    """Examine a file with this content, in this process."""
    (tmp_path / "a.part").write_bytes(content)
    return Facts(**vars(probe.examine(tmp_path / "a.part", tmp_path / "poster.webp")))


def white_corner(picture: Path) -> tuple[int, int]:
    """Return in which corner (left, top) of a still picture the white is."""
    with Image.open(picture) as opened:
        grey = opened.convert("L")
    width, height = grey.size
    levels: dict[tuple[int, int], Any] = {
        (x, y): grey.getpixel((round(width * (0.1 + 0.8 * x)), round(height * (0.1 + 0.8 * y))))
        for x in (0, 1)
        for y in (0, 1)
    }
    return max(levels, key=lambda corner: levels[corner])


@pytest.mark.parametrize("matrix", TURNS)
def test_turned_video_has_the_size_and_the_poster_of_what_is_shown(
    matrix: tuple[int, int, int, int], tmp_path: Path
) -> None:
    facts = look(tmp_path, odd_clips.turned(matrix))

    assert (facts.width, facts.height) == ((96, 64) if matrix[0] else (64, 96))
    assert white_corner(tmp_path / "poster.webp") == TURNS[matrix]
    with Image.open(tmp_path / "poster.webp") as poster:
        assert poster.size == (facts.width, facts.height)


@pytest.mark.parametrize(
    ("edits", "milliseconds", "frames"),
    [
        pytest.param([(1000, 0)], 1000, 12, id="end trimmed"),
        pytest.param([(1000, 1200)], 1000, 12, id="begins at a key frame"),
        pytest.param([(1000, 500)], 1000, 12, id="begins between key frames"),
        pytest.param([(500, 0), (500, 1200)], 1000, 12, id="two pieces"),
        pytest.param([(500, -1), (2000, 0)], 2500, 24, id="begins after a pause"),
    ],
)
def test_video_is_as_long_as_its_edit_list_says(
    edits: list[tuple[int, int]], milliseconds: int, frames: int, tmp_path: Path
) -> None:
    facts = look(tmp_path, odd_clips.edited(*edits))

    assert (facts.duration_ms, facts.frames, facts.fps) == (milliseconds, frames, 12.0)


@pytest.mark.parametrize("aspect", [(2, 1), (1, 2), (40, 33)])
def test_pixels_that_are_not_square_count_as_they_are_shown(aspect: tuple[int, int], tmp_path: Path) -> None:
    facts = look(tmp_path, odd_clips.made(sar=Fraction(*aspect)))

    assert (facts.width, facts.height) == {(2, 1): (192, 64), (1, 2): (96, 128), (40, 33): (116, 64)}[aspect]


@pytest.mark.parametrize(("on", "grey"), [((True, False), 90), ((False, True), 40 + 150 % 160), ((True, True), 90)])
def test_one_of_several_tracks_is_shown(on: tuple[bool, bool], grey: int, tmp_path: Path) -> None:
    facts = look(tmp_path, odd_clips.switched(odd_clips.made(tracks=2, times=tuple(range(0, 2000, 100))), *on))

    assert facts.frames == 20
    with Image.open(tmp_path / "poster.webp") as poster:
        level: Any = poster.convert("L").getpixel((80, 50))
    assert abs(level - grey) < 8


@pytest.mark.parametrize(
    ("content", "listed"),
    [
        pytest.param(odd_clips.made(options=B_FRAMES), False, id="pictures out of order"),
        pytest.param(odd_clips.made(options=B_FRAMES, container=(("use_editlist", "0"),)), True, id="late start"),
        pytest.param(
            odd_clips.made(times=(*range(0, 1200, 50), *range(1200, 2400, 200))), True, id="variable frame rate"
        ),
        pytest.param(
            odd_clips.made(suffix=".webm", codec="libvpx-vp9", size=(97, 65), options=()), False, id="odd webm"
        ),
        pytest.param(odd_clips.made(container=(("movflags", "frag_keyframe+empty_moov"),)), False, id="fragments"),
        pytest.param(odd_clips.made() + b"\xff" * 5000, False, id="junk behind it"),
    ],
)
def test_times_of_frames_are_kept_where_the_rate_does_not_say_them(
    content: bytes, listed: bool, tmp_path: Path
) -> None:
    facts = look(tmp_path, content)

    assert facts.frames in (24, 30)
    assert len(facts.frame_times) == (facts.frames if listed else 0)
    assert facts.frame_times == sorted(facts.frame_times)


@pytest.mark.parametrize(
    ("content", "everywhere"),
    [
        pytest.param(odd_clips.made(sound="aac"), True, id="h264 and aac"),
        pytest.param(odd_clips.made(codec="libx265", options=()), False, id="hevc"),
        pytest.param(odd_clips.made(pix_fmt="yuv422p"), False, id="h264 high 4:2:2"),
        pytest.param(odd_clips.made(pix_fmt="yuv420p10le"), False, id="h264 high 10"),
        pytest.param(odd_clips.made(suffix=".mov"), False, id="quicktime"),
        pytest.param(odd_clips.made(suffix=".webm", codec="libvpx", options=()), False, id="vp8"),
    ],
)
def test_what_not_every_browser_plays_gets_a_preview_that_it_does(
    content: bytes, everywhere: bool, tmp_path: Path
) -> None:
    facts = look(tmp_path, content)
    assert facts.plays_everywhere is everywhere
    if everywhere:
        return

    assert make_preview(tmp_path / "a.part", tmp_path / "preview.part")

    shown = look(tmp_path, (tmp_path / "preview.part").read_bytes())
    assert shown.plays_everywhere
    assert (shown.width, shown.height, shown.frames) == (facts.width, facts.height, facts.frames)


def test_preview_is_upright_and_keeps_the_times_of_frames(tmp_path: Path) -> None:
    uneven = odd_clips.made(codec="libx265", options=(), times=(*range(0, 1200, 50), *range(1200, 2400, 200)))
    facts = look(tmp_path, odd_clips.turned((0, 1, -1, 0), uneven))
    assert make_preview(tmp_path / "a.part", tmp_path / "preview.part")

    shown = look(tmp_path, (tmp_path / "preview.part").read_bytes())

    assert (shown.width, shown.height) == (64, 96)
    assert shown.frame_times == facts.frame_times
    assert white_corner(tmp_path / "poster.webp") == (1, 0)


def test_preview_that_cannot_be_made_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.part").write_bytes(clips.sound())

    assert not make_preview(tmp_path / "a.part", tmp_path / "preview.part")


def test_child_finds_the_same(tmp_path: Path) -> None:
    (tmp_path / "b.part").write_bytes(odd_clips.turned((0, 1, -1, 0)))

    assert inspect(tmp_path / "b.part", tmp_path / "b.webp") == look(tmp_path, odd_clips.turned((0, 1, -1, 0)))
