"""The one place that speaks HTTP to vendors.

`send` is for paid creates: a connection of its own for each call. A pooled connection that the vendor closed meanwhile
breaks after the request was written, and a create that breaks there is one that a person has to decide about.
`Pool` is for status queries, where such a break costs one poll.

Both follow no redirect, read no proxy from the environment, keep no cookie, read at most 1 MiB, and never raise
because of the network: every trouble is a `NoReply`. They drive httpx's transports directly; its client adds redirects
(an invalid Location header raises even when they are off), cookies and authentication, none of which is wanted here.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import logging
import ssl
import time
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from types import TracebackType

import httpcore
import httpx

from sora_portal.providers.base import Call, NoReply, Reply
from sora_portal.providers.redaction import redact
from sora_portal.providers.wire import Wire

__all__ = ["BODY_CAP", "Pool", "redact", "send"]

logger = logging.getLogger(__name__)

BODY_CAP = 1024 * 1024
"""Bytes of an answer that are read; documented answers are below 10 KiB."""
CONNECT_SECONDS = 10.0
KEEPALIVE_SECONDS = 30.0
LANE_CONNECTIONS = 10
"""Connections per lane of the pool: httpx looks at every connection on every event, so one big pool collapses."""

_UNWRITABLE = (httpx.LocalProtocolError, httpx.InvalidURL, ValueError, TypeError, RecursionError)
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL)


@functools.cache
def shared_ssl_context() -> ssl.SSLContext:
    """The one TLS context of this process; building one reads all root certificates (about 20 ms)."""
    return httpx.create_ssl_context(trust_env=False)


def send(call: Call, *, timeout: float = 60.0, first_byte_by: float | None = None) -> Reply | NoReply:
    """Make one call on a fresh connection and return what came of it; network trouble never raises.

    `timeout` is the whole call in seconds, connecting and reading included. `first_byte_by`, an instant of
    `time.monotonic()`, refuses to begin the request later than that (the answer is then `NoReply(sent=False)`).
    `NoReply.sent` is exact: False only when not one byte of the request was written.
    """
    wire = Wire(time.monotonic() + timeout, first_byte_by)
    try:
        return _logged(call, _ask(_FreshTransport(wire), _request(call, timeout)))
    except Exception as trouble:  # noqa: BLE001 - after SENDING everything has to become an answer, bugs included
        return _logged(call, NoReply(sent=wire.wrote, reason=_reason(trouble)))


def _ask(transport: httpx.BaseTransport, request: httpx.Request) -> Reply:
    try:
        return _read(transport.handle_request(request))
    finally:
        # Trouble while hanging up must not cost the answer, which may hold the id of a paid task.
        with contextlib.suppress(Exception):
            transport.close()


class Pool:
    """Keep-alive connections for status queries, for use inside one event loop: `async with Pool() as pool`.

    `lanes` transports of 10 connections each share one TLS context; a call takes the least busy one. `timeout` is the
    whole call in seconds. Here `NoReply.sent` is careful rather than exact: True whenever a byte may have left.
    """

    def __init__(self, *, lanes: int = 8, timeout: float = 20.0) -> None:
        limits = httpx.Limits(
            max_connections=LANE_CONNECTIONS,
            max_keepalive_connections=LANE_CONNECTIONS,
            keepalive_expiry=KEEPALIVE_SECONDS,
        )
        context = shared_ssl_context()
        self._lanes = [
            httpx.AsyncHTTPTransport(verify=context, trust_env=False, limits=limits, retries=0) for _ in range(lanes)
        ]
        self._busy = [0] * lanes
        self._timeout = timeout

    async def __aenter__(self) -> Pool:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, trouble: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        for lane in self._lanes:
            await lane.aclose()

    async def send(self, call: Call) -> Reply | NoReply:
        """Make one call and return what came of it; network trouble never raises, being cancelled does."""
        index = min(range(len(self._lanes)), key=self._busy.__getitem__)
        self._busy[index] += 1
        try:
            async with asyncio.timeout(self._timeout):
                return _logged(call, await self._ask(self._lanes[index], call))
        except TimeoutError:
            return _logged(call, NoReply(sent=True, reason="TimeoutError: the deadline of the call is over"))
        except Exception as trouble:  # noqa: BLE001 - one odd answer must not end the sweep of all the others
            return _logged(call, NoReply(sent=not _never_left(trouble), reason=_reason(trouble)))
        finally:
            self._busy[index] -= 1

    async def _ask(self, lane: httpx.AsyncHTTPTransport, call: Call) -> Reply:
        try:
            request = _request(call, self._timeout)
        except Exception as trouble:
            raise _NotWritableError(_reason(trouble)) from trouble
        response = await lane.handle_async_request(request)
        try:
            return await _aread(response)
        finally:
            with contextlib.suppress(Exception):
                await response.aclose()


class _NotWritableError(Exception):
    """The call cannot be put into HTTP at all: a header, an address or a body that it does not allow."""


class _FreshTransport(httpx.HTTPTransport):
    """A transport that connects through our wire and keeps no connection. httpx has no public way to hand one in."""

    def __init__(self, wire: Wire) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=shared_ssl_context(),
            max_connections=1,
            max_keepalive_connections=0,
            retries=0,
            network_backend=wire,
        )


def _request(call: Call, timeout: float) -> httpx.Request:
    headers = {"Accept": "application/json", "User-Agent": "sora-portal", **call.headers, "Accept-Encoding": "identity"}
    content = None
    if call.json is not None:
        # A lone surrogate in a prompt becomes "?"; it could not be written otherwise.
        text = json.dumps(call.json, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        content = text.encode("utf-8", "replace")
        headers["Content-Type"] = "application/json"
    limits = {"connect": min(CONNECT_SECONDS, timeout), "read": timeout, "write": timeout, "pool": timeout}
    return httpx.Request(call.method, call.url, headers=headers, content=content, extensions={"timeout": limits})


def _read(response: httpx.Response) -> Reply:
    body = bytearray()
    cut = False
    try:
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > BODY_CAP:
                break
    except httpx.TransportError:
        cut = True
    return _reply(response, bytes(body), cut)


async def _aread(response: httpx.Response) -> Reply:
    body = bytearray()
    cut = False
    try:
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > BODY_CAP:
                break
    except httpx.TransportError:
        cut = True
    return _reply(response, bytes(body), cut)


def _reply(response: httpx.Response, raw: bytes, cut: bool) -> Reply:
    headers = {name.lower(): value for name, value in response.headers.items()}
    # RFC 9110 6.6.1: a recipient with a clock notes the time of an answer that has no Date; Retry-After needs it.
    headers.setdefault("date", format_datetime(datetime.now(UTC), usegmt=True))
    cut = cut or len(raw) > BODY_CAP
    body, broken = _decoded(raw[:BODY_CAP], headers)
    return Reply(status=response.status_code, headers=headers, body=body, truncated=cut or broken)


def _decoded(raw: bytes, headers: Mapping[str, str]) -> tuple[bytes, bool]:
    """Undo gzip or deflate, which we did not ask for, with a cap on what comes out: a bomb counts as truncated.

    So does what is packed in a way that we cannot undo: what it says, nobody has read.
    """
    encoding = headers.get("content-encoding", "").strip().lower()
    if not raw or encoding not in {"gzip", "x-gzip", "deflate"}:
        return raw, bool(raw) and encoding not in {"", "identity"}
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        body = inflater.decompress(raw, BODY_CAP)
    except zlib.error:
        return b"", True
    return body, not inflater.eof


def _never_left(trouble: Exception) -> bool:
    return isinstance(trouble, (*_UNSENT, _NotWritableError))


def _reason(trouble: Exception) -> str:
    """Name the trouble for staff. Only network errors speak: texts about our own request may quote the key."""
    if isinstance(trouble, _NotWritableError):
        return str(trouble)
    name = type(trouble).__name__
    if isinstance(trouble, httpx.TransportError) and not isinstance(trouble, httpx.LocalProtocolError):
        return f"{name}: {redact(str(trouble))[:200]}"
    return f"{name}: the request cannot be written as HTTP" if isinstance(trouble, _UNWRITABLE) else name


def _logged(call: Call, answer: Reply | NoReply) -> Reply | NoReply:
    """Log a line without headers and bodies, and pass the answer on."""
    outcome = f"HTTP {answer.status}" if isinstance(answer, Reply) else f"no reply, sent={answer.sent}, {answer.reason}"
    logger.debug("%s %s: %s", call.method, redact(call.url), outcome)
    return answer
