"""The contract that every adapter keeps, held against the bodies that the vendors' pages show."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from sora_portal.providers.base import ErrorKind, JobState, NoReply, Verdict
from tests.providers.vendors import CALLBACK, KEY, Vendor, reply


def test_create_call_carries_key_prompt_and_callback_address(vendor: Vendor) -> None:
    call = vendor.adapter.create_call(vendor.endpoint(), vendor.request("a fox", CALLBACK))
    body = json.dumps(call.json)
    assert call.method == "POST"
    assert urlsplit(call.url).hostname == "vendor.example"
    assert call.headers["Authorization"] == f"Bearer {KEY}"
    assert '"a fox"' in body
    assert CALLBACK in body


def test_create_call_without_callback_names_none(vendor: Vendor) -> None:
    call = vendor.adapter.create_call(vendor.endpoint(), vendor.request())
    assert "callback" not in json.dumps(call.json).lower()


def test_create_call_keeps_the_type_of_every_field(vendor: Vendor) -> None:
    call: Any = vendor.adapter.create_call(vendor.endpoint(), vendor.request())
    sent = call.json if vendor.name == "sora2api" else call.json["input"]
    assert {name: sent[name] for name in vendor.fields} == vendor.fields
    assert all(type(sent[name]) is type(value) for name, value in vendor.fields.items())


@pytest.mark.parametrize(
    "base", ["http://127.0.0.1:8001/x", "http://127.0.0.1:8001/x/", "http://127.0.0.1:8001/x/api/v1"]
)
def test_calls_keep_the_path_of_the_base_url(vendor: Vendor, base: str) -> None:
    endpoint = vendor.endpoint(base)
    for call in (
        vendor.adapter.create_call(endpoint, vendor.request()),
        vendor.adapter.status_call(endpoint, vendor.model, "t1"),
    ):
        assert call.url.startswith("http://127.0.0.1:8001/x/api/v1/")
        assert call.url.count("/api/v1") == 1


def test_status_call_is_a_get_that_encodes_the_task_id(vendor: Vendor) -> None:
    call = vendor.adapter.status_call(vendor.endpoint(), vendor.model, "a/b?c=d&é#..")
    assert call.method == "GET"
    assert call.json is None
    assert call.headers["Authorization"] == f"Bearer {KEY}"
    assert "a%2Fb%3Fc%3Dd%26%C3%A9%23.." in call.url


def test_status_call_with_dots_as_id_does_not_climb(vendor: Vendor) -> None:
    assert vendor.adapter.status_call(vendor.endpoint(), vendor.model, "..").url.endswith("%2E%2E")


def test_secrets_are_absent_from_every_repr(vendor: Vendor) -> None:
    endpoint, request = vendor.endpoint(), vendor.request("secret prompt", CALLBACK)
    shown = repr((endpoint, request, vendor.adapter.create_call(endpoint, request), reply(vendor.created)))
    assert KEY not in shown
    assert CALLBACK not in shown
    assert "secret prompt" not in shown


def test_documented_create_answer_is_accepted(vendor: Vendor) -> None:
    created = vendor.adapter.read_create(reply(vendor.created))
    assert (created.verdict, created.task_id, created.kind) == (Verdict.ACCEPTED, vendor.task_id, None)


def test_create_answer_with_byte_order_mark_and_text_code_is_accepted(vendor: Vendor) -> None:
    body = b"\xef\xbb\xbf" + json.dumps({"code": "200", "data": {"taskId": 987654321}}).encode()
    assert vendor.adapter.read_create(reply(body, 201)).task_id == "987654321"


def test_documented_success_names_the_video(vendor: Vendor) -> None:
    job = vendor.adapter.read_status(reply(vendor.succeeded))
    assert (job.state, job.urls, job.usable, job.found) == (JobState.SUCCEEDED, (vendor.url,), True, True)
    assert job.kind is None


def test_address_counts_only_once_the_task_is_done(vendor: Vendor) -> None:
    body: Any = json.loads(reply(vendor.succeeded).body)
    word = next(word for word, state in vendor.states.items() if state is JobState.RUNNING)
    body["data"]["successFlag" if vendor.name == "sora2api" else "state"] = word
    job = vendor.adapter.read_status(reply(body))
    assert (job.state, job.urls) == (JobState.RUNNING, ())


def test_documented_failure_is_explained(vendor: Vendor) -> None:
    job = vendor.adapter.read_status(reply(vendor.failed))
    assert job.state is JobState.FAILED
    assert job.kind in {ErrorKind.GENERATION_FAILED, ErrorKind.CONTENT_POLICY}
    assert job.code
    assert job.message
    assert job.vendor_state


def test_listed_words_map_to_states(vendor: Vendor) -> None:
    seen = {word: vendor.adapter.read_status(vendor.status_with(word)).state for word in vendor.states}
    assert seen == vendor.states


@pytest.mark.parametrize("word", ["archived", "cancelled", "成功", "done", 7, -1, "4", ["success"], {"a": 1}, 1e99])
def test_unlisted_word_ends_nothing(vendor: Vendor, word: object) -> None:
    job = vendor.adapter.read_status(vendor.status_with(word))
    assert job.state is None
    assert job.found


def test_unlisted_word_is_kept_for_staff(vendor: Vendor) -> None:
    job = vendor.adapter.read_status(vendor.status_with("post_processing"))
    assert (job.usable, job.vendor_state) == (True, "post_processing")


def test_success_without_address_is_success_with_no_urls(vendor: Vendor) -> None:
    word = next(word for word, state in vendor.states.items() if state is JobState.SUCCEEDED)
    job = vendor.adapter.read_status(vendor.status_with(word))
    assert (job.state, job.urls, job.usable) == (JobState.SUCCEEDED, (), True)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (NoReply(sent=True, reason="ReadTimeout"), ErrorKind.TRANSIENT),
        (NoReply(sent=False, reason="ConnectError"), ErrorKind.TRANSIENT),
        (reply({"code": 429, "message": "slow down"}, 429), ErrorKind.RATE_LIMITED),
        (reply({"code": 429, "message": "slow down"}), ErrorKind.RATE_LIMITED),
        (reply({"code": 401, "message": "bad key"}), ErrorKind.BAD_KEY),
        (reply({"code": 402, "message": "积分不足"}), ErrorKind.NO_BALANCE),
        (reply({"code": 500, "message": "This interface is temporarily paused"}), ErrorKind.MODEL_UNAVAILABLE),
        (reply({"code": 501, "message": "generation failed"}), ErrorKind.GENERATION_FAILED),
        (reply(b"<html>Bad gateway</html>", 502), ErrorKind.TRANSIENT),
        (reply(b"<html>hello</html>"), ErrorKind.UNKNOWN),
        (reply(b""), ErrorKind.UNKNOWN),
        (reply(b"", 302), ErrorKind.MISCONFIGURED),
    ],
)
def test_useless_status_answer_leaves_the_task_alone(vendor: Vendor, answer: Any, kind: ErrorKind) -> None:
    job = vendor.adapter.read_status(answer)
    assert (job.state, job.usable, job.found, job.urls, job.kind) == (None, False, True, (), kind)


def test_failed_state_under_a_server_error_leaves_the_task_alone(vendor: Vendor) -> None:
    answer = reply(vendor.failed, 503)
    assert vendor.adapter.read_status(answer).state is None


def test_failed_state_under_code_501_is_a_failure(vendor: Vendor) -> None:
    body: Any = {**json.loads(reply(vendor.failed).body), "code": 501}
    assert vendor.adapter.read_status(reply(body)).state is JobState.FAILED


def test_success_under_code_501_leaves_the_task_alone(vendor: Vendor) -> None:
    body: Any = {**json.loads(reply(vendor.succeeded).body), "code": 501}
    job = vendor.adapter.read_status(reply(body))
    assert (job.state, job.usable) == (None, False)


@pytest.mark.parametrize(
    "answer",
    [
        reply({"code": 404, "message": "Task not found"}, 404),
        reply({"code": 404, "message": "Task not found", "data": None}),
        reply({"code": 422, "msg": "recordInfo is null"}),
        reply(b"gone", 404),
    ],
)
def test_unknown_task_is_not_found(vendor: Vendor, answer: Any) -> None:
    job = vendor.adapter.read_status(answer)
    assert (job.found, job.usable, job.state) == (False, True, None)


def test_retry_after_reaches_the_caller(vendor: Vendor) -> None:
    answer = reply({"code": 429, "message": "slow down"}, 429, retry_after="7")
    assert vendor.adapter.read_status(answer).retry_after == 7
    assert vendor.adapter.read_create(answer).retry_after == 7


def test_documented_callbacks_are_read(vendor: Vendor) -> None:
    for body, task_id, state in vendor.callbacks:
        news = vendor.adapter.read_callback(json.dumps(body).encode())
        assert (news.task_id, news.state) == (task_id, state), body
