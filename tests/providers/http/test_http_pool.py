"""`Pool`: many status queries over few connections, with the same rules as `send`."""

import asyncio
import http.server
import threading
import time
from collections.abc import Iterator

import pytest

from sora_portal.providers.base import Call, NoReply, Reply
from sora_portal.providers.http import BODY_CAP, Pool
from tests.providers.http.raw_server import answer, answering, dripping, free_port, raw_server, resetting


class Vendor(http.server.ThreadingHTTPServer):
    """A keep-alive server that counts its connections."""

    daemon_threads = True
    request_queue_size = 256
    connections = 0

    def get_request(self):  # type: ignore[no-untyped-def]
        self.connections += 1
        return super().get_request()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        time.sleep(0.02)
        self.send_response(200)
        self.send_header("Content-Length", "12")
        self.send_header("Set-Cookie", "a=b")
        self.end_headers()
        self.wfile.write(b'{"code":200}')

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Stay quiet."""


@pytest.fixture
def vendor_server() -> Iterator[Vendor]:
    server = Vendor(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def get(url: str) -> Call:
    return Call("GET", url, {"Authorization": "Bearer k"})


def ask(*calls: Call, lanes: int = 2, timeout: float = 5.0) -> list[Reply | NoReply]:
    async def run() -> list[Reply | NoReply]:
        async with Pool(lanes=lanes, timeout=timeout) as pool:
            return await asyncio.gather(*(pool.send(call) for call in calls))

    return asyncio.run(run())


def test_many_queries_share_few_connections(vendor_server: Vendor) -> None:
    url = f"http://127.0.0.1:{vendor_server.server_port}/"
    answers = ask(*[get(url)] * 60, lanes=2)
    assert [answer.body for answer in answers if isinstance(answer, Reply)] == [b'{"code":200}'] * 60
    assert vendor_server.connections <= 20


def test_lanes_are_filled_evenly(vendor_server: Vendor) -> None:
    url = f"http://127.0.0.1:{vendor_server.server_port}/"
    ask(*[get(url)] * 30, lanes=3)
    assert vendor_server.connections == 30


def test_troubles_are_answers_and_do_not_touch_their_neighbours(vendor_server: Vendor) -> None:
    good = get(f"http://127.0.0.1:{vendor_server.server_port}/")
    with raw_server(resetting) as broken:
        outcomes = ask(
            good,
            get(f"http://127.0.0.1:{free_port()}"),
            get("ftp://127.0.0.1/"),
            get("http://[::1"),
            Call("GET", good.url, {"Authorization": "Bearer kéy"}),
            get(broken.url),
            good,
        )
    assert [outcome.sent if isinstance(outcome, NoReply) else outcome.status for outcome in outcomes] == [
        200,
        False,
        False,
        False,
        False,
        True,
        200,
    ]


def test_dripping_answer_ends_at_the_deadline() -> None:
    with raw_server(dripping(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 500)) as server:
        started = time.monotonic()
        (outcome,) = ask(get(server.url), timeout=0.4)
        took = time.monotonic() - started
    assert isinstance(outcome, NoReply)
    assert outcome.sent
    assert took < 5


def test_oversize_answer_is_cut_and_marked() -> None:
    with raw_server(answering(answer(b"x" * (BODY_CAP + 1)))) as server:
        (reply,) = ask(get(server.url))
    assert isinstance(reply, Reply)
    assert (len(reply.body), reply.truncated) == (BODY_CAP, True)


def test_answer_cut_off_in_the_middle_is_marked() -> None:
    with raw_server(answering(answer(b"{}", length=20))) as server:
        (reply,) = ask(get(server.url))
    assert isinstance(reply, Reply)
    assert reply.truncated


def test_redirect_is_returned_and_never_followed() -> None:
    with raw_server(answering(answer(b"", "302 Found", "Location: http://[broken"))) as server:
        (reply,) = ask(get(server.url))
    assert isinstance(reply, Reply)
    assert reply.status == 302


def test_cookies_of_a_vendor_are_not_kept() -> None:
    with raw_server(answering(answer(b"{}", "200 OK", "Set-Cookie: a=b", "Connection: close"))) as server:

        async def twice() -> None:
            async with Pool(lanes=1) as pool:
                await pool.send(get(server.url))
                await pool.send(get(server.url))

        asyncio.run(twice())
    assert len(server.requests) == 2
    assert b"cookie" not in server.requests[1].lower()


def test_being_cancelled_is_not_swallowed() -> None:
    async def run() -> None:
        with raw_server(lambda _: time.sleep(1)) as server:
            async with Pool(lanes=1) as pool:
                task = asyncio.create_task(pool.send(get(server.url)))
                await asyncio.sleep(0.2)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task

    asyncio.run(run())
