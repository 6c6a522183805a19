"""Which task an answer may name, wherever it does: what carries an id is no proof that nothing was made.

Names of fields count, and what stands under them. In sentences an id counts that is called one and that the request
itself does not hold: they may quote what a member wrote. Prompts are not looked into. Nothing here raises, whatever the
bytes, and nothing here says whose a task is: that has to be asked.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from sora_portal.providers import reading
from sora_portal.providers.base import Call, Reply

NAMED_CAP = 6
"""Ids that are kept of one answer; documented ones name one."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_ID_WORDS = {"id", "ids", "uuid", "guid", "uid", "oid"}
_FORMS = {"str", "string", "text", "value", "hex"}
"""What may follow an id's name: id_str."""
_TASKS = {"task", "job", "prediction"}
_KINDS_OF_ID = {"key", "ref", "reference", "code", "token", "sn", "handle", "hash", "name"}
"""What may be called after a task and be its id, if it looks like one: taskKey."""
_JOINED = re.compile(r"(task|job|record|generation|video|prediction|order|request|result)s?(id|ids|uuid|no|number)")
_THINGS = {"task", "tasks", "job", "jobs", "data", "result", "results", "record", "response", "output", "items"}
"""Fields whose bare text may be an id, if it looks like one."""
_LINKS = {"url", "uri", "href", "link", "location"}
_ADDRESS = re.compile(r"(?:https?:/)?/[^\s\"'<>]{1,2000}", re.IGNORECASE)
_OF_OTHERS = re.compile(
    "user|account|owner|member|org|organization|team|tenant|group|project|workspace|client|customer|app|api|key|access"
    "|model|channel|provider|vendor|region|node|pod|host|server|product|plan|price|error|character|image|file|session"
    "|device|callback|webhook|trace|span|log|ray|cf|correlation|parent|previous|source|original"
)
"""Whose ids are no task's, by the first word of the field."""
_EARLIER = {"parent", "previous", "source", "original", "character"}
_RECORDS = {"tasks", "jobs", "predictions"}
"""Fields that may hold records under their ids."""
_SENTENCES = {name.lower() for name in reading.MESSAGE_FIELDS} | {"detail", "reason", "description"}
_LOOKS_LIKE_ID = re.compile(r"(?=[^0-9]*[0-9])[A-Za-z0-9][A-Za-z0-9_\-.:/]{1,199}", re.ASCII)
_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]*)?", re.ASCII)
_NO_ID = {"", "0", "-1", "null", "none", "undefined", "false", "true"}
_IN_TEXT = re.compile(
    r"""(?<![a-z])(task|job|record|generation|video)[_\- ]?(?:id|uuid)\b["'\\]*\s{0,9}[:=>]"""
    r"""(?:["'\\\s]|<[^<>]{0,80}>){0,9}([A-Za-z0-9_\-.:/]{1,200})""",
    re.IGNORECASE | re.ASCII,
)
_FIELD = re.compile(r"""(?<!\\)"([A-Za-z][A-Za-z0-9_\- ]{0,39})"\s*:\s*"?([^"\\,}\]\s]{1,512})""")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_IN_PATH = re.compile(
    r"/(?:(?:task|job|record|prediction|generation|video|operation|result)s?|query|status\w*)/([^/]*[0-9][^/]*)/?$"
)
_LINK_IN_TEXT = re.compile(r"""(?:(?:href|src|action)\s?=\s?["']?|<|(?=https?://))([^\s"'<>]{1,2000})""", re.IGNORECASE)


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


def named(answer: Reply, call: Call | None = None) -> Named:
    """Return what an answer to `call`, a create call, may name, in its body and in its headers.

    An id that is too long, or no printable text, is cut to what can be kept: a person has to see that there was one.
    """
    body = _parsed(answer.body)
    hits, unsure = _in_text(answer.body) if body is None else _walk(body, _sent(call))
    hits += _in_headers(answer.headers)
    hits = [(text.strip(), of_task) for text, of_task in hits if text.strip().lower() not in _NO_ID]
    ranked = [text for text, of_task in hits if of_task] + [text for text, of_task in hits if not of_task]
    ids = dict.fromkeys(clean for text in ranked if (clean := reading.task_id(text)))
    ids = ids or dict.fromkeys(clean for text in ranked if (clean := reading.text_of(text)[: reading.TASK_ID_CAP]))
    of_tasks = {text for text, of_task in hits if of_task}
    return Named(tuple(ids)[:NAMED_CAP], bool(hits), unsure or len(of_tasks) > 1)


