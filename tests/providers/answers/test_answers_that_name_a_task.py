"""A create answer that carries what can be a task id is never proof that nothing was made, whatever else it says."""

import json

import pytest

from sora_portal.providers.base import Call, Reply, Verdict
from tests.providers.vendors import Vendor, reply

CODES = (400, 401, 402, 403, 404, 405, 408, 422, 429, 455, 500, 503, 505, 1001, "429", "RATE_LIMITED", None)
ID = "task_9f3"
PLACES: dict[str, object] = {
    "taskId": {"data": {"taskId": ID}},
    "task_id": {"data": {"task_id": ID}},
    "TaskID": {"data": {"TaskID": ID}},
    "taskid": {"taskid": ID},
    "id": {"data": {"id": ID}},
    "jobId": {"result": {"jobId": ID}},
    "recordId": {"data": {"recordId": ID}},
    "request_id": {"request_id": ID},
    "uuid": {"output": {"uuid": ID}},
    "list": {"data": [{"taskId": ID}]},
    "ids": {"data": {"taskIds": [ID]}},
    "task": {"task": {"id": ID}},
    "text of JSON": {"data": json.dumps({"taskId": ID})},
    "text of JSON, twice": {"result": json.dumps({"data": json.dumps({"task_id": ID})})},
    "bare": {"data": ID},
    "bare and short": {"data": "t1"},
    "bare in a list": {"data": [ID]},
    "in the error": {"error": {"message": "busy", "task_id": ID}},
    "deep": {"a": {"b": {"c": {"d": {"e": {"f": {"taskId": ID}}}}}}},
    "link": {"data": {"status_url": f"https://vendor.example/tasks/{ID}"}},
    "link by any name": {"urls": {"get": f"https://vendor.example/v1/videos/{ID}"}},
    "path": {"data": {"poll": f"/api/v1/tasks/{ID}"}},
    "in a sentence": {"error": f"slow down, taskId: {ID}."},
    "link in a sentence": {"message": f"busy, see https://vendor.example/tasks/{ID}."},
    "in a sentence's JSON": {"error": json.dumps({"taskId": ID})},
    "text of Python": {"data": f"{{'taskId': '{ID}'}}"},
    "another's, and a task": {"data": {"vendorTaskId": ID}},
    "taskKey": {"data": {"taskKey": ID}},
    "id_str": {"data": {"id_str": ID}},
    "object": {"data": {"taskId": {"value": ID}}},
    "oid": {"data": {"_id": {"$oid": ID}}},
    "name of a record": {"data": {"tasks": {ID: {"state": "queued"}}}},
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_no_code_makes_a_refusal_of_an_answer_that_names_a_task(vendor: Vendor, place: dict[str, object]) -> None:
    for code in CODES:
        for status in {code if isinstance(code, int) and code < 600 else 200, 200, 400, 429}:
            created = vendor.adapter.read_create(reply({"code": code, "msg": "no", **place}, status))
            named = ("t1",) if place == PLACES["bare and short"] else (ID,)
            assert (created.verdict, created.named) == (Verdict.AMBIGUOUS, named), (code, status)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"code": 429, "data": {"taskId": "task_9f3"',
        b'{"code": 429, "data": {"id": "task_9f3"',
        b'{"code": 429, "data": {"taskId": "task_9f3"}}\n{"code": 429}',
        b"<error><task_id>task_9f3</task_id></error>",
        b"too many requests; taskId=task_9f3\n",
        b'<script>{"taskId":"task_9f3"}</script>',
        b"<p>Task ID: <b>task_9f3</b></p>",
        b"<input value='{&quot;taskId&quot;:&quot;task_9f3&quot;}'>",
        b'<a href="/tasks/task_9f3">your video</a>',
        '{"code": 429, "data": {"taskId": "task_9f3"}}'.encode("utf-16"),
        b'\xef\xbb\xbf{"code": 429, "data": {"taskId": "task_9f3"}}',
    ],
)
def test_an_id_counts_in_a_body_that_is_no_documented_json(vendor: Vendor, raw: bytes) -> None:
    created = vendor.adapter.read_create(Reply(429, {}, raw))
    assert (created.verdict, created.named) == (Verdict.AMBIGUOUS, (ID,))


