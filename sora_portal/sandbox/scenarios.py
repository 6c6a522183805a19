"""The scenarios a prompt can ask for with a marker such as `[lost]` or `[code:402]`: one table for engine, tests, docs.

A task keeps its markers as texts: the name alone, or name, colon and value.
"""

import random
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum, auto


class Acts(Enum):
    """Where in a task's life a scenario shows."""

    CREATE = auto()  # the create call is answered with an error and nothing is accepted
    ANSWER = auto()  # the task is accepted; what happens to the answer differs
    STATUS = auto()  # the task's course or end differs
    RESULT = auto()  # the task succeeds; the result cannot be read
    MEDIA = auto()  # the task succeeds; the file cannot be had
    CALLBACK = auto()  # the callback differs


@dataclass(frozen=True)
class Scenario:
    """One marker and what the vendor then does. `takes` names the value behind its colon, "" for none."""

    name: str
    acts: Acts
    summary: str
    takes: str = ""


def _table(*rows: Scenario) -> Mapping[str, Scenario]:
    return {row.name: row for row in rows}


SCENARIOS = _table(
    Scenario("refuse", Acts.CREATE, "content policy refusal at create"),
    Scenario("429", Acts.CREATE, "first create of this prompt: 429 with Retry-After: 2; accepted later"),
    Scenario("429-date", Acts.CREATE, "the same with a date as Retry-After, by the vendor's clock"),
    Scenario("error-200", Acts.CREATE, "HTTP 200 whose body carries an error code"),
    Scenario("500", Acts.CREATE, "HTTP 500, nothing accepted"),
    Scenario("no-balance", Acts.CREATE, "the vendor account has no credits left"),
    Scenario("paused", Acts.CREATE, "the model is paused at the vendor"),
    Scenario("burst", Acts.CREATE, "429 for the first creates of this prompt", "N"),
    Scenario("code", Acts.CREATE, "refused with this code, where the vendor puts codes, in its words", "N"),
    Scenario("body", Acts.CREATE, "the same as HTTP 200 with the code in the body only", "N"),
    Scenario("http", Acts.CREATE, "this HTTP status with an HTML page, as a gateway answers", "N"),
    Scenario("lost", Acts.ANSWER, "accepted, connection closed without an answer; the callback comes"),
    Scenario("lost-silent", Acts.ANSWER, "accepted, connection closed without an answer; no callback either"),
    Scenario("callback-first", Acts.ANSWER, "finished at once; the callback arrives before the create answer"),
    Scenario("create-html", Acts.ANSWER, "accepted, but the answer is 10 MB of HTML"),
    Scenario("create-broken", Acts.ANSWER, "accepted, but the answer's JSON breaks off"),
    Scenario("create-no-id", Acts.ANSWER, "accepted, but the answer names no task"),
    Scenario("create-odd", Acts.ANSWER, "accepted: code as text, unknown fields, text/plain"),
    Scenario("create-named", Acts.ANSWER, "accepted, but answered with this code (429) beside the task's id", "CODE?"),
    Scenario("create-quoted", Acts.ANSWER, "accepted, but answered with HTTP 500 and a text that quotes the prompt"),
    Scenario("create-slow", Acts.ANSWER, "accepted; the answer comes after so many seconds (3)", "CODE?"),
    Scenario("lost-crossed", Acts.ANSWER, "as lost, but the callback names the task that was ordered last besides"),
    Scenario("policy-late", Acts.STATUS, "content violation found while generating"),
    Scenario("fail", Acts.STATUS, "generation fails at the end; a value is the failure code", "CODE?"),
    Scenario("fail-first", Acts.STATUS, "the first three status answers say that it failed; then it succeeds"),
    Scenario("fail-start", Acts.STATUS, "fails before it runs"),
    Scenario("slow", Acts.STATUS, "takes four times as long"),
    Scenario("unknown-word", Acts.STATUS, "a state word nobody knows for a while, then success"),
    Scenario("never", Acts.STATUS, "runs for ever"),
    Scenario("forget", Acts.STATUS, "accepted, then the status call says there is no such task"),
    Scenario("variant", Acts.STATUS, "success in the vendor's other documented spelling, callback included"),
    Scenario("status", Acts.STATUS, "the first three status calls are answered with this code", "N"),
    Scenario("status-html", Acts.STATUS, "the first three status answers are 10 MB of HTML"),
    Scenario("status-broken", Acts.STATUS, "the JSON of the first three status answers breaks off"),
    Scenario("status-odd", Acts.STATUS, "status answers with numbers as text, unknown fields, null data at first"),
    Scenario("foreign", Acts.STATUS, "status answers speak of a task that somebody else ordered, and of its success"),
    Scenario("broken-result", Acts.RESULT, "success whose result is broken JSON"),
    Scenario("no-url", Acts.RESULT, "success without an address"),
    Scenario(
        "moved-url", Acts.RESULT, "success whose address stands nested under a name that no page has, by a poster"
    ),
    Scenario("late-url", Acts.RESULT, "success without an address at first; the address comes with the third answer"),
    Scenario("html", Acts.MEDIA, "the media address answers 200 with an HTML page"),
    Scenario("truncated", Acts.MEDIA, "the media answer stops before its Content-Length"),
    Scenario("gone", Acts.MEDIA, "the media address answers 404"),
    Scenario("no-callback", Acts.CALLBACK, "the callback never comes"),
    Scenario("twice", Acts.CALLBACK, "each callback is sent twice"),
    Scenario("callback-late", Acts.CALLBACK, "the callback comes a minute of vendor time after the end"),
    Scenario("callback-early", Acts.CALLBACK, "a callback claims success while the task still runs"),
    Scenario("callback-disorder", Acts.CALLBACK, "after the last callback comes one that says it still runs"),
    Scenario("callback-no-id", Acts.CALLBACK, "the callback names no task"),
    Scenario("callback-foreign", Acts.CALLBACK, "the callback names a task that somebody else ordered"),
    Scenario("callback-odd", Acts.CALLBACK, "numbers as text, the result as an object, unknown fields, text/plain"),
    Scenario("callback-broken", Acts.CALLBACK, "the callback's JSON breaks off"),
    Scenario("callback-html", Acts.CALLBACK, "the callback is 10 MB of HTML"),
)

