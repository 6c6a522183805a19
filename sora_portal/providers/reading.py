"""Tolerant readers that the adapters share. Nothing here raises, whatever the bytes."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlsplit

from sora_portal.providers.base import Endpoint, JobState, NoReply, Reply
from sora_portal.providers.redaction import redact

TASK_ID_CAP = 512
MESSAGE_CAP = 1000
URL_CAP = 4096
URLS_CAP = 16
RETRY_CAP = 86_400.0
MESSAGE_FIELDS = ("message", "msg", "error", "failMsg", "errorMessage", "failReason", "errorMsg")
"""Where vendors put a reason, the first one that is there counts; inside `data` the same names."""

STATE_WORDS = {
    "waiting": JobState.QUEUED,
    "queuing": JobState.QUEUED,
    "queued": JobState.QUEUED,
    "pending": JobState.QUEUED,
    "generating": JobState.RUNNING,
    "processing": JobState.RUNNING,
    "running": JobState.RUNNING,
    "in_progress": JobState.RUNNING,
    "success": JobState.SUCCEEDED,
    "succeeded": JobState.SUCCEEDED,
    "completed": JobState.SUCCEEDED,
    "fail": JobState.FAILED,
    "failed": JobState.FAILED,
    "error": JobState.FAILED,
}
"""Every state word seen in a vendor's pages or clients; a word that is not here ends nothing."""

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_UNSAFE_IN_URL = re.compile(r"[\s\x00-\x20\x7f-\xa0\ud800-\udfff\\\"<>`]")


@dataclass(frozen=True)
class Envelope:
    """The `{code, message, data}` that every vendor wraps its answers in.

    `formed` says that the body was a JSON object with a readable code at all. `code` is that code when it is a number
    ("200" counts), `word` the code as text in any case.
    """

    body: Mapping[str, object]
    code: int | None = None
    word: str = ""
    message: str = ""

    @property
    def formed(self) -> bool:
        """True when the body was an object that carries a code."""
        return bool(self.word)

    @property
    def data(self) -> Mapping[str, object]:
        """The inner object, empty when there is none."""
        return mapping(self.body.get("data"))


def parse(raw: bytes | str) -> object:
    """Return the JSON value in `raw`, or None. Bad UTF-8 becomes U+FFFD; NaN and giant numbers become None."""
    try:
        text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
        value: object = json.loads(
            text.lstrip("\ufeff"), parse_constant=lambda _: None, parse_int=_small_int, parse_float=_finite
        )
    except (ValueError, RecursionError):
        return None
    return value


def mapping(value: object) -> Mapping[str, object]:
    """Return `value` when it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def envelope(answer: Reply | NoReply) -> Envelope:
    """Read the outer object of an answer; one that did not come, or not whole, reads as empty."""
    if isinstance(answer, NoReply) or answer.truncated:
        return Envelope(body={})
    return unwrap(mapping(parse(answer.body)))


def unwrap(body: Mapping[str, object]) -> Envelope:
    """Read the code and the reason from an outer object."""
    outer, inner = first_text(body, MESSAGE_FIELDS), first_text(mapping(body.get("data")), MESSAGE_FIELDS)
    message = outer if inner in outer else f"{outer}: {inner}"[:MESSAGE_CAP] if outer else inner
    raw = body.get("code")
    return Envelope(body=body, code=number(raw), word=text_of(raw)[:100], message=message)


def outline(reply: Reply, envelope: Envelope) -> str:
    """Say for staff what an answer was: the vendor's own words when there are any, else its shape."""
    if envelope.message:
        return envelope.message
    shape = "not whole" if reply.truncated else "no reason given" if envelope.formed else "not the documented JSON"
    return f"HTTP {reply.status}, {shape}"


def number(value: object) -> int | None:
    """Read a small whole number that may come as 200, "200" or 200.0; None for anything else, even true."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if abs(value) < 10**6 else None
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 10**6 else None
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,6}(\.0+)?\s*", value, re.ASCII):
        return int(value.strip().partition(".")[0])
    return None


def milli(value: object) -> int | None:
    """Read an amount of money such as 74.87 or "74.87" in thousandths; None for anything else, even true."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if not re.fullmatch(r"\s*-?[0-9]{1,12}(\.[0-9]{1,30})?(e-[0-9]{1,2})?\s*", str(value), re.ASCII | re.IGNORECASE):
        return None
    return round(float(value) * 1000)


