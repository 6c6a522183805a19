"""Which task an answer may name, wherever it does: what carries an id is no proof that nothing was made.

Names of fields count, and what stands under them. Sentences and prompts are not looked into: they may quote what a
member wrote. Nothing here raises, whatever the bytes, and nothing here says whose a task is: that has to be asked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from sora_portal.providers import reading
from sora_portal.providers.base import Reply

NAMED_CAP = 6
"""Ids that are kept of one answer; documented ones name one."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_ID_WORDS = {"id", "ids", "uuid", "guid", "uid"}
_JOINED = re.compile(r"(task|job|record|generation|video|prediction|order|request|result)s?(id|ids|uuid|no|number)")
_THINGS = {"task", "tasks", "job", "jobs", "data", "result", "results", "record", "response", "output", "items"}
"""Fields whose bare text may be an id, if it looks like one."""
_LINKS = {"url", "uri", "href", "link", "location"}
_OF_OTHERS = re.compile(
    "user|account|owner|member|org|organization|team|tenant|group|project|workspace|client|customer|app|api|key|access"
    "|model|channel|provider|vendor|region|node|pod|host|server|product|plan|price|error|character|image|file|session"
    "|device|callback|webhook|trace|span|log|ray|cf|correlation|parent|previous|source|original"
)
"""Whose ids are no task's, by the first word of the field."""
_SENTENCES = {name.lower() for name in reading.MESSAGE_FIELDS} | {"detail", "reason", "description"}
_LOOKS_LIKE_ID = re.compile(r"(?=[^0-9]*[0-9])[A-Za-z0-9][A-Za-z0-9_\-.:/]{1,199}", re.ASCII)
_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]*)?", re.ASCII)
_NO_ID = {"", "0", "-1", "null", "none", "undefined", "false", "true"}
_IN_TEXT = re.compile(
    r"""\b(task|job|record|generation|video)[_\-]?(?:id|uuid)\b["'\\]*\s*[:=>]\s*["'\\]*([A-Za-z0-9_\-.:/]{1,200})""",
    re.IGNORECASE | re.ASCII,
)
_FIELD = re.compile(r"""(?<!\\)"([A-Za-z][A-Za-z0-9_\- ]{0,39})"\s*:\s*"?([^"\\,}\]\s]{1,512})""")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_IN_PATH = re.compile(r"/(?:tasks?|jobs?|records?|query|status\w*|predictions?|generations?)/([^/]*[0-9][^/]*)/?$")


@dataclass(frozen=True)
class Named:
    """What an answer may name: `ids` of one to 512 printable characters, those under the name of a task first.

    `found` says whether there was any, usable or not. `unsure`: nobody can say what the answer means, because its JSON
    breaks off, it is no text at all, one of its fields is there twice with two values, or it names two tasks.
    """

    ids: tuple[str, ...] = ()
    found: bool = False
    unsure: bool = False


class _Fields(list[tuple[str, object]]):
    """A JSON object with its fields as they came, repeated ones included."""


def named(answer: Reply) -> Named:
    """Return what an answer to a create call may name, in its body and in its headers."""
    body = _parsed(answer.body)
    hits, unsure = _in_text(answer.body) if body is None else _walk(body)
    hits += _in_headers(answer.headers)
    hits = [(text.strip(), of_task) for text, of_task in hits if text.strip().lower() not in _NO_ID]
    ranked = [text for text, of_task in hits if of_task] + [text for text, of_task in hits if not of_task]
    ids = dict.fromkeys(clean for text in ranked if (clean := reading.task_id(text)))
    of_tasks = {text for text, of_task in hits if of_task}
    return Named(tuple(ids)[:NAMED_CAP], bool(hits), unsure or len(of_tasks) > 1)


def _parsed(raw: bytes | str) -> object:
    """Return JSON with numbers as text (a giant one is an id like any other), None for what is not JSON."""
    try:
        text = raw if isinstance(raw, str) else raw.decode(json.detect_encoding(raw), "replace").lstrip("\ufeff")
        return json.loads(text, object_pairs_hook=_Fields, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return None


def _walk(body: object) -> tuple[list[tuple[str, bool]], bool]:
    """Return the ids with whether each stands under the name of a task, and whether a field contradicts itself.

    A list instead of calls to itself: a body may be nested as deeply as the parser takes.
    """
    hits: list[tuple[str, bool]] = []
    contradicts = False
    todo: list[tuple[str, object]] = [("", body)]
    while todo:
        name, value = todo.pop()
        if isinstance(value, _Fields):
            contradicts = contradicts or _contradicts(value)
            todo += reversed(value)
        elif isinstance(value, list):
            todo += [(name, inner) for inner in reversed(value)]
        elif isinstance(value, str) and "prompt" not in name.lower():
            hits += _at(name, value.strip())
            if name.lower() not in _SENTENCES and value.lstrip()[:1] in {"{", "["}:
                todo.append((name, _parsed(value)))
    return hits, contradicts


def _at(name: str, text: str) -> Iterator[tuple[str, bool]]:
    """Yield the id that stands under `name`, if it is the name of one."""
    words = [word.lower() for word in _WORD.findall(name)] or [""]
    joined = _JOINED.fullmatch("".join(words))
    if words[-1] in _LINKS:
        yield from ((found, False) for found in _in_address(text))
    elif _OF_OTHERS.fullmatch(words[0]) or text[:1] in {"{", "["}:
        return
    elif joined or words[-1] in _ID_WORDS:
        yield text, bool(joined and joined[1] == "task")
    elif words[-1] in _THINGS and _LOOKS_LIKE_ID.fullmatch(text) and not _AMOUNT.fullmatch(text):
        yield text, False


def _contradicts(fields: _Fields) -> bool:
    seen: dict[str, object] = {}
    return any(seen.setdefault(key, value) != value for key, value in fields if not isinstance(value, list))


def _in_text(raw: bytes) -> tuple[list[tuple[str, bool]], bool]:
    """Return the ids in a body that is no JSON, and whether it should have been some, or is no text.

    Of an id at its very end, nobody knows where it ends.
    """
    text = raw.decode("utf-8", "replace")
    broken = text.lstrip("\ufeff \t\r\n")[:1] in {"{", "["} and text.strip() != ""
    hits = [(hit[2], hit[1].lower() == "task") for hit in _IN_TEXT.finditer(text) if hit.end() < len(text)]
    if broken:
        fields = (field.groups() for field in _FIELD.finditer(text) if field.end() < len(text))
        hits += [hit for name, value in fields for hit in _at(name, value)]
    return hits, broken or bool(_CONTROL.search(text))


def _in_headers(headers: Mapping[str, str]) -> list[tuple[str, bool]]:
    """Return the ids in headers such as X-Task-Id, and in the address that an answer points to."""
    links = (headers.get(name, "") for name in ("location", "content-location", "operation-location"))
    hits = [(text, False) for link in links for text in _in_address(link)]
    for name, value in headers.items():
        joined = _JOINED.fullmatch(name.removeprefix("x-").replace("-", ""))
        if joined and joined[1] != "request":
            hits.append((value, joined[1] == "task"))
    return hits


def _in_address(location: str) -> list[str]:
    """Return the ids in the address that an answer points to, as a redirect or a 201 does."""
    try:
        parts = urlsplit(location)
        query = parse_qsl(parts.query)
    except ValueError:
        return []
    found = [hit for name, value in query if name not in _LINKS for hit, _ in _at(name, value)]
    path = _IN_PATH.search(parts.path)
    return found + ([path[1]] if path else [])
