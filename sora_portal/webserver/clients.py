"""Connections that do not hold up one another: waitress reads and writes them, and here is how long each may take.

waitress reads a request whole before a thread sees it, and sends what a thread has answered afterwards, all from one
loop that waits for no client. What it lacks is a limit on time: a client that sends a byte now and then keeps its
connection for ever. So every wait for a client has an end here, and where all places are taken, the client that has
been silent longest makes room.
"""

import time
from typing import Any

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer, UnixWSGIServer
from waitress.task import WSGITask

from sora_portal.webserver.turns import visitor

HEAD = 10.0
"""Seconds from the first byte of a request, or from the connection, to the end of its head."""
BODY = 20.0
"""Seconds that a body may take beyond what its size needs at the slowest rate."""
SLOWEST = 8 * 1024
"""Bytes a second: what a body has to bring, once BODY is over."""
IDLE = 15.0
"""Seconds that a connection is kept for the next request; the pages ask every few seconds."""
READER = 60.0
"""Seconds in which a client has to take at least something of its answer. A paused player asks again by a range."""
LONGEST_LINE = 1024
"""Bytes of a chunk's control line, which waitress does not bound."""
CONNECTIONS = 1000
"""Open connections of one process."""

HANDFUL = 16
"""Connections that are taken before the others are looked at again."""


def settings(backlog: int) -> Adjustments:
    """Return what waitress is told; `backlog` is how many connections the kernel may keep waiting."""
    return Adjustments(
        backlog=backlog,
        # Who may say for whom a proxy speaks is decided by Django's settings.
        clear_untrusted_proxy_headers=False,
        ident=None,
        asyncore_use_poll=True,
        # Our own limit comes first: it makes room instead of waiting for it.
        connection_limit=2 * CONNECTIONS,
        cleanup_interval=1,
        log_socket_errors=False,
        max_request_header_size=32 * 1024,
        # Above the largest form with pictures, see `web.uploads`.
        max_request_body_size=64 * 1024**2,
        # Beyond these a request or an answer waits in a temporary file and not in memory.
        inbuf_overflow=64 * 1024,
        outbuf_overflow=256 * 1024,
        # A thread never waits for a client to read: the longest answers that are not files are a few hundred MiB.
        outbuf_high_watermark=1024**3,
    )


class Answer(WSGITask):  # type: ignore[misc]  # waitress ships no types
    """One request and its answer."""

    def set_close_on_finish(self) -> None:
        """Keep a connection after 204 and 304, which have no length; waitress takes that for an unknown one."""
        wants = self.request.headers.get("CONNECTION", "").lower()
        if self.has_body or self.version != "1.1" or wants == "close":
            super().set_close_on_finish()


class Client(HTTPChannel):  # type: ignore[misc]
    """A connection with limits on its patience, all in seconds of `time.monotonic`."""

    task_class = Answer

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waits_since = time.monotonic()
        self._reading: object = None

    @property
    def visitor(self) -> str:
        """Who waits for a thread here."""
        return visitor(self.requests[0], self.addr[0])

    def received(self, data: bytes) -> bool:
        """Take bytes, and note when a new request began."""
        taken = bool(super().received(data))
        if self.request is not self._reading:
            self._reading, self.waits_since = self.request, time.monotonic()
        return taken

    def service(self) -> None:
        """Answer one request; from its end on we wait for the next."""
        super().service()
        self.waits_since = time.monotonic()

    def is_too_slow(self, now: float) -> bool:
        """Whether this client has had its time, at `now`."""
        if self.total_outbufs_len:
            return bool(time.time() - self.last_activity > READER)
        if self.requests:
            return False
        waited = now - self.waits_since
        request = self.request
        if request is None:
            return waited > IDLE
        if not request.headers_finished:
            return waited > HEAD
        line = getattr(request.body_rcv, "control_line", b"")
        return bool(waited > HEAD + BODY + request.body_bytes_received / SLOWEST) or len(line) > LONGEST_LINE


class _Limits:
    """What both kinds of server do with their clients."""

    channel_class = Client
    active_channels: dict[int, Client]
    _looked = 0.0

    def handle_accept(self) -> None:
        """Take the clients that have come, a handful at once; the other process wants some too."""
        for _ in range(HANDFUL):
            there = len(self.active_channels)
            super().handle_accept()  # type: ignore[misc]  # of the server beside it
            if len(self.active_channels) == there:
                return

    def maintenance(self, _: float) -> None:
        """Do nothing at waitress's moment, at which closing a connection could hit the next one of its number."""

    def make_room(self, now: float) -> None:
        """Let go of clients that are too slow, and of the most silent where there are too many; between two turns."""
        if now - self._looked > 1:
            self._looked = now
            for client in [client for client in self.active_channels.values() if client.is_too_slow(now)]:
                client.handle_close()
        while len(self.active_channels) > CONNECTIONS:
            waiting = [client for client in self.active_channels.values() if not client.requests]
            if not waiting:
                return
            min(waiting, key=lambda client: client.last_activity).handle_close()


class TcpServer(_Limits, TcpWSGIServer):  # type: ignore[misc]
    """Listens on an address."""


class UnixServer(_Limits, UnixWSGIServer):  # type: ignore[misc]
    """Listens on a socket file."""
