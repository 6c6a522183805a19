"""APIXO: https://apixo.ai/docs/models/video/sora-2, /docs/api-reference/errors, /docs/api-reference/webhooks and
/docs/concepts/async-workflow, read 2026-11-20. No live call was made.

Peculiar here: the model stands in the path of both calls; a failed task is code 200 with message "success" and only its
`state` tells; an empty account is a 400; 403 means refused content on newer pages and a bad key on older ones.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace

from sora_portal.providers import checks, reading, statuses, verdicts
from sora_portal.providers.base import (
    Balance,
    Call,
    CallbackNews,
    Check,
    Created,
    CreateRequest,
    Endpoint,
    ErrorKind,
    Job,
    Json,
    NoReply,
    Reply,
    Verdict,
)
from sora_portal.providers.reading import Envelope
from sora_portal.providers.statuses import Seen

_EMPTY = "insufficient credits"
_LETTERS = re.compile(r"\\[nrtbf]|\\u[0-9a-f]{4}|[^a-z]")
"""What to take away so that letters are left, of JSON its escapes as well."""


class Apixo:
    """The adapter for APIXO."""

    name = "apixo"

    def create_call(self, endpoint: Endpoint, request: CreateRequest) -> Call:
        """POST /api/v1/generateTask/{model}; an empty `provider` is left out, newer pages do not know the field."""
        body: dict[str, Json] = {
            name: value for name, value in request.top.items() if value is not None and value != ""
        }
        body["request_type"] = "callback" if request.callback_url else "async"
        if request.callback_url:
            body["callback_url"] = request.callback_url
        body["input"] = dict(request.fields)
        path = f"/api/v1/generateTask/{reading.segment(request.model)}"
        return Call("POST", reading.address(endpoint, path), reading.bearer(endpoint), body)

    def other_style(self, style: str) -> str:
        """There is one way only."""
        return ""

    def read_create(self, answer: Reply | NoReply, call: Call | None = None) -> Created:
        """Read `{code, message, data: {taskId}}` by the create-answer table; `data` may be null or `{error}`.

        The sample of a 400 is an empty account's, and no code tells it from a bad field. So there, and only there, a
        sentence counts: word for word, and if nothing that was sent holds it.
        """
        envelope = reading.envelope(answer)
        task_id = reading.task_id(envelope.data.get("taskId"))
        fail_word = reading.text_of(envelope.data.get("failCode"))[:100]
        created = verdicts.created(answer, envelope, task_id, fail_word, call)
        if (
            created.verdict is Verdict.REFUSED
            and _is_empty_account(envelope)
            and _LETTERS.sub("", _EMPTY) not in _sent(call)
        ):
            return replace(created, verdict=Verdict.VENDOR_TROUBLE, coded_kind=ErrorKind.NO_BALANCE)
        return created

    def status_call(self, endpoint: Endpoint, model: str, task_id: str) -> Call:
        """GET /api/v1/statusTask/{model}?taskId=…; the model has to be the one that the task was created with."""
        path = f"/api/v1/statusTask/{reading.segment(model)}?taskId={reading.segment(task_id)}"
        return Call("GET", reading.address(endpoint, path), reading.bearer(endpoint))

    def read_status(self, answer: Reply | NoReply) -> Job:
        """Read `{code, message, data: {state, resultJson, failCode, failMsg}}`."""
        return statuses.read(answer, _seen)

    def read_callback(self, body: bytes) -> CallbackNews:
        """Read the status answer's own form, which is what APIXO posts."""
        envelope = reading.unwrap(reading.mapping(reading.parse(body)))
        seen = _seen(envelope) if envelope.code == 200 or not envelope.formed else None
        data = envelope.data or envelope.body
        return CallbackNews(reading.task_id(data.get("taskId")), seen.state if seen else None)

    def check_call(self, endpoint: Endpoint) -> Call:
        """Ask for the balance, the one documented call that costs nothing and is the same for every model."""
        return Call("GET", reading.address(endpoint, "/api/v1/apikeys/current-balance"), reading.bearer(endpoint))

    def read_check(self, answer: Reply | NoReply) -> Check:
        """Well when it is the balance."""
        return checks.of_known_address(answer, well=self.read_balance(answer) is not None)

    def balance_call(self, endpoint: Endpoint) -> Call | None:
        """GET /api/v1/apikeys/current-balance."""
        return self.check_call(endpoint)

    def read_balance(self, answer: Reply | NoReply) -> Balance | None:
        """Read `{code, message, data: 74.87}`: US dollars, a bare number."""
        envelope = reading.envelope(answer)
        milli = reading.milli(envelope.body.get("data"))
        return Balance(milli, "USD") if envelope.code == 200 and milli is not None else None


def _is_empty_account(envelope: Envelope) -> bool:
    said = (reading.first_text(part, reading.MESSAGE_FIELDS) for part in (envelope.body, envelope.data))
    return envelope.code == 400 and any(text.strip(" .!").lower() == _EMPTY for text in said)


def _sent(call: Call | None) -> str:
    """Return the letters of a request: however its words were parted, an answer may repeat them otherwise."""
    return _LETTERS.sub("", json.dumps(call.json if call else "").lower())


def _seen(envelope: Envelope) -> Seen | None:
    data = envelope.data or envelope.body
    state, word = reading.state_word(data.get("state"))
    if not word:
        return None
    urls = reading.urls_in(data.get("resultJson"), data.get("resultUrls"), data.get("response"), data)
    return Seen(state, word, urls, data.get("failCode"), data)
