"""Answers and callbacks as no page describes them: the same news broken off, misspelt, or not JSON at all.

Everything here takes what the vendor would have said and returns bytes and a content type.
"""

import json
from dataclasses import replace
from typing import Any

from sora_portal.sandbox.dialects.base import Answer, JsonObject

JSON, HTML, PLAIN = "application/json; charset=utf-8", "text/html; charset=utf-8", "text/plain; charset=utf-8"
PAGE_BYTES = 10 * 1024 * 1024
_LINE = b"<p>502 Bad Gateway. This page is not what you asked for.</p>\n"
_UNKNOWN = {"traceId": "0a1b2c", "ext": {"region": None, "tags": []}, "版本": 3}


def page(size: int = PAGE_BYTES) -> bytes:
    """Return an HTML page of `size` bytes."""
    head = b"<!doctype html><html><title>Bad Gateway</title>\n"
    return (head + _LINE * (size // len(_LINE) + 1))[:size]


def gateway(status: int) -> Answer:
    """Return what a gateway in front of the vendor answers: a status and a short page."""
    return Answer(status, {}, raw=page(2_000), kind=HTML)


def big_page(answer: Answer) -> Answer:
    """Return 10 MB of HTML under the status of `answer`."""
    return replace(answer, raw=page(), kind=HTML)


def broken(answer: Answer) -> Answer:
    """Return `answer` with its JSON broken off in the middle."""
    return replace(answer, raw=cut(answer.body))


def odd(answer: Answer) -> Answer:
    """Return `answer` with numbers as text, fields that no page names, and a wrong content type."""
    return replace(answer, body=misspelt(answer.body), kind=PLAIN)


def without_id(answer: Answer) -> Answer:
    """Return a create answer that names no task."""
    return replace(answer, body={**answer.body, "data": {}})


def cut(body: JsonObject) -> bytes:
    """Return the JSON text of `body`, broken off at two thirds."""
    text = json.dumps(body, ensure_ascii=False).encode()
    return text[: len(text) * 2 // 3]


def misspelt(value: Any) -> Any:
    """Return `value` with every number as text, JSON texts as objects, and unknown fields in every object."""
    if isinstance(value, dict):
        return {name: misspelt(_opened(name, inner)) for name, inner in value.items()} | _UNKNOWN
    if isinstance(value, list):
        return [misspelt(inner) for inner in value]
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _opened(name: str, value: Any) -> Any:
    if name != "resultJson" or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
