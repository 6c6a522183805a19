"""The tolerant readers."""

import pytest

from sora_portal.providers import reading
from sora_portal.providers.base import Endpoint


@pytest.mark.parametrize(
    ("value", "number"),
    [(200, 200), ("200", 200), (" 200 ", 200), (200.0, 200), ("200.0", 200), (-1, -1), (0, 0)],
)
def test_number_reads_every_form_of_a_code(value: object, number: int) -> None:
    assert reading.number(value) == number


@pytest.mark.parametrize("value", [True, False, None, "", "abc", "2e2", 1.5, 10**30, "٢٠٠", [], {}])
def test_number_refuses_what_is_none(value: object) -> None:
    assert reading.number(value) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://r2.apixo.ai/video.mp4",
        "http://127.0.0.1:8001/media/a.mp4?x=1&y=%20",
        "HTTPS://CDN.example/v.mp4#t=1",
        "https://例え.example/動画.mp4",
    ],
)
def test_web_address_is_recognised(url: str) -> None:
    assert reading.is_web_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "video.mp4",
        "//cdn.example/v.mp4",
        "ftp://cdn.example/v.mp4",
        "javascript:alert(1)",
        "data:video/mp4;base64,AAAA",
        "https://",
        "https:///v.mp4",
        "https://[::1/v.mp4",
        "https://a.example:99999/v.mp4",
        "https://a.example/v w.mp4",
        "https://a.example/v\n.mp4",
        "https://a.example/\ud800.mp4",
        'https://a.example/"onload="x',
        "https://a.example/" + "x" * 5000,
    ],
)
def test_other_text_is_no_web_address(url: str) -> None:
    assert not reading.is_web_url(url)


def test_urls_come_from_the_first_place_that_has_any() -> None:
    assert reading.urls_in(None, [], "no", {"url": "https://a.example/1"}, "https://a.example/2") == (
        "https://a.example/1",
    )


def test_urls_are_capped() -> None:
    assert len(reading.urls_in([f"https://a.example/{index}" for index in range(100)])) == reading.URLS_CAP


def test_urls_inside_objects_of_a_list_are_found() -> None:
    assert reading.urls_in('[{"url":"https://a.example/1"},{"video_url":"https://a.example/2"}]') == (
        "https://a.example/1",
        "https://a.example/2",
    )


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "999999999"}, 86_400.0),
        ({"retry-after": "Fri, 20 Nov 2026 10:00:30 GMT", "date": "Fri, 20 Nov 2026 10:00:00 GMT"}, 30.0),
        ({"retry-after": "Fri, 20 Nov 2026 09:00:00 GMT", "date": "Fri, 20 Nov 2026 10:00:00 GMT"}, 0.0),
        ({"retry-after": "Fri, 20 Nov 2026 10:00:30 -0000", "date": "Fri, 20 Nov 2026 10:00:00 GMT"}, 30.0),
        ({"openai-poll-after-ms": "2500"}, 2.5),
        ({"retry-after": "soon", "openai-poll-after-ms": "1000"}, 1.0),
        ({"retry-after": "Fri, 20 Nov 2026 10:00:30 GMT"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    assert reading.retry_after(headers) == seconds


def test_outer_and_inner_reason_are_both_kept() -> None:
    envelope = reading.unwrap({"code": 400, "message": "Bad request", "data": {"error": "Insufficient credits"}})
    assert envelope.message == "Bad request: Insufficient credits"


def test_equal_outer_and_inner_reason_are_said_once() -> None:
    envelope = reading.unwrap({"code": 403, "message": "Content violates policy", "data": {"error": "violates policy"}})
    assert envelope.message == "Content violates policy"


def test_reason_inside_an_object_is_found() -> None:
    assert reading.unwrap({"error": {"message": "no such model", "code": "x"}}).message == "no such model"


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://api.apixo.ai", "https://api.apixo.ai/api/v1/x"),
        (" https://api.apixo.ai/api/v1/ ", "https://api.apixo.ai/api/v1/x"),
        ("http://127.0.0.1:8001/apixo/", "http://127.0.0.1:8001/apixo/api/v1/x"),
    ],
)
def test_address_joins_base_and_path_once(base: str, url: str) -> None:
    assert reading.address(Endpoint(base, "k"), "/api/v1/x") == url
