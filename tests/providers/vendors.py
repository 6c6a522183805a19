"""What the shared contract test knows about each vendor: its adapter, a request, and the bodies its pages show.

The bodies are copied from the vendors' pages as read on 2026-11-20, except where a comment says otherwise.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sora_portal.providers import registry
from sora_portal.providers.base import CreateRequest, Endpoint, JobState, Json, Provider, Reply

KEY = "vendor-key-4711"
CALLBACK = "https://portal.example/callbacks/3q9fXv7sKk2ZpL0aTt5uWw8yBb1nMm4cEe6rDd7gHhI/"


@dataclass(frozen=True)
class Vendor:
    """One vendor's samples. `record` is what a succeeded task's status answer looks like, `states` its state words."""

    name: str
    model: str
    fields: Mapping[str, Json]
    task_id: str
    created: Json
    succeeded: Json
    url: str
    failed: Json
    states: Mapping[object, JobState]
    callbacks: tuple[tuple[Json, str, JobState | None], ...]

    @property
    def adapter(self) -> Provider:
        """The adapter under test."""
        return registry.provider(self.name)

    def endpoint(self, base_url: str = "https://vendor.example") -> Endpoint:
        """A connection to this vendor."""
        return Endpoint(base_url=base_url, key=KEY)

    def request(self, prompt: str = "a fox in the snow", callback_url: str | None = None) -> CreateRequest:
        """A request that the vendor's pages allow."""
        return CreateRequest(model=self.model, fields={**self.fields, "prompt": prompt}, callback_url=callback_url)

    def status_with(self, word: object) -> Reply:
        """A status answer, without result and reason, whose state is this word."""
        field = "successFlag" if self.name == "sora2api" else "state"
        return reply({"code": 200, "message": "success", "data": {"taskId": self.task_id, field: word}})


def reply(body: object, status: int = 200, **headers: str) -> Reply:
    """An HTTP answer with this JSON (or these raw bytes) as its body."""
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return Reply(status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=raw)


def _result(url: str) -> str:
    return json.dumps({"resultUrls": [url]})


_RUXA_ID, _RUXA_URL = "task_sora-2_1765184045509", "https://file.ruxa.ai/v/a.mp4"
_WORDS: dict[object, JobState] = {
    "waiting": JobState.QUEUED,
    "queuing": JobState.QUEUED,
    "queued": JobState.QUEUED,
    "pending": JobState.QUEUED,
    "generating": JobState.RUNNING,
    "processing": JobState.RUNNING,
    "running": JobState.RUNNING,
    "in_progress": JobState.RUNNING,
    "success": JobState.SUCCEEDED,
    "succeeded": JobState.SUCCEEDED,
    "completed": JobState.SUCCEEDED,
    "Completed": JobState.SUCCEEDED,
    "fail": JobState.FAILED,
    "failed": JobState.FAILED,
    "error": JobState.FAILED,
    " FAILED ": JobState.FAILED,
}

RUXA = Vendor(
    name="ruxa",
    model="sora-2",
    fields={"seconds": "10", "size": "1280x720"},
    task_id=_RUXA_ID,
    created={"code": 200, "msg": "success", "data": {"taskId": _RUXA_ID}},
    succeeded={
        "code": 200,
        "message": "success",
        "data": {"taskId": _RUXA_ID, "state": "success", "resultJson": _result(_RUXA_URL)},
    },
    url=_RUXA_URL,
    # The blog reads `failMsg` on `fail`; `failCode` is the sibling platform's.
    failed={
        "code": 200,
        "message": "success",
        "data": {"taskId": _RUXA_ID, "state": "fail", "failCode": "501", "failMsg": "generation failed"},
    },
    states=_WORDS,
    callbacks=(
        ({"state": "completed", "resultUrls": [_RUXA_URL]}, "", JobState.SUCCEEDED),
        ({"state": "fail", "failMsg": "no"}, "", JobState.FAILED),
        (
            {"code": 200, "msg": "ok", "data": {"taskId": _RUXA_ID, "state": "success", "resultJson": "{}"}},
            _RUXA_ID,
            JobState.SUCCEEDED,
        ),
        ({"code": 200, "data": {"taskId": _RUXA_ID, "state": "generating"}}, _RUXA_ID, JobState.RUNNING),
    ),
)

