"""The guarded download: the one place besides the vendor adapters that speaks HTTP to the outside.

A result address comes from a vendor's answer, so it is treated as a stranger's: the host has to be on the list, its
name is resolved once, every address is checked, and the connection goes to the checked address, so that a name server
that changes its mind gains nothing. Redirects pass the same gate.
"""

import hashlib
import logging
import os
import re
import shutil
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from sora_portal import failpoints, hosts
from sora_portal.outputs.domain import Gate, Reason, Speed, Trouble, looks_like_a_page, may_connect

log = logging.getLogger(__name__)

REDIRECTS = 3
ADDRESSES = 4  # of one host that are tried when they do not answer
SPARE_BYTES = 128 * 1024**2  # that must stay free on the disk: the database lives there as well
HEADERS = {"Accept": "video/*, application/octet-stream;q=0.9, */*;q=0.1", "Accept-Encoding": "identity"}

Resolve = Callable[[str, int], list[str]]


@dataclass(frozen=True)
class Limits:
    """How much, how long and how slow a download may be. Bytes and seconds."""

    max_bytes: int
    exact: bool = True  # whether a body has to be as long as its head says
    seconds: float = 690.0  # a queue task ends at 900; the check of the file and its preview come after this
    head_seconds: float = 30.0
    floor: float = 10 * 1024.0  # bytes a second, over `window`
    window: float = 30.0
    stall: float = 20.0


@dataclass(frozen=True)
class Downloaded:
    """A file that came in whole: how many bytes, their SHA-256 and the host that gave them."""

    size: int
    sha256: str
    host: str


