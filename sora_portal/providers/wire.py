"""A network of one call: a hard deadline over everything, and exact knowledge of whether a request byte was written.

httpx knows time-outs per read only, so a server that drips one byte a second holds a worker for ever, and it can tell
only by the class of an exception whether a request had begun. Both are settled here, one layer below it, because a paid
create call may be sent again only when provably nothing was written.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpcore

WRITE_PIECE = 16 * 1024
"""Bytes written between two looks at the clock."""


class Wire(httpcore.NetworkBackend):
    """Connects for one call. `deadline` and `first_byte_by` are instants of `time.monotonic()`.

    `wrote` turns True immediately before the first byte of the request goes out; a TLS handshake does not count, for no
    vendor acts on one. When the first byte would come later than `first_byte_by`, it is not written at all.
    Looking up the host name is bounded by the system's resolver only; nothing has been written by then.
    """

    def __init__(self, deadline: float, first_byte_by: float | None = None) -> None:
        self.deadline = deadline
        self.first_byte_by = first_byte_by
        self.wrote = False
        self._backend = httpcore.SyncBackend()

    def left(self, timeout: float | None, error: type[Exception]) -> float:
        """Seconds that one more operation may take; raises `error` when the deadline is over."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise error("the deadline of the call is over")
        return left if timeout is None else min(left, timeout)

    def before_write(self) -> None:
        """Note that the request begins now, or refuse because it is too late for that."""
        if self.wrote:
            return
        if self.first_byte_by is not None and time.monotonic() > self.first_byte_by:
            raise httpcore.WriteTimeout("too late for the first byte")
        self.wrote = True

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Open the connection within what is left of the deadline."""
        timeout = self.left(timeout, httpcore.ConnectTimeout)
        return _Stream(self, self._backend.connect_tcp(host, port, timeout, local_address, socket_options))


class _Stream(httpcore.NetworkStream):
    """A stream whose every operation fits into what is left of the wire's deadline."""

    def __init__(self, wire: Wire, stream: httpcore.NetworkStream) -> None:
        self._wire = wire
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._wire.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), WRITE_PIECE):
            left = self._wire.left(timeout, httpcore.WriteTimeout)
            self._wire.before_write()
            self._stream.write(buffer[start : start + WRITE_PIECE], left)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._wire.left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._wire, self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
