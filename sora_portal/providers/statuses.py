"""How a status answer is judged: what all vendors share. A useless answer or an unknown word never ends a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sora_portal.providers import addresses, reading, taxonomy
from sora_portal.providers.base import ErrorKind, Job, JobState, NoReply, Reply
from sora_portal.providers.reading import Envelope

GENERATION_FAILED = 501
"""The one error code under which a failed state still counts: it says the same."""
# Where a record repeats the request, as JSON text, and where the callback address is in it.
ECHOES = ("paramJson", "promptJson", "param", "params", "input", "request")
CALLBACK_FIELDS = ("callBackUrl", "callback_url")
REASONS = ("failMsg", "errorMessage", "failReason", "errorMsg", "error", "message", "msg")


@dataclass(frozen=True)
class Seen:
    """What an adapter found in a task's record, still in the vendor's words.

    `state` is None for a word that is not listed. `fail_code` is the failure word or number as it came, `record` the
    object that holds the reason of a failure.
    """

    state: JobState | None
    word: str = ""
    urls: tuple[str, ...] = ()
    fail_code: object = None
    record: Mapping[str, object] = field(default_factory=dict)


def read(answer: Reply | NoReply, find: Callable[[Envelope], Seen | None]) -> Job:
    """Judge a status answer. `find` looks into an envelope and returns None when it holds no state at all."""
    if isinstance(answer, NoReply):
        return Job(usable=False, kind=ErrorKind.TRANSIENT, message=answer.reason)
    envelope = reading.envelope(answer)
    if _unknown_task(answer, envelope):
        return Job(found=False, code=envelope.word or str(answer.status), message=reading.outline(answer, envelope))
    if not 200 <= answer.status < 300 or envelope.code not in {200, GENERATION_FAILED}:
        return _unusable(answer, envelope)
    seen = find(envelope)
    if seen is None or (envelope.code == GENERATION_FAILED and seen.state is not JobState.FAILED):
        return _unusable(answer, envelope)
    if seen.state is JobState.FAILED:
        return _failed(envelope, seen)
    everywhere = addresses.found(envelope.body, seen.urls) if seen.state in (None, JobState.SUCCEEDED) else ()
    return Job(
        seen.state,
        tuple(filter(addresses.is_absolute, addresses.chosen(everywhere))) if seen.state is JobState.SUCCEEDED else (),
        vendor_state=seen.word,
        retry_after=reading.retry_after(answer.headers),
        task_id=_named(seen),
        **_repeated(seen.record),
        addresses=everywhere,
    )


def _unusable(answer: Reply, envelope: Envelope) -> Job:
    return Job(
        usable=False,
        kind=taxonomy.classify(http=answer.status, code=envelope.code, word=envelope.word, text=envelope.message),
        code=envelope.word or str(answer.status),
        message=reading.outline(answer, envelope),
        retry_after=reading.retry_after(answer.headers),
    )


def _failed(envelope: Envelope, seen: Seen) -> Job:
    word = reading.text_of(seen.fail_code)[:100]
    code = reading.number(seen.fail_code) or (envelope.code if envelope.code != 200 else None)
    text = reading.first_text(seen.record, REASONS)
    return Job(
        JobState.FAILED,
        kind=taxonomy.failure(code=code, word=word, text=text),
        code=word if word != "0" else "",
        message=text,
        vendor_state=seen.word,
        task_id=_named(seen),
        **_repeated(seen.record),
    )


def _named(seen: Seen) -> str:
    return reading.task_id(seen.record.get("taskId"))


def _repeated(record: Mapping[str, object]) -> dict[str, Any]:
    """Return what a record repeats of the request, beside its other fields or as an object or JSON text in one."""
    texts = [reading.parse(value) if isinstance(value, str) else value for value in map(record.get, ECHOES)]
    requests = [record, *map(reading.mapping, texts)]
    requests += [reading.mapping(request.get("input")) for request in requests]

    def first(*names: str) -> str:
        values = (request.get(name) for request in requests for name in names)
        return next((value for value in values if isinstance(value, str) and value), "")

    address, name = reading.text_of(first(*CALLBACK_FIELDS)), reading.text_of(first("metadata"))
    return {"callback_url": address, "metadata": name, "prompt": first("prompt")}


def _unknown_task(answer: Reply, envelope: Envelope) -> bool:
    if answer.status == 404 or (envelope.code == 404 and 200 <= answer.status < 300):
        return True
    rejected = answer.status < 500 and not {answer.status, envelope.code}.isdisjoint({400, 422})
    return rejected and taxonomy.says_no_such_task(envelope.message)
