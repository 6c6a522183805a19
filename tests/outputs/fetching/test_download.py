"""The guarded download against a media host that behaves well, badly, or as somebody else."""

import hashlib
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from sora_portal.outputs.domain import Gate, Reason, Trouble
from sora_portal.outputs.fetching import download as downloads
from sora_portal.outputs.fetching.download import Downloaded, Limits, download
from tests.outputs.fetching.media_server import Asked, MediaServer

BODY = bytes(range(256)) * 400
LIMITS = Limits(max_bytes=1_000_000, seconds=20, head_seconds=5, stall=3)
LOOPBACK = Gate(hosts=(), loopback=True)


@pytest.fixture
def part(tmp_path: Path) -> Path:
    """A file that does not exist yet."""
    return tmp_path / "a.part"


def bring(url: str, part: Path, limits: Limits = LIMITS) -> Downloaded:
    """Download with the loopback gate of test mode."""
    return download(url, part, gate=LOOPBACK, limits=limits)


def refused(url: str, part: Path, limits: Limits = LIMITS) -> Trouble:
    """Return the trouble that this download ends in."""
    with pytest.raises(Trouble) as trouble:
        bring(url, part, limits)
    return trouble.value


def test_download_brings_the_whole_file_and_its_checksum(media_host: MediaServer, part: Path) -> None:
    got = bring(media_host.serve("/a.mp4", BODY), part)

    assert got == Downloaded(size=len(BODY), sha256=hashlib.sha256(BODY).hexdigest(), host="127.0.0.1")
    assert part.read_bytes() == BODY


def test_download_takes_a_file_without_a_declared_length(media_host: MediaServer, part: Path) -> None:
    assert bring(media_host.serve("/a.mp4", BODY, declared=0), part).size == len(BODY)


def test_download_sends_nothing_that_tells_who_asks(media_host: MediaServer, part: Path) -> None:
    target = media_host.serve("/b.mp4", BODY)
    media_host.routes["/a.mp4"] = lambda asked: asked.redirect(target)

    bring(media_host.at("/a.mp4"), part)

    assert len(media_host.asked) == 2
    for asked in media_host.asked:
        names = {name.lower() for name in asked.headers}
        assert not names & {"authorization", "cookie", "referer", "range"}
        assert asked.headers["Accept-Encoding"] == "identity"
        assert asked.headers["Host"] == f"127.0.0.1:{media_host.port}"


def test_download_follows_three_redirects_and_not_four(media_host: MediaServer, part: Path) -> None:
    media_host.serve("/0", BODY)
    for number in range(1, 5):
        media_host.routes[f"/{number}"] = lambda asked, where=f"/{number - 1}": asked.redirect(where)  # type: ignore[misc]

    assert bring(media_host.at("/3"), part).size == len(BODY)
    assert refused(media_host.at("/4"), part).reason is Reason.ADDRESS


@pytest.mark.parametrize(
    "where",
    [
        *("http://10.0.0.1/a.mp4", "https://example.com/a.mp4", "file:///etc/passwd", "http://user:pw@127.0.0.1/"),
        *("https://xn--0.example/a.mp4", "//xn--0.example/a.mp4", "https://a..example/a.mp4", "https://[bad/a.mp4"),
    ],
)
def test_download_checks_every_redirect_like_the_first_address(where: str, media_host: MediaServer, part: Path) -> None:
    media_host.routes["/a.mp4"] = lambda asked: asked.redirect(where)

    assert refused(media_host.at("/a.mp4"), part).reason is Reason.ADDRESS


@pytest.mark.parametrize(
    "url",
    [
        *("", "a.mp4", "https://", "http://[::1", "javascript:alert(1)", "https://x:99999/"),
        *("https://xn--0.example/a.mp4", "https://xn--0.localhost/a.mp4", f"https://{'a' * 64}.example/a.mp4"),
        *("https://☃.example/a.mp4", "https://a..localhost/a.mp4", "https://\u00ad.example/a.mp4"),
    ],
)
def test_download_refuses_what_is_no_address(url: str, part: Path) -> None:
    assert refused(url, part).reason is Reason.ADDRESS