CREATE_SCENARIOS = tuple(row.name for row in SCENARIOS.values() if row.acts is Acts.CREATE)
HANG_UPS = frozenset({"lost", "lost-silent", "lost-crossed"})
UNTOLD = HANG_UPS | {"create-html", "create-broken", "create-no-id", "create-quoted"}
"""Who ordered such a task never read its id."""
SILENT = frozenset({"lost-silent", "no-callback"})
SAYS = "says"
"""`[says:TEXT]` is no scenario: it puts a text in the place of the vendor's own, in an error or a failure."""

_MARKER = re.compile(r"\[([a-z0-9-]+)(?::([^\[\]\n]{1,120}))?\]", re.IGNORECASE)
_WAIT = re.compile(r"\[wait:(\d{1,5}(?:\.\d{1,3})?)\]", re.IGNORECASE)


def markers(prompt: str) -> frozenset[str]:
    """Return the known scenarios marked in `prompt`: lower-case names, with the value behind a colon if it has one."""
    return frozenset(filter(None, (_marker(name.lower(), value) for name, value in _MARKER.findall(prompt))))


def _marker(name: str, value: str) -> str:
    if name == SAYS:
        return f"{name}:{value}" if value else ""
    scenario = SCENARIOS.get(name)
    if scenario is None:
        return ""
    takes = scenario.takes
    fits = value.isdigit() if takes == "N" else bool(takes) or not value
    return (f"{name}:{value}" if value else name) if fits else ""


def has(marks: Collection[str], name: str) -> bool:
    """Tell whether a scenario is among `marks`, with or without a value."""
    return value_of(marks, name) is not None


def value_of(marks: Collection[str], name: str) -> str | None:
    """Return the value of a scenario among `marks`, "" when it carries none, None when it is not there."""
    found = (mark.partition(":") for mark in sorted(marks))
    return next((value for known, _, value in found if known == name), None)


def number_of(marks: Collection[str], name: str) -> int | None:
    """Return the value of a scenario as a whole number, None when it is not there."""
    value = value_of(marks, name)
    return int(value) if value and value.isdigit() else None


def asked_wait(prompt: str) -> float | None:
    """Return the seconds of a `[wait:SECONDS]` marker, or None."""
    found = _WAIT.search(prompt)
    return float(found.group(1)) if found else None


def without_markers(prompt: str) -> str:
    """Return `prompt` as a caption: known markers removed, spaces tidied."""
    plain = _WAIT.sub(" ", prompt)
    plain = _MARKER.sub(lambda m: " " if _marker(m.group(1).lower(), m.group(2) or "") else m.group(0), plain)
    return " ".join(plain.split())


def drawn(rates: Mapping[str, float], dice: random.Random) -> frozenset[str]:
    """Draw at most one scenario by its probability in `rates`."""
    throw = dice.random()
    for name, rate in rates.items():
        if throw < rate:
            return frozenset({name})
        throw -= rate
    return frozenset()
