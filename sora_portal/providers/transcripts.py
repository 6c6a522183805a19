"""A vendor's answer word for word, for staff: readable, cut to a size, and without anything that is secret."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sora_portal.providers import reading
from sora_portal.providers.base import NoReply, Reply
from sora_portal.providers.redaction import redact

LONGEST = 8000
"""Characters that are kept; documented answers are shorter, and a web page says enough in its first lines."""

SMALL = 16 * 1024
"""Bytes up to which JSON is laid out on lines; a large one that is deeply nested would become huge by that."""


@dataclass(frozen=True)
class Transcript:
    """What came: the HTTP status (0 when no answer came) and the body, or why there is none."""

    status: int
    text: str


def transcript(answer: Reply | NoReply, *secrets: str) -> Transcript:
    """Return `answer` for staff; `secrets` (the key) are masked beside what `redact` knows by its shape."""
    if isinstance(answer, NoReply):
        return Transcript(0, redact(answer.reason, *secrets)[:LONGEST])
    cut = "\n… (the answer did not come whole)" if answer.truncated else ""
    return Transcript(answer.status, f"{readable(answer.body, *secrets)}{cut}")


def readable(body: bytes, *secrets: str) -> str:
    """Return a body as text: JSON is laid out with its characters as they are, so that masks find what was escaped."""
    text = _laid_out(reading.parse(body), 2 if len(body) <= SMALL else None) or body[: LONGEST * 4].decode(
        "utf-8", "replace"
    )
    text = redact("".join(sign if sign.isprintable() or sign == "\n" else " " for sign in text), *secrets)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}\n… ({len(body):,} bytes in all)"


def _laid_out(value: object, indent: int | None) -> str:
    """Return an object or list as JSON; "" for anything else, and for one nested too deeply."""
    if not isinstance(value, dict | list):
        return ""
    try:
        return json.dumps(value, ensure_ascii=False, indent=indent)
    except RecursionError:
        return ""