@pytest.mark.parametrize("answers", [["10.0.0.7"], ["8.8.8.8", "127.0.0.1"], ["::ffff:192.168.0.1"], []])
def test_download_refuses_a_listed_host_that_resolves_inside(answers: list[str], part: Path) -> None:
    with pytest.raises(Trouble) as trouble:
        download(
            "https://cdn.apixo.ai/a.mp4",
            part,
            gate=Gate(hosts=("apixo.ai",), loopback=True),
            limits=LIMITS,
            resolve=lambda host, port: answers,
        )
    assert trouble.value.reason is Reason.ADDRESS


def test_download_connects_to_the_address_that_was_checked(media_host: MediaServer, part: Path) -> None:
    """A second look-up, as a rebinding name server would answer it, never happens."""
    asked_for: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked_for.append(host)
        return ["127.0.0.1"]

    media_host.serve("/a.mp4", BODY)
    url = media_host.at("/a.mp4", host="media.localhost")

    got = download(url, part, gate=LOOPBACK, limits=LIMITS, resolve=resolve)

    assert got.host == "media.localhost"
    assert asked_for == ["media.localhost"]
    assert media_host.asked[0].headers["Host"] == f"media.localhost:{media_host.port}"


def test_download_tries_the_next_address_of_a_host_that_does_not_answer(media_host: MediaServer, part: Path) -> None:
    media_host.serve("/a.mp4", BODY)
    url = media_host.at("/a.mp4", host="localhost")

    got = download(url, part, gate=LOOPBACK, limits=LIMITS, resolve=lambda host, port: ["127.0.0.2", "127.0.0.1"])

    assert got.size == len(BODY)


def test_download_of_a_host_without_answer_is_unreachable(part: Path) -> None:
    assert refused("http://127.0.0.1:9/a.mp4", part).reason is Reason.UNREACHABLE


def test_download_of_an_unknown_name_is_unreachable(part: Path) -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    with pytest.raises(Trouble) as trouble:
        download("http://a.localhost/", part, gate=LOOPBACK, limits=LIMITS, resolve=unknown)
    assert trouble.value.reason is Reason.UNREACHABLE


def test_download_of_a_missing_file_is_gone(media_host: MediaServer, part: Path) -> None:
    trouble = refused(media_host.at("/a.mp4?signature=secret"), part)

    assert trouble.reason is Reason.GONE
    assert trouble.detail == "127.0.0.1/a.mp4 answers HTTP 404"


@pytest.mark.parametrize("declared", [len(BODY) + 1, len(BODY) * 2])
def test_download_that_ends_early_is_incomplete(declared: int, media_host: MediaServer, part: Path) -> None:
    assert refused(media_host.serve("/a.mp4", BODY, declared=declared), part).reason is Reason.INCOMPLETE


def test_download_of_nothing_is_incomplete(media_host: MediaServer, part: Path) -> None:
    assert refused(media_host.serve("/a.mp4", b"", declared=0), part).reason is Reason.INCOMPLETE


@pytest.mark.parametrize("kind", ["text/html", "text/plain", "application/json", "image/png", "", "nonsense"])
@pytest.mark.parametrize("encoding", ["identity", "aws-chunked", "gzip", "br", "nonsense"])
def test_download_believes_the_bytes_and_not_what_the_head_says_of_them(
    kind: str, encoding: str, media_host: MediaServer, part: Path
) -> None:
    bring(media_host.serve("/a.mp4", BODY, kind=kind, Content_Encoding=encoding), part)

    assert part.read_bytes() == BODY