def resolve_host(host: str, port: int) -> list[str]:
    """Return the addresses of `host` in the order in which to try them; raises OSError when there is none."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


def download(
    url: str,
    target: Path,
    *,
    gate: Gate,
    limits: Limits,
    alive: Callable[[], None] = lambda: None,
    resolve: Resolve = resolve_host,
) -> Downloaded:
    """Bring the file at `url` into the new file `target`, durably; `alive` is called with every piece.

    Raises Trouble for everything that can be wrong with the address, the server or the answer, and whatever `alive`
    raises. `target` may then hold a part of the file; removing it is the caller's.
    """
    where = _secured(_parsed(url), gate)
    for _ in range(REDIRECTS + 1):
        answer = _visit(where, target, gate, limits, alive, resolve)
        if isinstance(answer, Downloaded):
            return answer
        where = _secured(answer, gate)
    raise Trouble(Reason.ADDRESS, f"more than {REDIRECTS} redirects, the last to {where.host}")


def _parsed(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, TypeError, ValueError) as error:
        raise Trouble(Reason.ADDRESS, "the address cannot be read") from error
    host = hosts.of(str(parsed))
    if not host or parsed.userinfo:
        text = "an address whose host is none that can be, or with a name and password in it"
        raise Trouble(Reason.ADDRESS, f"{text}: {host}")
    return parsed


def _secured(url: httpx.URL, gate: Gate) -> httpx.URL:
    """Return an http address with https in its place, unless http is allowed there: some vendors still write it."""
    if url.scheme != "http" or url.port is not None:
        return url
    try:
        gate.admit(scheme="http", host=hosts.of(str(url)), port=80)
    except Trouble:
        return url.copy_with(scheme="https")
    return url


def vet(url: str, gate: Gate, resolve: Resolve = resolve_host) -> str:
    """Return the host of an address from which a download may begin; raises Trouble as the download itself would."""
    parsed = _secured(_parsed(url), gate)
    _admitted(parsed, gate, resolve)
    return hosts.of(str(parsed))


def _admitted(url: httpx.URL, gate: Gate, resolve: Resolve) -> list[str]:
    """Return the addresses of a host that is allowed, all of them checked."""
    host = hosts.of(str(url))
    port = url.port or {"https": 443, "http": 80}.get(url.scheme, 0)
    trust = gate.admit(scheme=url.scheme, host=host, port=port)
    try:
        addresses = resolve(host, port)
    except (OSError, UnicodeError) as error:
        raise Trouble(Reason.UNREACHABLE, f"{host} cannot be resolved: {error}") from error
    refused = [address for address in addresses if not may_connect(address, trust)]
    if refused or not addresses:
        raise Trouble(Reason.ADDRESS, f"{host} resolves to {', '.join(refused) or 'nothing'}")
    return addresses


def _visit(
    url: httpx.URL, target: Path, gate: Gate, limits: Limits, alive: Callable[[], None], resolve: Resolve
) -> Downloaded | httpx.URL:
    """Ask one address; return the file, or where it says that the file is."""
    host = url.host
    addresses = _admitted(url, gate, resolve)
    failure: Exception | None = None
    for address in addresses[:ADDRESSES]:
        try:
            return _ask(url, address, target, limits, alive)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            failure = error
    raise Trouble(Reason.UNREACHABLE, f"{host} does not take connections: {failure}") from failure


def _ask(
    url: httpx.URL, address: str, target: Path, limits: Limits, alive: Callable[[], None]
) -> Downloaded | httpx.URL:
    timeout = httpx.Timeout(limits.stall, connect=min(10.0, limits.stall))
    headers = {**HEADERS, "Host": url.netloc.decode("ascii"), "User-Agent": "sora-portal"}
    with (
        _Fuse() as fuse,
        # A client for each request: what a server sets as a cookie ends with it.
        httpx.Client(
            trust_env=False, follow_redirects=False, timeout=timeout, verify=_tls(), headers=headers
        ) as client,
    ):
        fuse.burn(limits.head_seconds)
        extensions: dict[str, Any] = {"trace": fuse.trace}
        if url.scheme == "https":
            extensions["sni_hostname"] = url.raw_host.decode("ascii")
        try:
            with client.stream("GET", url.copy_with(host=address), extensions=extensions) as answer:
                fuse.burn(limits.seconds)
                return _read(answer, url, target, limits, alive)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise
        except UnicodeError as error:  # httpx reads the address of a redirect by itself, followed or not
            raise Trouble(Reason.ADDRESS, f"{url.host} redirects to an address that cannot be read") from error
        except (httpx.HTTPError, httpx.StreamError, ssl.SSLError) as error:
            reason = Reason.TOO_SLOW if fuse.blown or isinstance(error, httpx.TimeoutException) else Reason.INCOMPLETE
            raise Trouble(reason, f"{url.host}: {type(error).__name__} {error}") from error


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


def _read(
    answer: httpx.Response, url: httpx.URL, target: Path, limits: Limits, alive: Callable[[], None]
) -> Downloaded | httpx.URL:
    if answer.status_code in (301, 302, 303, 307, 308):
        try:
            return _parsed(str(url.join(answer.headers.get("location", ""))))
        except (httpx.InvalidURL, ValueError) as error:
            raise Trouble(Reason.ADDRESS, f"{url.host} redirects to an address that cannot be read") from error
    if answer.status_code not in (200, 203) and not _is_whole(answer):
        # A broken server says nothing about the link.
        reason = Reason.UNREACHABLE if answer.status_code >= 500 else Reason.GONE
        raise Trouble(reason, f"{url.host}{url.path} answers HTTP {answer.status_code}")
    declared = _declared(answer.headers, url, limits, target)
    return _save(answer, declared, url, target, limits, alive)


def _is_whole(answer: httpx.Response) -> bool:
    """Return whether this is the whole file as an answer to a range that was not asked for."""
    span = re.fullmatch(r"bytes 0-(\d{1,15})/(\d{1,15})", answer.headers.get("content-range", ""), re.ASCII)
    return answer.status_code == 206 and span is not None and int(span[1]) + 1 == int(span[2])


def _declared(headers: Mapping[str, str], url: httpx.URL, limits: Limits, target: Path) -> int | None:
    """Return the length that the answer promises, if there is room for it.

    What it says of type and encoding counts for nothing: object storage says whatever was said at the upload, and the
    bytes tell (`outputs.wrapping`, the probe).
    """
    length = headers.get("content-length", "")
    declared = int(length) if length.isdecimal() else None
    if declared is not None and declared > limits.max_bytes:
        raise Trouble(Reason.TOO_BIG, f"{declared:,} bytes promised, {limits.max_bytes:,} allowed")
    if shutil.disk_usage(target.parent).free < (declared or 0) + SPARE_BYTES:
        raise Trouble(Reason.OURS, f"too little space left on the disk for {declared or 0:,} bytes")
    return declared


def _save(
    answer: httpx.Response,
    declared: int | None,
    url: httpx.URL,
    target: Path,
    limits: Limits,
    alive: Callable[[], None],
) -> Downloaded:
    digest = hashlib.sha256()
    size = 0
    started = time.monotonic()
    speed = Speed(floor=limits.floor, window=limits.window, started=started)
    with target.open("xb") as file:
        for piece in _pieces(answer, limits):
            now = time.monotonic()
            if size == 0 and looks_like_a_page(piece):
                raise Trouble(Reason.WEB_PAGE, f"{url.host}{url.path} sends HTML")
            size += len(piece)
            if size > limits.max_bytes:
                raise Trouble(Reason.TOO_BIG, f"more than {limits.max_bytes:,} bytes")
            if speed.too_slow(len(piece), now) or now - started > limits.seconds:
                raise Trouble(Reason.TOO_SLOW, f"{url.host}: {size:,} bytes in {now - started:.0f} s")
            digest.update(piece)
            file.write(piece)
            failpoints.reach("mid-download")
            alive()
        if size == 0 or (limits.exact and declared is not None and size != declared):
            raise Trouble(Reason.INCOMPLETE, f"{url.host}: {size:,} bytes of {declared or 0:,}")
        file.flush()
        os.fsync(file.fileno())
    return Downloaded(size=size, sha256=digest.hexdigest(), host=url.host)


def _pieces(answer: httpx.Response, limits: Limits) -> Iterator[bytes]:
    """Yield the body as it comes; where its length need not be as promised, an early end is one."""
    try:
        yield from answer.iter_raw()
    except (httpx.RemoteProtocolError, httpx.ReadTimeout):
        if limits.exact:
            raise


class _Fuse:
    """Cuts the connection when its time is over.

    A time-out of httpx limits the pause between two bytes, so a server that drips its headers could hold a worker for
    days. The socket is shut down from another thread, which ends a read that is waiting on it.
    """

    def __init__(self) -> None:
        self.blown = False
        self._socket: socket.socket | None = None
        self._timer: threading.Timer | None = None

    def __enter__(self) -> "_Fuse":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer:
            self._timer.cancel()

    def burn(self, seconds: float) -> None:
        """Cut the connection in `seconds` from now; replaces what was set before."""
        if self._timer:
            self._timer.cancel()
        self._timer = threading.Timer(max(0.0, seconds), self._cut)
        self._timer.daemon = True
        self._timer.start()

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Take note of the socket (httpcore's `trace` extension calls this)."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")

    def _cut(self) -> None:
        self.blown = True
        if self._socket is not None:
            with suppress(OSError):
                # The plain socket's own method: that of a TLS socket takes its state away under the reading thread.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