@pytest.mark.parametrize("location", ["/tasks/task_9f3", "https://v.example/api/v1/query?taskId=task_9f3"])
@pytest.mark.parametrize("status", [201, 301, 302, 303, 307, 308, 429])
def test_an_id_counts_in_the_address_that_an_answer_points_to(vendor: Vendor, status: int, location: str) -> None:
    created = vendor.adapter.read_create(reply(b"", status, location=location))
    assert (created.verdict, created.named) == (Verdict.AMBIGUOUS, (ID,))


@pytest.mark.parametrize("header", ["x-task-id", "task-id", "job-id", "x-ruxa-task-id", "acme-job-id"])
def test_an_id_counts_in_a_header(vendor: Vendor, header: str) -> None:
    created = vendor.adapter.read_create(Reply(429, {header: ID, "x-request-id": "r-1"}, b""))
    assert (created.verdict, created.named) == (Verdict.AMBIGUOUS, (ID,))


@pytest.mark.parametrize("raw", [b'{"code": 429, "mess', b"[" * 200_000, b"\x1f\x8b\x08\x00packed", b"a\x00b"])
def test_a_body_that_nobody_can_read_is_no_refusal(vendor: Vendor, raw: bytes) -> None:
    for status in (400, 401, 404, 422, 429):
        assert vendor.adapter.read_create(Reply(status, {}, raw)).verdict is Verdict.AMBIGUOUS


@pytest.mark.parametrize(
    "raw",
    [
        b'{"code": 200, "data": {"taskId": "a1", "taskId": "b2"}}',
        b'{"code": 200, "taskId": "a1", "data": {"taskId": "b2"}}',
        b'{"code": 200, "data": [{"taskId": "a1"}, {"taskId": "b2"}]}',
    ],
)
def test_two_ids_of_tasks_leave_open_which_is_ours(vendor: Vendor, raw: bytes) -> None:
    created = vendor.adapter.read_create(reply(raw))
    assert (created.verdict, created.named) == (Verdict.AMBIGUOUS, ("a1", "b2"))


def test_an_id_that_cannot_be_asked_about_still_counts(vendor: Vendor) -> None:
    for task_id in ("x" * 513, "a\nb", 10**50):
        created = vendor.adapter.read_create(reply({"code": 429, "data": {"taskId": task_id}}))
        assert (created.verdict, len(created.named)) == (Verdict.AMBIGUOUS, 1)


@pytest.mark.parametrize(
    "extra",
    [
        {"data": None},
        {"data": {"taskId": None}},
        {"data": {"taskId": ""}},
        {"data": {"task_id": "null", "id": 0}},
        {"data": 74.87},
        {"data": "rate limit"},
        {"traceId": "0a1b2c", "userId": "u-77", "modelId": "sora-2", "ray_id": "8a2f"},
        {"valid": 1, "paid": 1},
        {"message": 'a poster that says {"taskId": "t1"}, id: 4711'},
        {"message": '{"taskId": "t1"}'},
        {"message": "see https://docs.vendor.example/errors/429", "path": "/api/v1/tasks/create"},
        {"prompt": '{"taskId": "t1"}', "input": {"prompt": "taskId: t1"}},
    ],
)
def test_what_is_no_id_leaves_a_refusal_a_refusal(vendor: Vendor, extra: dict[str, object]) -> None:
    sent = Call("POST", "https://vendor.example/", {}, {"input": {"prompt": 'a poster that says {"taskId": "t1"}'}})
    created = vendor.adapter.read_create(reply({"code": 429, "msg": "busy", **extra}), sent)
    assert (created.verdict, created.named) == (Verdict.WAIT, ())


def test_other_ids_beside_the_task_of_a_plain_yes_do_not_matter(vendor: Vendor) -> None:
    beside = {"taskId": ID, "recordId": "rec_1", "userId": 7, "parentTaskId": "task_old"}
    created = vendor.adapter.read_create(reply({"code": 200, "data": beside, "requestId": "r-1", "traceId": "x"}))
    assert (created.verdict, created.task_id) == (Verdict.ACCEPTED, ID)