def _parsed(raw: bytes | str) -> object:
    """Return JSON with numbers as text (a giant one is an id like any other), None for what is not JSON."""
    try:
        text = raw if isinstance(raw, str) else raw.decode(json.detect_encoding(raw), "replace").lstrip("\ufeff")
        return json.loads(text, object_pairs_hook=_Fields, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return None


def _sent(call: Call | None) -> str:
    """Return all that the request held, as text."""
    return json.dumps(call.json, ensure_ascii=False) if call is not None else ""


def _walk(body: object, sent: str) -> tuple[list[tuple[str, bool]], bool]:
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
            # An id may be an object of its own ({"taskId": {"value": …}}), or the name of its task's record.
            whole = _is_of_id(name)
            todo += [(name if whole and not isinstance(inner, list) else key, inner) for key, inner in reversed(value)]
            if name.lower() in _RECORDS:
                hits += [(key, False) for key, _ in value if _LOOKS_LIKE_ID.fullmatch(key)]
        elif isinstance(value, list):
            todo += [(name, inner) for inner in reversed(value)]
        elif isinstance(value, str) and "prompt" not in name.lower():
            hits += _at(name, value.strip())
            inner = _parsed(value) if name.lower() not in _SENTENCES and value.lstrip()[:1] in {"{", "["} else None
            if inner is None:
                hits += [(found, of_task) for found, of_task in _called(value) if found not in sent]
            else:
                todo.append((name, inner))
    return hits, contradicts


def _at(name: str, text: str) -> Iterator[tuple[str, bool]]:
    """Yield the id that stands under `name`, if it is the name of one."""
    words = _words(name)
    joined = _JOINED.fullmatch("".join(words))
    if words[-1] in _LINKS or _ADDRESS.fullmatch(text):
        yield from ((found, False) for found in _in_address(text))
    elif (_OF_OTHERS.fullmatch(words[0]) and not _of_a_task(words)) or text[:1] in {"{", "["}:
        return
    elif joined or words[-1] in _ID_WORDS:
        yield text, bool(joined and joined[1] == "task")
    elif (
        (words[-1] in _THINGS or (words[0] in _TASKS and words[-1] in _KINDS_OF_ID))
        and _LOOKS_LIKE_ID.fullmatch(text)
        and not _AMOUNT.fullmatch(text)
    ):
        yield text, False


def _words(name: str) -> list[str]:
    """Return the words of a field's name in lower case, without those that only say in which form a value is."""
    words = [word.lower() for word in _WORD.findall(name)] or [""]
    while len(words) > 1 and words[-1] in _FORMS:
        words.pop()
    return words


def _of_a_task(words: list[str]) -> bool:
    """Return whether what belongs to somebody else is a task of ours all the same: vendorTaskId."""
    return len(words) > 2 and words[0] not in _EARLIER and not _TASKS.isdisjoint(words[1:-1])


def _is_of_id(name: str) -> bool:
    words = _words(name)
    return words[-1] in _ID_WORDS and not _OF_OTHERS.fullmatch(words[0])


def _contradicts(fields: _Fields) -> bool:
    seen: dict[str, object] = {}
    return any(seen.setdefault(key, value) != value for key, value in fields if not isinstance(value, list))


def _in_text(raw: bytes) -> tuple[list[tuple[str, bool]], bool]:
    """Return the ids in a body that is no JSON, and whether it should have been some, or is no text.

    Of an id at its very end, nobody knows where it ends.
    """
    text = raw.decode("utf-8", "replace")
    broken = text.lstrip("\ufeff \t\r\n")[:1] in {"{", "["} and text.strip() != ""
    hits = _called(text, whole=False)
    if broken:
        fields = (field.groups() for field in _FIELD.finditer(text) if field.end() < len(text))
        hits += [hit for name, value in fields for hit in _at(name, value)]
    return hits, broken or bool(_CONTROL.search(text))


def _called(text: str, *, whole: bool = True) -> list[tuple[str, bool]]:
    """Return what a text calls an id, or links to as a task; unless it is `whole`, not what stands at its very end."""
    text = html.unescape(text)
    ends = len(text) + whole
    hits = [(hit[2].rstrip(".,:;"), hit[1].lower() == "task") for hit in _IN_TEXT.finditer(text) if hit.end() < ends]
    links = (hit[1].rstrip(".,:;") for hit in _LINK_IN_TEXT.finditer(text) if hit.end() < ends)
    return hits + [(found, False) for link in links for found in _in_address(link)]


def _in_headers(headers: Mapping[str, str]) -> list[tuple[str, bool]]:
    """Return the ids in headers such as X-Task-Id, and in the address that an answer points to."""
    links = (value for name, value in headers.items() if name.endswith("location"))
    hits = [(text, False) for link in links for text in _in_address(link)]
    hits += [hit for name in ("link", "refresh") for hit in _called(headers.get(name, ""))]
    for name, value in headers.items():
        words = name.replace("_", "-").removeprefix("x-").split("-")
        # The name of the vendor may stand in front.
        joined = _JOINED.fullmatch("".join(words)) or _JOINED.fullmatch("".join(words[-2:]))
        if joined and joined[1] != "request" and words[0] not in _EARLIER:
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