_APIXO_URL = "https://r2.apixo.ai/video.mp4"
_APIXO_SUCCESS: Json = {
    "code": 200,
    "message": "success",
    "data": {
        "taskId": "task_12345678",
        "state": "success",
        "resultJson": _result(_APIXO_URL),
        "createTime": 1767965610929,
        "completeTime": 1767965652317,
        "costTime": 41388,
    },
}
_APIXO_FAILURE: Json = {
    "code": 200,
    "message": "success",
    "data": {
        "taskId": "task_12345678",
        "state": "failed",
        "failCode": "CONTENT_VIOLATION",
        "failMsg": "Content does not meet safety guidelines",
    },
}
APIXO = Vendor(
    name="apixo",
    model="sora-2",
    fields={"mode": "text-to-video", "duration": 10, "aspect_ratio": "landscape", "remove_watermark": True},
    task_id="task_12345678",
    created={"code": 200, "message": "success", "data": {"taskId": "task_12345678"}},
    succeeded=_APIXO_SUCCESS,
    url=_APIXO_URL,
    failed=_APIXO_FAILURE,
    states=_WORDS,
    callbacks=(
        (_APIXO_SUCCESS, "task_12345678", JobState.SUCCEEDED),
        (_APIXO_FAILURE, "task_12345678", JobState.FAILED),
    ),
)

_SORA_ID, _SORA_URL = "sora2_task_abcdef123456", "https://cdn.sora2api.ai/videos/example_video.mp4"
_SORA_RECORD: Json = {
    "code": 200,
    "msg": "success",
    "data": {
        "taskId": _SORA_ID,
        "paramJson": '{"prompt":"A cute kitten","aspectRatio":"landscape","quality":"hd"}',
        "completeTime": "2024-03-20 10:30:00",
        "response": {"imageUrl": _SORA_URL},
        "successFlag": 1,
        "errorCode": 0,
        "errorMessage": None,
        "createTime": "2024-03-20 10:25:00",
    },
}
SORA2API = Vendor(
    name="sora2api",
    model="sora-2",
    fields={"aspectRatio": "landscape", "quality": "standard"},
    task_id=_SORA_ID,
    created={"code": 200, "msg": "success", "data": {"taskId": _SORA_ID}},
    succeeded=_SORA_RECORD,
    url=_SORA_URL,
    failed={
        "code": 200,
        "msg": "success",
        "data": {"taskId": _SORA_ID, "successFlag": 3, "errorCode": 501, "errorMessage": "Task generation failed"},
    },
    states={
        0: JobState.RUNNING,
        "0": JobState.RUNNING,
        1: JobState.SUCCEEDED,
        "1": JobState.SUCCEEDED,
        2: JobState.FAILED,
        3: JobState.FAILED,
        "3": JobState.FAILED,
    },
    callbacks=(
        (_SORA_RECORD, _SORA_ID, JobState.SUCCEEDED),
        (
            {"code": 200, "msg": "ok", "data": {"taskId": _SORA_ID, "promptJson": "{}", "resultUrls": [_SORA_URL]}},
            _SORA_ID,
            JobState.SUCCEEDED,
        ),
        ({"code": 200, "msg": "ok", "data": {"taskId": _SORA_ID, "resultUrls": []}}, _SORA_ID, None),
        ({"code": 500, "msg": "failed", "data": {"taskId": _SORA_ID}}, _SORA_ID, None),
        ({"code": 500, "msg": "failed", "data": {"taskId": _SORA_ID, "successFlag": 3}}, _SORA_ID, JobState.FAILED),
        ({"code": 500, "msg": "odd", "data": {"taskId": _SORA_ID, "resultUrls": [_SORA_URL]}}, _SORA_ID, None),
    ),
)

VENDORS = (RUXA, APIXO, SORA2API)
