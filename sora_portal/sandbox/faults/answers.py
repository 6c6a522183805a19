"""What markers make of a vendor's answers: creates turned down with every documented code, answers broken or odd."""

import email.utils
from collections.abc import Collection
from dataclasses import replace

from sora_portal.sandbox import scenarios
from sora_portal.sandbox.dialects.base import Answer, Dialect, Refusal
from sora_portal.sandbox.faults import garbage

_WAIT = 2
_OWN_WORDS = ("refuse", "error-200", "500", "no-balance", "paused")
_ACCEPTANCES = {
    "create-html": garbage.big_page,
    "create-broken": garbage.broken,
    "create-no-id": garbage.without_id,
    "create-odd": garbage.odd,
}
_LOOKS = {"status-html": garbage.big_page, "status-broken": garbage.broken, "status-odd": garbage.odd}


def check(dialect: Dialect, model: str, marks: Collection[str], *, earlier: int, clock: float) -> None:
    """Raise Refusal when a marker says that this create is turned down.

    `earlier` is how many creates of the same prompt came before, `clock` the vendor's idea of now (Unix seconds).
    """
    answer = _refusal(dialect, model, marks, earlier, clock)
    if answer is not None:
        raise Refusal(answer)


def acceptance(dialect: Dialect, answer: Answer, marks: Collection[str], prompt: str) -> Answer:
    """Return the answer to an accepted create as the markers spoil it."""
    if scenarios.has(marks, "create-named"):
        code = scenarios.number_of(marks, "create-named") or 429
        refusal = dialect.coded(code, scenarios.value_of(marks, scenarios.SAYS) or "", in_body=True)
        return replace(refusal, body={**refusal.body, "data": answer.body["data"]})
    if "create-quoted" in marks:
        return replace(dialect.coded(500, f"it broke down over: {prompt}"), status=500)
    return next((spoil(answer) for name, spoil in _ACCEPTANCES.items() if name in marks), answer)


def look(dialect: Dialect, marks: Collection[str], answer: Answer, *, foreign: Answer) -> Answer:
    """Return one of the first status answers as the markers spoil it; `foreign` is the answer about another task."""
    code = scenarios.number_of(marks, "status")
    if code == 429:
        return dialect.limited("1")
    if code is not None:
        return dialect.coded(code, scenarios.value_of(marks, scenarios.SAYS) or "")
    if "foreign" in marks:
        return foreign
    return next((spoil(answer) for name, spoil in _LOOKS.items() if name in marks), answer)


def _refusal(dialect: Dialect, model: str, marks: Collection[str], earlier: int, clock: float) -> Answer | None:
    for name in _OWN_WORDS:
        if name in marks:
            return dialect.turned_down(name, model)
    if earlier < (scenarios.number_of(marks, "burst") or 0) or ("429" in marks and earlier == 0):
        return dialect.limited(str(_WAIT))
    if "429-date" in marks and earlier == 0:
        date = email.utils.formatdate(clock + _WAIT, usegmt=True)
        return replace(dialect.limited(""), headers={"Retry-After": date})
    return _coded(dialect, marks)


def _coded(dialect: Dialect, marks: Collection[str]) -> Answer | None:
    text = scenarios.value_of(marks, scenarios.SAYS) or ""
    for name, in_body in (("code", False), ("body", True)):
        code = scenarios.number_of(marks, name)
        if code is not None:
            return dialect.coded(code, text, in_body=in_body)
    status = scenarios.number_of(marks, "http")
    return None if status is None else garbage.gateway(status)
