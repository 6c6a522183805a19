"""The rendered files and the ways to fetch them."""

import io
import json
from pathlib import Path

import av
import httpx
import numpy as np
import pytest

from sora_portal.sandbox.render.encode import Job, make
from tests.sandbox.vendors import Client
from tests.sandbox_server import Sandbox


def address(client: Client, prompt: str, **fields: object) -> str:
    """Return the address of a finished video."""
    data = client.ended("ruxa", client.accepted("ruxa", prompt, **fields))
    return str(json.loads(data["resultJson"])["resultUrls"][0])


def frames(source: io.BytesIO | str) -> list[np.ndarray]:
    """Decode a file's frames to grey."""
    with av.open(source) as container:
        return [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]


@pytest.mark.parametrize(("size", "shape"), [("1280x720", (640, 360)), ("720x1280", (360, 640))])
def test_media_is_a_playable_clip_with_sound(client: Client, size: str, shape: tuple[int, int]) -> None:
    answer = client.http.get(address(client, "an ocean at sunset", size=size))
    assert answer.headers["Content-Type"] == "video/mp4"
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    with av.open(io.BytesIO(answer.content)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (video.width, video.height) == shape
        assert audio.codec_context.name == "aac"
        assert container.duration is not None
        assert container.duration / 1e6 == pytest.approx(2, abs=0.1)
    assert answer.content.index(b"moov") < answer.content.index(b"mdat")
    decoded = frames(io.BytesIO(answer.content))
    assert len(decoded) == 24
    assert decoded[0].std() > 10
    assert np.abs(decoded[0].astype(int) - decoded[-1]).mean() > 0.5


def test_full_clip_has_length_size_and_key_frames_as_asked(tmp_path: Path) -> None:
    path = str(tmp_path / "full.mp4")
    make(Job(path, "a snowy mountain at dawn", "ruxa / sora-2", 720, 1280, 3, 24))
    with av.open(path) as container:
        video = container.streams.video[0]
        assert (video.width, video.height, video.average_rate, video.frames) == (720, 1280, 24, 72)
        keys = [
            float(packet.pts * packet.time_base)
            for packet in container.demux(video)
            if packet.is_keyframe and packet.size
        ]
    assert keys == [0, 1, 2]


def test_same_prompt_draws_the_same_and_another_differs(tmp_path: Path) -> None:
    pictures = []
    for name, caption, seed in (("a", "a fox", 0), ("b", "a fox", 0), ("c", "a fox", 1), ("d", "a bear", 0)):
        path = str(tmp_path / f"{name}.mp4")
        make(Job(path, caption, "x", 320, 180, 0.5, 12, seed))
        pictures.append(frames(path)[3].astype(int))
    assert np.array_equal(pictures[0], pictures[1])
    assert np.abs(pictures[0] - pictures[2]).mean() > 3
    assert np.abs(pictures[0] - pictures[3]).mean() > 3


@pytest.mark.parametrize("caption", ["", "狐狸在森林里奔跑", "🎬" * 40, "word " * 400, "x" * 3000, "\x00\ud83d"])
def test_any_caption_can_be_drawn(tmp_path: Path, caption: str) -> None:
    path = str(tmp_path / "clip.mp4")
    make(Job(path, caption, "x", 320, 180, 0.25, 12))
    assert len(frames(path)) == 3


@pytest.mark.parametrize("word", ["mountains", "forest", "ocean", "city", "desert", "meadow", "snow", "night", "storm"])
def test_every_place_can_be_drawn_in_both_shapes(tmp_path: Path, word: str) -> None:
    for width, height in ((320, 180), (180, 320), (240, 240)):
        path = str(tmp_path / "clip.mp4")
        make(Job(path, word, "x", width, height, 0.25, 12))
        assert frames(path)[1].std() > 8


def test_range_requests_get_their_part(client: Client) -> None:
    url = address(client, "a horse")
    whole = client.http.get(url).content
    part = client.http.get(url, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole)}"
    tail = client.http.get(url, headers={"Range": "bytes=-50"})
    assert (tail.status_code, tail.content) == (206, whole[-50:])
    assert client.http.get(url, headers={"Range": f"bytes={len(whole)}-"}).status_code == 416


def test_html_marker_serves_a_page(client: Client) -> None:
    answer = client.http.get(address(client, "a horse [html]"))
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


def test_gone_marker_serves_404(client: Client) -> None:
    assert client.http.get(address(client, "a horse [gone]")).status_code == 404


def test_truncated_marker_stops_before_the_declared_length(client: Client) -> None:
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        client.http.get(address(client, "a horse [truncated]"))


@pytest.mark.parametrize("name", ["nothing.mp4", "../journal.jsonl", "%2e%2e/journal.jsonl", ""])
def test_other_names_are_not_served(client: Client, name: str) -> None:
    assert client.http.get(f"/media/{name}").status_code == 404


def test_quick_clip_mode_makes_a_file_for_each_prompt(sandbox: Sandbox, client: Client) -> None:
    sandbox.settings(clips="quick")
    one, other = (client.http.get(address(client, prompt)).content for prompt in ("a horse", "a cow"))
    assert one != other


def test_one_clip_mode_shares_a_file(sandbox: Sandbox, client: Client) -> None:
    sandbox.settings(clips="one")
    one, other = (client.http.get(address(client, prompt)).content for prompt in ("a horse", "a cow"))
    assert one == other