def test_download_of_a_page_called_video_is_a_web_page(media_host: MediaServer, part: Path) -> None:
    assert refused(media_host.serve("/a.mp4", b"\n<!DOCTYPE html><p>no"), part).reason is Reason.WEB_PAGE


def test_download_takes_a_whole_file_that_comes_as_a_range(media_host: MediaServer, part: Path) -> None:
    def whole(asked: Asked, end: int = len(BODY) - 1) -> None:
        asked.send_response(206)
        asked.send_header("Content-Range", f"bytes 0-{end}/{len(BODY)}")
        asked.send_header("Content-Length", str(end + 1))
        asked.end_headers()
        asked.wfile.write(BODY[: end + 1])

    media_host.routes["/whole.mp4"] = whole
    media_host.routes["/half.mp4"] = lambda asked: whole(asked, 5000)

    assert bring(media_host.at("/whole.mp4"), part).size == len(BODY)
    assert refused(media_host.at("/half.mp4"), part).reason is Reason.GONE


def test_download_may_end_before_the_promised_length_where_that_is_not_believed(
    media_host: MediaServer, part: Path
) -> None:
    url = media_host.serve("/a.mp4", BODY, declared=len(BODY) + 9)

    assert bring(url, part, replace(LIMITS, exact=False)).size == len(BODY)


@pytest.mark.parametrize("declared", [None, 0])
def test_download_stops_at_the_byte_cap(declared: int | None, media_host: MediaServer, part: Path) -> None:
    small = Limits(max_bytes=1000)

    assert refused(media_host.serve("/a.mp4", BODY, declared=declared), part, small).reason is Reason.TOO_BIG


def test_download_is_refused_when_the_disk_has_no_room(
    media_host: MediaServer, part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "SPARE_BYTES", 10**18)

    assert refused(media_host.serve("/a.mp4", BODY), part).reason is Reason.OURS


def test_download_that_drips_is_too_slow(media_host: MediaServer, part: Path) -> None:
    gone = threading.Event()

    def drip(asked: Asked) -> None:
        asked.send_body(b"\x00", declared=100_000)
        while not gone.wait(0.05):
            asked.wfile.write(b"\x00")

    media_host.routes["/a.mp4"] = drip
    limits = Limits(max_bytes=1_000_000, seconds=20, floor=10_000, window=0.5, stall=3)
    try:
        assert refused(media_host.at("/a.mp4"), part, limits).reason is Reason.TOO_SLOW
    finally:
        gone.set()


def test_download_whose_headers_drip_is_cut_off(media_host: MediaServer, part: Path) -> None:
    gone = threading.Event()

    def drip(asked: Asked) -> None:
        asked.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not gone.wait(0.05):
            asked.wfile.write(b"X-A: b\r\n")

    media_host.routes["/a.mp4"] = drip
    began = time.monotonic()
    try:
        trouble = refused(media_host.at("/a.mp4"), part, Limits(max_bytes=1000, head_seconds=0.6, stall=10))
    finally:
        gone.set()
    assert trouble.reason is Reason.TOO_SLOW
    assert time.monotonic() - began < 5


def test_download_that_stalls_is_too_slow(media_host: MediaServer, part: Path) -> None:
    gone = threading.Event()

    def stall(asked: Asked) -> None:
        asked.send_body(b"\x00" * 10, declared=100)
        gone.wait(10)

    media_host.routes["/a.mp4"] = stall
    try:
        trouble = refused(media_host.at("/a.mp4"), part, Limits(max_bytes=1000, stall=0.4))
    finally:
        gone.set()
    assert trouble.reason is Reason.TOO_SLOW


def test_download_calls_alive_and_ends_with_what_it_raises(media_host: MediaServer, part: Path) -> None:
    class Stop(Exception):
        pass

    def alive() -> None:
        raise Stop

    with pytest.raises(Stop):
        download(media_host.serve("/a.mp4", BODY), part, gate=LOOPBACK, limits=LIMITS, alive=alive)
