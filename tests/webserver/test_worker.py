"""The server that `make run` starts, as processes, under the small attack and at its end."""

import http.client
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from sora_portal import webserver
from tests import forks
from tests.operations.installation import free_ports
from tests.operations.supervision.processes import wait_until


class Server:
    """A running web server."""

    def __init__(self, folder: Path) -> None:
        self.port = free_ports()
        command = tuple(webserver.command(f"127.0.0.1:{self.port}")[1:])
        self.process: ForkServerProcess = forks.start(command, {}, folder / "log")
        wait_until(self._listens, seconds=30, what="the server")

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def connection(self) -> socket.socket:
        """Return a fresh connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=8)

    def ask(self) -> bytes:
        """Return what /healthz says, on a connection of its own; raises TimeoutError before slow clients are let go."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=8)
        connection.request("GET", "/healthz")
        said = connection.getresponse().read()
        connection.close()
        return said


@pytest.fixture
def server(django_db_setup: None, data_dir: Path) -> Iterator[Server]:
    server = Server(data_dir)
    yield server
    server.process.kill()
    server.process.join()


def test_slow_clients_stop_nothing(server: Server) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(server.connection()) for _ in range(60)]
        head = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        body = b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 9\r\n\r\n"
        for place, client in enumerate(slow):
            client.sendall((b"", head, body)[place % 3])
        assert [server.ask() for _ in range(20)] == [b"ok\n"] * 20
        for place, client in enumerate(slow):
            client.sendall((head + b"\r\n", b"\r\n", b"123456789")[place % 3])
            assert client.makefile("rb").readline().split()[1] in (b"200", b"405"), "it was there all the while"


def test_server_answers_what_it_has_begun_and_ends(server: Server) -> None:
    with server.connection() as silent:
        assert server.ask() == b"ok\n"
        server.process.terminate()
        server.process.join(20)
        assert server.process.exitcode == 0
        assert silent.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        server.connection()
