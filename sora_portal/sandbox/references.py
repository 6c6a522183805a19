"""What a vendor fetches before it makes a video: reference images and clips. Did it get what it was promised?"""

import ipaddress
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import asdict, dataclass
from typing import Any

CAP = 20 * 1024 * 1024
SECONDS = 10.0
PLACES = ("none", "loopback", "all")
_STARTS = {"jpeg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n"}


@dataclass(frozen=True)
class Fetched:
    """One address: the HTTP status (None when nothing answered), what its bytes are, and whether that is of use.

    `content` is jpeg, png, webp, mp4 or "" by the bytes themselves; `type` is what the server called it.
    """

    field: str
    url: str
    status: int | None
    type: str
    bytes: int
    content: str
    usable: bool
    error: str
    at: float


def wanted(url: str, places: str) -> bool:
    """Tell whether an address is fetched under the setting `references`."""
    return places == "all" or (places == "loopback" and _is_loopback(url))


def fetch(field: str, url: str, *, clip: bool) -> dict[str, Any]:
    """Fetch one address as a vendor does, without key or cookie, and return what came as a JSON-ready row."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    status, kind, raw, error = None, "", b"", ""
    try:
        # The dialects let only http and https through.
        request = urllib.request.Request(url, headers={"User-Agent": "SandboxVendors/1"})  # noqa: S310
        with opener.open(request, timeout=SECONDS) as answer:
            status, kind, raw = answer.status, answer.headers.get("Content-Type", ""), answer.read(CAP + 1)
    except urllib.error.HTTPError as trouble:
        status, kind, error = trouble.code, trouble.headers.get("Content-Type", ""), f"HTTP {trouble.code}"
    except (OSError, ValueError) as trouble:
        error = type(trouble).__name__
    content = content_of(raw)
    usable = bool(content) and (content == "mp4") is clip and len(raw) <= CAP
    return asdict(Fetched(field, url, status, kind, len(raw), content, usable, error, time.time()))


def content_of(raw: bytes) -> str:
    """Return what bytes are by their first ones: jpeg, png, webp, mp4, or "" for anything else."""
    for name, start in _STARTS.items():
        if raw.startswith(start):
            return name
    if raw[:4] == b"RIFF" and raw[8:12] == b"WEBP":
        return "webp"
    return "mp4" if raw[4:8] == b"ftyp" else ""


def _is_loopback(url: str) -> bool:
    host = urllib.parse.urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
