"""Every documented callback body of every vendor, and the ways in which each is known to come out otherwise.

A callback is read for two things only: which task it names, and what it claims. What it claims settles nothing.
"""

import json
from typing import Any

import pytest

from sora_portal.providers import registry
from sora_portal.providers.base import CallbackNews, JobState

URL = "https://cdn.example/v.mp4"
DONE, FAILED, RUNS = JobState.SUCCEEDED, JobState.FAILED, JobState.RUNNING
RESULT = json.dumps({"resultUrls": [URL]})
TIMES = {"createTime": 1767965610929, "completeTime": 1767965652317, "costTime": 41388}
RECORD = {
    "taskId": "t1",
    "paramJson": '{"prompt":"a","callBackUrl":"https://portal.example/callbacks/x/"}',
    "completeTime": "2024-03-20 10:30:00",
    "response": {"imageUrl": URL},
    "successFlag": 1,
    "errorCode": 0,
    "errorMessage": None,
    "createTime": "2024-03-20 10:25:00",
}
FAILED_RECORD = RECORD | {"response": None, "successFlag": 3, "errorCode": 501, "errorMessage": "no"}


def _wrapped(data: object, code: object = 200, text: str = "message") -> dict[str, object]:
    return {"code": code, text: "success", "data": data}


# vendor, what is special about the body, the body, the task that it names, what it claims
SHAPES: list[tuple[str, str, Any, str, JobState | None]] = [
    ("ruxa", "flat success", {"state": "completed", "resultUrls": [URL]}, "", DONE),
    ("ruxa", "flat failure", {"state": "fail", "failMsg": "no"}, "", FAILED),
    ("ruxa", "flat with id", {"taskId": "t1", "state": "success", "resultUrls": [URL]}, "t1", DONE),
    ("ruxa", "flat progress", {"taskId": "t1", "state": "generating"}, "t1", RUNS),
    ("ruxa", "enveloped", _wrapped({"taskId": "t1", "state": "success", "resultJson": RESULT}), "t1", DONE),
    ("ruxa", "enveloped, msg", _wrapped({"taskId": "t1", "state": "completed"}, text="msg"), "t1", DONE),
    ("ruxa", "enveloped failure", _wrapped({"taskId": "t1", "state": "fail", "failMsg": "no"}), "t1", FAILED),
    ("ruxa", "sibling's times", _wrapped({"taskId": "t1", "state": "success", "costTime": "", **TIMES}), "t1", DONE),
    ("ruxa", "error code", _wrapped({"taskId": "t1", "state": "success"}, code=501), "t1", None),
    ("apixo", "success", _wrapped({"taskId": "t1", "state": "success", "resultJson": RESULT, **TIMES}), "t1", DONE),
    (
        "apixo",
        "failure under 200",
        _wrapped({"taskId": "t1", "state": "failed", "failCode": "CONTENT_VIOLATION", "failMsg": "no", **TIMES}),
        "t1",
        FAILED,
    ),
    ("apixo", "progress", _wrapped({"taskId": "t1", "state": "processing", "createTime": 1}), "t1", RUNS),
    ("sora2api", "English success", _wrapped({"taskId": "t1", "promptJson": "{}", "resultUrls": [URL]}), "t1", DONE),
    ("sora2api", "English failure", {"code": 500, "msg": "failed", "data": {"taskId": "t1"}}, "t1", None),
    ("sora2api", "English failure, null", _wrapped({"taskId": "t1", "resultUrls": None}, code=501), "t1", None),
    ("sora2api", "Chinese success", _wrapped(RECORD), "t1", DONE),
    ("sora2api", "Chinese failure", _wrapped(FAILED_RECORD, code=500), "t1", FAILED),
    ("sora2api", "Chinese failure, flag 2", _wrapped(FAILED_RECORD | {"successFlag": 2}), "t1", FAILED),
    ("sora2api", "record of a running task", _wrapped(RECORD | {"successFlag": 0, "response": None}), "t1", RUNS),
    (
        "sora2api",
        "resultUrls inside response",
        _wrapped({"taskId": "t1", "response": {"resultUrls": [URL]}}),
        "t1",
        DONE,
    ),
    ("sora2api", "success without an address", _wrapped(RECORD | {"response": {"imageUrl": None}}), "t1", None),
    ("sora2api", "success under an error code", _wrapped(RECORD, code=500), "t1", None),
    # Numbers as texts, and texts as numbers.
    ("ruxa", "code as text", _wrapped({"taskId": "t1", "state": "success"}, code="200"), "t1", DONE),
    ("apixo", "code as text", _wrapped({"taskId": "t1", "state": "success"}, code="200"), "t1", DONE),
    ("sora2api", "code and flag as text", _wrapped(RECORD | {"successFlag": "1"}, code="200"), "t1", DONE),
    ("sora2api", "flag as true", _wrapped(RECORD | {"successFlag": True}), "t1", DONE),
    ("sora2api", "flag as decimal", _wrapped(FAILED_RECORD | {"successFlag": 3.0}), "t1", FAILED),
    ("apixo", "id as a number", _wrapped({"taskId": 12345678, "state": "success"}), "12345678", DONE),
    # The result in every form; it is not what a callback is read for, so none of them changes what it claims.
    (
        "apixo",
        "result as object",
        _wrapped({"taskId": "t1", "state": "success", "resultJson": {"resultUrls": [URL]}}),
        "t1",
        DONE,
    ),
    (
        "apixo",
        "result broken off",
        _wrapped({"taskId": "t1", "state": "success", "resultJson": RESULT[:-9]}),
        "t1",
        DONE,
    ),
    ("apixo", "result empty", _wrapped({"taskId": "t1", "state": "success", "resultJson": ""}), "t1", DONE),
    ("ruxa", "result null", _wrapped({"taskId": "t1", "state": "success", "resultJson": None}), "t1", DONE),
    ("sora2api", "response as text", _wrapped(RECORD | {"response": json.dumps({"imageUrl": URL})}), "t1", DONE),
    ("sora2api", "response broken off", _wrapped(RECORD | {"response": '{"imageUrl":"htt'}), "t1", None),
    # No task, or nonsense for one.
    ("apixo", "no id", _wrapped({"state": "success", "resultJson": RESULT}), "", DONE),
    ("apixo", "id is null", _wrapped({"taskId": None, "state": "success"}), "", DONE),
    ("apixo", "id is an object", _wrapped({"taskId": {"id": 1}, "state": "success"}), "", DONE),
    ("sora2api", "no id", _wrapped({"resultUrls": [URL]}), "", DONE),
    ("sora2api", "data is null", _wrapped(None), "", None),
    # Fields and words that no page names.
    (
        "apixo",
        "unknown fields",
        _wrapped({"taskId": "t1", "state": "success", "x": [1], "版本": {}}) | {"t": 1},
        "t1",
        DONE,
    ),
    ("ruxa", "unknown word", _wrapped({"taskId": "t1", "state": "upscaling_v2"}), "t1", None),
    ("ruxa", "word in capitals", _wrapped({"taskId": "t1", "state": "SUCCESS"}), "t1", DONE),
    ("apixo", "state is a list", _wrapped({"taskId": "t1", "state": ["success"]}), "t1", None),
    ("apixo", "data is a list", _wrapped([{"taskId": "t1", "state": "success"}]), "", None),
]


@pytest.mark.parametrize(
    ("vendor", "body", "task_id", "state"),
    [(vendor, body, task_id, state) for vendor, _, body, task_id, state in SHAPES],
    ids=[f"{vendor}: {name}" for vendor, name, *_ in SHAPES],
)
def test_callback_is_read(vendor: str, body: object, task_id: str, state: JobState | None) -> None:
    news = registry.provider(vendor).read_callback(json.dumps(body).encode())
    assert (news.task_id, news.state) == (task_id, state)


@pytest.mark.parametrize("vendor", registry.names())
@pytest.mark.parametrize(
    "raw", [b"", b"null", b"[]", b'"success"', b"\xff", b'{"code":200,', b"state=success", b"<html>"]
)
def test_callback_that_is_no_object_says_nothing(vendor: str, raw: bytes) -> None:
    assert registry.provider(vendor).read_callback(raw) == CallbackNews()


def test_failure_is_named_in_every_documented_failure_callback_or_left_to_the_query() -> None:
    claims = {(vendor, name): state for vendor, name, _, _, state in SHAPES if "failure" in name}
    assert set(claims.values()) == {FAILED, None}
    assert all(state is FAILED for (vendor, name), state in claims.items() if "English" not in name)
