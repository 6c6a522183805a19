"""How long a client may take, and what it is told; the loop of one process, turned by hand."""

import contextlib
import io
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from waitress import wasyncore
from waitress.task import ThreadedTaskDispatcher

from sora_portal.outputs.media.serving import Slice
from sora_portal.webserver import clients

POST = b"POST / HTTP/1.1\r\nHost: x\r\n"
GET = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n"
LARGE = 12 * 1024**2


def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
    """Tell what came in; `/none` has nothing new, `/long` is large, `/file` a part of a file."""
    path = environ["PATH_INFO"]
    if path == "/none":
        start_response("304 Not Modified", [])
        return []
    if path == "/file":
        start_response("206 Partial Content", [("Content-Length", str(LARGE - 5))])
        return environ["wsgi.file_wrapper"](Slice(io.BytesIO(b"\1" * LARGE), 5, LARGE - 1))
    heard = environ["wsgi.input"].read()
    body = b"\1" * LARGE if path == "/long" else environ["CONTENT_LENGTH"].encode() + b" " + heard
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body[place : place + 2**20] for place in range(0, len(body), 2**20)]


class Loop:
    """A server with one thread; everything waits until the test turns it."""

    def __init__(self) -> None:
        self._map: dict[int, Any] = {}
        dispatcher = ThreadedTaskDispatcher()
        dispatcher.set_thread_count(1)
        listener = socket.create_server(("127.0.0.1", 0))
        self._dispatcher, self._sockets = dispatcher, [listener]
        self.address = listener.getsockname()
        sockinfo = (listener.family, listener.type, listener.proto, self.address)
        adj = clients.settings(16)
        self.server = clients.TcpServer(
            answer, self._map, _sock=listener, dispatcher=dispatcher, adj=adj, sockinfo=sockinfo, bind_socket=False
        )

    def client(self, said: bytes) -> socket.socket:
        """Connect and say something; the server has heard of it on return."""
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(self.address)
        client.setblocking(False)
        self._sockets.append(client)
        before = set(self.server.active_channels.values())
        self.until(lambda: set(self.server.active_channels.values()) - before)
        client.sendall(said)
        self.turn()
        return client

    def turn(self) -> None:
        """Go round once, without waiting."""
        wasyncore.poll2(0.01, self._map)
        self.server.make_room(time.monotonic())

    def until(self, wanted: Callable[[], object]) -> None:
        """Turn until `wanted()`."""
        limit = time.monotonic() + 10
        while not wanted():
            assert time.monotonic() < limit, "still waiting"
            self.turn()

    def heard(self, client: socket.socket, end: bytes = b"") -> bytes:
        """Return what a client is sent, up to `end`, or until the connection is closed."""
        said = bytearray()

        def over() -> bool:
            with contextlib.suppress(BlockingIOError):
                try:
                    more = client.recv(2**16)
                except ConnectionResetError:
                    more = b""
                said.extend(more)
                return not more or bool(end and said.endswith(end))
            return False

        self.until(over)
        return bytes(said)

    def close(self) -> None:
        """Let go of everything."""
        self._dispatcher.shutdown()
        for client in list(self.server.active_channels.values()):
            client.handle_close()
        wasyncore.close_all(self._map)
        for one in self._sockets:
            one.close()


@pytest.fixture
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("IDLE", b""),
        ("HEAD", b"G"),
        ("BODY", POST + b"Content-Length: 9\r\n\r\nx"),
        ("BODY", POST + b"Transfer-Encoding: chunked\r\n\r\n9\r\nx"),
        ("IDLE", GET % b"/none"),
        ("READER", GET % b"/long"),
        ("READER", GET % b"/file"),
    ],
)
def test_client_that_takes_too_long_is_let_go(
    loop: Loop, monkeypatch: pytest.MonkeyPatch, limit: str, said: bytes
) -> None:
    loop.client(said)
    loop.until(lambda: not any(client.requests for client in loop.server.active_channels.values()))
    loop.server.make_room(time.monotonic() + 2)
    assert len(loop.server.active_channels) == 1, "it has its time"
    monkeypatch.setattr(clients, limit, -1e9)
    loop.server.make_room(time.monotonic() + 4)
    loop.until(lambda: not loop.server.active_channels)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 40_000 + b"\r\n\r\n", b"431 "),
        (b"GET /" + b"y" * 40_000, b"431 "),
        (POST + b"Content-Length: 999999999\r\n\r\n", b"413 "),
        (b"nonsense\r\n\r\n", b"400 "),
        (POST + b"Transfer-Encoding: gzip\r\n\r\n", b"501 "),
    ],
)
def test_request_that_is_too_much_gets_a_clear_answer(loop: Loop, said: bytes, status: bytes) -> None:
    first_line, _, rest = loop.heard(loop.client(said)).partition(b"\r\n")
    assert first_line.split(b" ", 1)[1].startswith(status)
    assert b"Connection: close" in rest


def test_body_in_chunks_comes_whole_with_its_length(loop: Loop) -> None:
    client = loop.client(POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
    client.sendall(b"6\r\n world\r\n0\r\n\r\n")
    assert loop.heard(client, b"11 hello world")


def test_control_line_of_a_chunk_without_an_end_is_not_kept(loop: Loop) -> None:
    loop.client(POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"5;" + b"x" * 2000)
    (client,) = loop.server.active_channels.values()
    loop.until(lambda: client.request is not None and client.request.body_rcv.control_line)
    loop.server.make_room(time.monotonic() + 2)
    loop.until(lambda: not loop.server.active_channels)


def test_answer_without_content_keeps_the_connection(loop: Loop) -> None:
    client = loop.client(GET % b"/none" + GET % b"/none" + POST + b"Content-Length: 2\r\n\r\nhi")
    assert loop.heard(client, b"2 hi").count(b"304 Not Modified") == 2


@pytest.mark.parametrize("path", [b"/long", b"/file"])
def test_only_thread_answers_others_while_a_client_reads_nothing(loop: Loop, path: bytes) -> None:
    loop.client(GET % path)
    assert loop.heard(loop.client(POST + b"Content-Length: 2\r\n\r\nhi"), b"2 hi")


def test_newcomer_takes_the_place_of_the_client_that_was_silent_longest(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "CONNECTIONS", 2)
    first, second = loop.client(b"G"), loop.client(b"G")
    first.sendall(b"E")
    loop.turn()
    third = loop.client(POST + b"Content-Length: 2\r\n\r\nhi")
    assert loop.heard(third, b"2 hi")
    assert loop.heard(second) == b"", "closed"
    first.sendall(b"T /none HTTP/1.1\r\n\r\n")
    assert b"304" in loop.heard(first, b"\r\n\r\n")
