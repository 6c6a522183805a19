"""Ruxa AI: https://docs.ruxa.ai/en/api-reference/common/get-task-detail, the Sora 2 guide and reference, and
https://ruxa.ai/blog/api-best-practices, read 2026-11-20. No live call was made.

Peculiar here: the generation fields go under `input` on most pages and beside `model` on one (`Endpoint.body_style`);
the reason is called `msg` or `message`, success `success` or `completed`; a callback may come without an envelope.
"""

from __future__ import annotations

from sora_portal.providers import checks, reading, statuses, verdicts
from sora_portal.providers.base import (
    Balance,
    Call,
    CallbackNews,
    Check,
    Created,
    CreateRequest,
    Endpoint,
    Job,
    Json,
    NoReply,
    Reply,
)
from sora_portal.providers.reading import Envelope
from sora_portal.providers.statuses import Seen


class Ruxa:
    """The adapter for Ruxa AI."""

    name = "ruxa"

    def create_call(self, endpoint: Endpoint, request: CreateRequest) -> Call:
        """POST /api/v1/tasks/create, nested unless the connection's body style is "flat"."""
        body: dict[str, Json] = {**request.top}
        if endpoint.body_style == "flat":
            body |= request.fields
        else:
            body["input"] = dict(request.fields)
        body["model"] = request.model
        if request.callback_url:
            body["callBackUrl"] = request.callback_url
        return Call("POST", reading.address(endpoint, "/api/v1/tasks/create"), reading.bearer(endpoint), body)

    def other_style(self, style: str) -> str:
        """Nested for flat, flat for nested."""
        return "nested" if style == "flat" else "flat"

    def read_create(self, answer: Reply | NoReply, call: Call | None = None) -> Created:
        """Read `{code, msg|message, data: {taskId}}` by the create-answer table."""
        envelope = reading.envelope(answer)
        task_id = reading.task_id(envelope.data.get("taskId"))
        return verdicts.created(answer, envelope, task_id, reading.text_of(envelope.data.get("failCode"))[:100], call)

    def status_call(self, endpoint: Endpoint, model: str, task_id: str) -> Call:
        """GET /api/v1/tasks/query/{taskId}; the model is not needed."""
        path = f"/api/v1/tasks/query/{reading.segment(task_id)}"
        return Call("GET", reading.address(endpoint, path), reading.bearer(endpoint))

    def read_status(self, answer: Reply | NoReply) -> Job:
        """Read `{code, message, data: {state, resultJson, failCode, failMsg}}`."""
        return statuses.read(answer, _seen)

    def read_callback(self, body: bytes) -> CallbackNews:
        """Read a flat `{state, resultUrls, failMsg}` (the blog's form) or the status envelope; an id may be missing."""
        envelope = reading.unwrap(reading.mapping(reading.parse(body)))
        data = envelope.data or envelope.body
        seen = _seen(envelope) if envelope.code == 200 or not envelope.formed else None
        return CallbackNews(reading.task_id(data.get("taskId")), seen.state if seen else None)

    def check_call(self, endpoint: Endpoint) -> Call:
        """Ask for a task that does not exist."""
        return self.status_call(endpoint, "", checks.INVENTED_TASK)

    def read_check(self, answer: Reply | NoReply) -> Check:
        """Well when the vendor says that there is no such task."""
        return checks.of_unknown_task(answer)

    def balance_call(self, endpoint: Endpoint) -> Call | None:
        """None is documented."""
        return None

    def read_balance(self, answer: Reply | NoReply) -> Balance | None:
        """Nothing to read."""
        return None


def _seen(envelope: Envelope) -> Seen | None:
    data = envelope.data or envelope.body
    state, word = reading.state_word(data.get("state"))
    if not word:
        return None
    urls = reading.urls_in(data.get("resultJson"), data.get("resultUrls"), data.get("response"), data)
    return Seen(state, word, urls, data.get("failCode"), data)
