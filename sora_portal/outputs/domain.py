"""Where a video may come from, what it has to be, and what to say when it is not. Pure: no Django, no clock, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address

from sora_portal.hosts import is_public, name

# What an MP4 may begin with besides its brands: older writers, fragments, and files that were put together by hand.
FIRST_BOXES = frozenset(
    {b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"uuid", b"sidx", b"pdin"}
)

SUFFIXES: Mapping[str, str] = {"video/mp4": ".mp4", "video/quicktime": ".mov", "video/webm": ".webm"}


class Reason(StrEnum):
    """Why a file could not be had."""

    ADDRESS = "address"
    UNREACHABLE = "unreachable"
    GONE = "gone"
    WEB_PAGE = "web_page"
    NOT_A_VIDEO = "not_a_video"
    INCOMPLETE = "incomplete"
    TOO_BIG = "too_big"
    TOO_SLOW = "too_slow"
    OURS = "ours"
    CRASHES = "crashes"


# What a member reads. What happens next is added by whoever knows it.
SENTENCES: Mapping[Reason, str] = {
    Reason.ADDRESS: "The vendor's link to the video leads to a place that we do not download from.",
    Reason.UNREACHABLE: "The vendor's download server does not answer.",
    Reason.GONE: "The vendor's link to the finished video does not work.",
    Reason.WEB_PAGE: "The vendor sent a web page instead of the video.",
    Reason.NOT_A_VIDEO: "What the vendor sent is not a playable video.",
    Reason.INCOMPLETE: "The vendor's download stopped before the video was complete.",
    Reason.TOO_BIG: "The vendor's file is larger than this portal takes.",
    Reason.TOO_SLOW: "The vendor's download is too slow to finish.",
    Reason.OURS: "The portal could not store the video.",
    Reason.CRASHES: "The vendor's file could not be worked on.",
}


class Trouble(Exception):
    """A file could not be had: the `reason`, and `detail` for staff (no secrets, no query strings)."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Trust(StrEnum):
    """Which addresses a host may turn out to have."""

    PUBLIC = "public"  # global ones only
    LOOPBACK = "loopback"  # this machine only: test mode
    NAMED = "named"  # any: the sandbox, which the operator named in the settings


@dataclass(frozen=True)
class Gate:
    """The places that the files of one attempt may come from.

    `hosts` are names whose subdomains count as well; `sandbox` is the one origin ("http://127.0.0.1:8001") of our own
    stand-in, or empty; `loopback` opens this machine's own addresses, which only test mode does.
    """

    hosts: tuple[str, ...]
    sandbox: str = ""
    loopback: bool = False

    def admit(self, *, scheme: str, host: str, port: int) -> Trust:
        """Return which addresses `host` may have; raises Trouble for a place that is not allowed at all."""
        if self.sandbox and f"{scheme}://{_bracketed(host)}:{port}" == self.sandbox:
            return Trust.NAMED
        if self.loopback and scheme in ("http", "https") and is_loopback_name(host):
            return Trust.LOOPBACK
        if scheme != "https" or port != 443:
            raise Trouble(Reason.ADDRESS, f"{scheme}://{host}:{port} is not https on port 443")
        if not self.lists(host):
            raise Trouble(Reason.ADDRESS, f"{host} is not among the connection's media hosts")
        return Trust.PUBLIC

    def lists(self, host: str) -> bool:
        """Return whether `host` is one of the connection's, or a subdomain of one."""
        return any(host == allowed or host.endswith(f".{allowed}") for allowed in self._names())

    def _names(self) -> list[str]:
        return [plain for entry in self.hosts if (plain := name(str(entry).strip().strip(".")))]


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def is_loopback_name(host: str) -> bool:
    """Return whether `host` names this machine by itself, without asking any name server."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def may_connect(address: str, trust: Trust) -> bool:
    """Return whether a host trusted this far may have `address`."""
    if trust is Trust.NAMED:
        return True
    if trust is Trust.LOOPBACK:
        return is_loopback_name(address)
    return is_public(address)


@dataclass(frozen=True)
class Facts:
    """What a file turned out to show. `duration_ms` in milliseconds, `fps` in frames a second, on average.

    `frame_times` says in microseconds when each of the `frames` begins; it is empty where n / fps says it.
    `plays_everywhere` means that every browser has the decoders for it.
    """

    mime: str
    width: int
    height: int
    duration_ms: int
    fps: float
    codec: str
    has_audio: bool
    frames: int
    frame_times: list[int]
    plays_everywhere: bool


class Speed:
    """Tells a slow download from a dead one: bytes over a window of seconds. Times are any steadily growing seconds."""

    def __init__(self, *, floor: float, window: float, started: float) -> None:
        self._floor = floor
        self._window = window
        self._since = started
        self._bytes = 0

    def too_slow(self, count: int, now: float) -> bool:
        """Note `count` more bytes; return whether the window that has just ended brought less than the floor."""
        self._bytes += count
        span = now - self._since
        if span < self._window:
            return False
        slow = self._bytes < self._floor * span
        self._since, self._bytes = now, 0
        return slow


def begins_like_a_video(start: bytes) -> bool:
    """Return whether a file that begins like this is an MP4 or a WebM, as far as its first bytes say."""
    return start[4:8] in FIRST_BOXES or start.startswith(b"\x1a\x45\xdf\xa3")


def looks_like_a_page(start: bytes) -> bool:
    """Return whether a body that begins like this is HTML, whatever its header says."""
    head = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return head.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<?xml"))