def text_of(value: object) -> str:
    """Return a text or number as clean text: no control characters, no lone surrogates; "" for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return _UNPRINTABLE.sub(" ", str(value)[: MESSAGE_CAP * 4]).strip()


def first_text(body: Mapping[str, object], names: Iterable[str]) -> str:
    """Return the first non-empty text among these fields, cleaned, redacted and capped; an object is searched once."""
    for name in names:
        value = body.get(name)
        if isinstance(value, dict):
            value = next((inner for key in (*MESSAGE_FIELDS, "code") if (inner := text_of(value.get(key)))), "")
        if text := text_of(value):
            return redact(text)[:MESSAGE_CAP]
    return ""


def state_word(value: object) -> tuple[JobState | None, str]:
    """Return the state that a word stands for (None when it is not listed) and the word itself for staff."""
    word = text_of(value)[:100]
    return (STATE_WORDS.get(word.lower()) if isinstance(value, str) else None), word


def task_id(value: object) -> str:
    """Return a vendor's task id, or "" when it is none: a text or whole number of 1 to 512 printable characters."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value).strip()
    usable = 0 < len(text) <= TASK_ID_CAP and text.isprintable() and "\ufffd" not in text
    return text if usable else ""


def urls_in(*places: object) -> tuple[str, ...]:
    """Return the http(s) addresses of the first place that has any, without duplicates.

    A place is an address, a list of them, or an object or JSON text that holds them under a name of `_URL_FIELDS`.
    """
    for place in places:
        found = dict.fromkeys(url for url in _candidates(place, depth=6) if is_web_url(url))
        if found:
            return tuple(found)[:URLS_CAP]
    return ()


_URL_FIELDS = ("resultUrls", "imageUrl", "url", "video_url", "videoUrl", "resultUrl")


def _candidates(place: object, depth: int) -> list[str]:
    if depth == 0:
        return []
    if isinstance(place, dict):
        named = (_candidates(place.get(name), depth - 1) for name in _URL_FIELDS)
        return next((urls for urls in named if any(is_web_url(url) for url in urls)), [])
    if isinstance(place, list):
        return [url for item in place[: URLS_CAP * 4] for url in _candidates(item, depth - 1)]
    if not isinstance(place, str):
        return []
    text = place.strip()
    return _candidates(parse(text), depth - 1) if text[:1] in {"{", "[", '"'} else [text]


def is_web_url(text: str) -> bool:
    """True for an absolute http or https address without blanks, control characters or lone surrogates."""
    if not 0 < len(text) <= URL_CAP or _UNSAFE_IN_URL.search(text):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds the vendor asks us to wait (at most one day), or None.

    Reads Retry-After as seconds or as an HTTP date (measured against the answer's own Date, so clocks need not agree)
    and the upstream's openai-poll-after-ms.
    """
    raw = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,12})?", raw, re.ASCII):
        return min(float(raw), RETRY_CAP)
    if (until := _date(raw)) and (now := _date(headers.get("date", ""))):
        return min(max((until - now).total_seconds(), 0.0), RETRY_CAP)
    raw = headers.get("openai-poll-after-ms", "").strip()
    if re.fullmatch(r"[0-9]{1,12}", raw, re.ASCII):
        return min(int(raw) / 1000, RETRY_CAP)
    return None


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def address(endpoint: Endpoint, path: str) -> str:
    """Join the connection's base URL and a vendor path such as "/api/v1/tasks/create".

    A base that was pasted with its "/api/v1" is taken as the same place.
    """
    base = endpoint.base_url.strip().rstrip("/").removesuffix("/api/v1").rstrip("/")
    return f"{base}{path}"


def segment(text: str) -> str:
    """Percent-encode one path segment or query value; "." and ".." are encoded too, or they would climb."""
    return "%2E" * len(text) if text in {".", ".."} else quote(text, safe="", errors="replace")


def bearer(endpoint: Endpoint) -> dict[str, str]:
    """The headers that say who we are: none for a key that HTTP cannot carry, so that the vendor answers "bad key".

    Otherwise every attempt would fail before its first byte, look like a broken network and be tried for ever.
    """
    key = endpoint.key.strip()
    return {"Authorization": f"Bearer {key}"} if key and key.isascii() and key.isprintable() else {}


def _small_int(text: str) -> int | None:
    return int(text) if len(text) <= 40 else None


def _finite(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None
