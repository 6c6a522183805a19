"""Sora2API: the quickstart in two languages, https://docs.sora2api.ai/sora2-api/generate-sora2-video-callbacks and
https://docs.sora2api.ai/cn/sora2-api/get-sora2-task-details, read 2026-11-20. No live call was made.

Peculiar here: no model field, so the body is flat; the documented path has "sora2" where every public client has
"sora2api" (`Endpoint.path_prefix`); the state is a number; the video's address is called `response.imageUrl`; the
record may still be null right after the create; English and Chinese pages describe two callback bodies.
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
    JobState,
    Json,
    NoReply,
    Reply,
)
from sora_portal.providers.reading import Envelope
from sora_portal.providers.statuses import Seen

DEFAULT_PREFIX = "sora2"
_FLAGS = {0: JobState.RUNNING, 1: JobState.SUCCEEDED, 2: JobState.FAILED, 3: JobState.FAILED}


class Sora2Api:
    """The adapter for Sora2API, and by its path prefix for the sibling products of the same platform."""

    name = "sora2api"

    def create_call(self, endpoint: Endpoint, request: CreateRequest) -> Call:
        """POST /api/v1/{prefix}/generate with the generation fields at the top level; the model is not sent."""
        body: dict[str, Json] = {**request.top, **request.fields}
        if request.callback_url:
            body["callBackUrl"] = request.callback_url
        return Call("POST", _address(endpoint, "generate"), reading.bearer(endpoint), body)

    def other_style(self, style: str) -> str:
        """There is one way only."""
        return ""

    def read_create(self, answer: Reply | NoReply, call: Call | None = None) -> Created:
        """Read `{code, msg, data: {taskId}}` by the create-answer table; HTTP 200 with an error code is usual here."""
        envelope = reading.envelope(answer)
        return verdicts.created(answer, envelope, reading.task_id(envelope.data.get("taskId")), call=call)

    def status_call(self, endpoint: Endpoint, model: str, task_id: str) -> Call:
        """GET /api/v1/{prefix}/record-info?taskId=…; the model is not needed."""
        url = _address(endpoint, f"record-info?taskId={reading.segment(task_id)}")
        return Call("GET", url, reading.bearer(endpoint))

    def read_status(self, answer: Reply | NoReply) -> Job:
        """Read `{code, msg, data: {successFlag, response: {imageUrl}, errorCode, errorMessage}}`."""
        return statuses.read(answer, _seen)

    def read_callback(self, body: bytes) -> CallbackNews:
        """Read the record (Chinese page) or `{taskId, resultUrls}` (English page).

        Success needs code 200, a flag of 1 or none, and an address; everything that is not a listed flag is left to the
        status query.
        """
        envelope = reading.unwrap(reading.mapping(reading.parse(body)))
        data = envelope.data or envelope.body
        state = _flag(data.get("successFlag"))
        if "successFlag" not in data and _urls(envelope):
            state = JobState.SUCCEEDED
        if state is JobState.SUCCEEDED and not (envelope.code == 200 and _urls(envelope)):
            state = None
        return CallbackNews(reading.task_id(data.get("taskId")), state)

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


def _address(endpoint: Endpoint, rest: str) -> str:
    prefix = "/".join(reading.segment(part) for part in endpoint.path_prefix.split("/") if part) or DEFAULT_PREFIX
    return reading.address(endpoint, f"/api/v1/{prefix}/{rest}")


def _seen(envelope: Envelope) -> Seen | None:
    data = envelope.data
    if not data:
        # Early on `data` is null: the record is not there yet, which clients take for "still waiting".
        return Seen(None) if envelope.body.get("data", "") is None else None
    raw = data.get("successFlag")
    if raw is None:
        return None
    word = str(raw).lower() if isinstance(raw, bool) else reading.text_of(raw)[:100]
    return Seen(_flag(raw), word, _urls(envelope), data.get("errorCode"), data)


def _flag(raw: object) -> JobState | None:
    """Read 1, "1" or true; clients in the field accept all three."""
    number = int(raw) if isinstance(raw, bool) else reading.number(raw)
    return _FLAGS.get(number) if number is not None else None


def _urls(envelope: Envelope) -> tuple[str, ...]:
    data = envelope.data or envelope.body
    return reading.urls_in(data.get("resultJson"), data.get("resultUrls"), data.get("response"), data)
