"""Addresses in an answer that stand where no contract says."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from sora_portal.providers.base import JobState, Reply
from sora_portal.providers.registry import names, provider

VIDEO = "https://cdn.vendor.example/a.mp4"
POSTER = "https://cdn.vendor.example/a.jpg"
STATES: dict[str, dict[str, Any]] = {"sora2api": {"successFlag": 1}}


def _urls(vendor: str, **data: Any) -> tuple[str, ...]:
    record = {"taskId": "t1", **STATES.get(vendor, {"state": "success"}), **data}
    body = json.dumps({"code": 200, "msg": "success", "data": record}).encode()
    job = provider(vendor).read_status(Reply(200, {}, body))
    assert job.state is JobState.SUCCEEDED
    return job.urls


@pytest.mark.parametrize("vendor", sorted(names()))
@pytest.mark.parametrize(
    "data",
    [
        {"result_url": VIDEO},
        {"output": {"assets": [{"id": 7, "url": VIDEO}]}},
        {"resultJson": json.dumps({"works": [{"resource": {"resource": VIDEO}}]})},
        {"resultJson": json.dumps(json.dumps({"result": VIDEO}))},
        {"resultJson": '{"resultUrls": ["' + VIDEO.replace("/", "\\/") + '", "https:'},
        {"video": f"<video src='{VIDEO}'></video>"},
        {"note": f"Your video is ready: {VIDEO}."},
        {"file": VIDEO.removeprefix("https:")},
        {"urls": {VIDEO: "hd", POSTER: "poster"}},
        {"result": quote(VIDEO, safe="")},
        {"file": VIDEO.removeprefix("https://")},
        {"url": POSTER, "video_url": VIDEO},
        {"resultUrls": [POSTER, VIDEO]},
        {"cover": "https://cdn.vendor.example/cover", "outputs": [VIDEO]},
        {"param": {"image_urls": ["https://else.example/b.mp4"]}, "works": [VIDEO]},
        {"paramJson": json.dumps({"callBackUrl": "https://portal.example/callbacks/x/"}), "works": VIDEO},
    ],
)
def test_video_is_found_wherever_it_stands(vendor: str, data: dict[str, Any]) -> None:
    assert _urls(vendor, **data) == (VIDEO,)


@pytest.mark.parametrize(
    ("named", "url"),
    [
        ("https://c.example/my video.mp4", "https://c.example/my%20video.mp4"),
        (" https://c.example/a.mp4\n", "https://c.example/a.mp4"),
        ("https://c.example/动画 1.mp4", "https://c.example/动画%201.mp4"),
        ("https://c.example/a.mp4?x=1&amp;y={2}", "https://c.example/a.mp4?x=1&y=%7B2%7D"),
        ("http://c.example/a.mp4", "http://c.example/a.mp4"),
        ("https://c.example/?u=https://d.example/a.mp4", "https://c.example/?u=https://d.example/a.mp4"),
    ],
)
def test_address_that_needs_it_is_quoted(named: str, url: str) -> None:
    assert _urls("ruxa", resultUrls=[named]) == (url,)


def test_several_addresses_in_one_text_are_several() -> None:
    assert _urls("apixo", result="https://c.example/1.mp4, https://c.example/2.mp4") == (
        "https://c.example/1.mp4",
        "https://c.example/2.mp4",
    )


def test_documented_place_goes_before_a_video_elsewhere() -> None:
    assert _urls("ruxa", sample="https://c.example/demo.mp4", resultUrls=["https://c.example/id/7"]) == (
        "https://c.example/id/7",
    )


@pytest.mark.parametrize(
    "data",
    [
        {"resultJson": '{"resultUrls": ["https://c.example/a.mp'},
        {"cover": POSTER},
        {"message": "See https://docs.vendor.example/errors"},
        {"result": "ftp://c.example/a.mp4"},
        {"result": "a" * 300_000},
        {"result": [[[[[[[[[[[[VIDEO]]]]]]]]]]]]},
    ],
)
def test_what_may_be_anything_is_not_taken_by_itself(data: dict[str, Any]) -> None:
    assert _urls("ruxa", **data) == ()
