"""A server of one connection that speaks, or breaks, HTTP byte by byte."""

import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Script = Callable[[socket.socket], None]


@dataclass
class RawServer:
    """Where it listens, and the request of each connection that came."""

    url: str
    requests: list[bytes] = field(default_factory=list)


@contextmanager
def raw_server(script: Script, *, read: bool = True) -> Iterator[RawServer]:
    """Run `script` on every connection, after reading the whole request unless `read` is False."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = RawServer(f"http://127.0.0.1:{listener.getsockname()[1]}")

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(5)
                    try:
                        server.requests.append(_request(connection) if read else b"")
                        script(connection)
                    except OSError:
                        pass  # the client hung up, which is what some tests are about

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=10)


def _request(connection: socket.socket) -> bytes:
    raw = b""
    while piece := connection.recv(65536):
        raw += piece
        head, end, body = raw.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if end and len(body) >= (int(length.group(1)) if length else 0):
            break
    return raw


def answering(raw: bytes) -> Script:
    """Send these bytes and close."""
    return lambda connection: connection.sendall(raw)


def dripping(raw: bytes, every: float = 0.05) -> Script:
    """Send one byte after the other."""

    def drip(connection: socket.socket) -> None:
        for index in range(len(raw)):
            connection.sendall(raw[index : index + 1])
            time.sleep(every)

    return drip


def resetting(connection: socket.socket) -> None:
    """Break the connection with a RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def answer(body: bytes, status: str = "200 OK", *headers: str, length: int | None = None) -> bytes:
    """One whole HTTP answer; `length` lies about the size of the body."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def free_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
