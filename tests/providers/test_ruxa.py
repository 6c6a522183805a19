"""What is peculiar to Ruxa AI: two body styles, two names of the reason, a callback without an envelope."""

from dataclasses import replace

from sora_portal.providers.base import Endpoint, ErrorKind, JobState
from sora_portal.providers.ruxa import Ruxa
from tests.providers.vendors import CALLBACK, RUXA, reply

ruxa = Ruxa()
FLAT = Endpoint("https://api.ruxa.ai", "sk-1", body_style="flat")


def test_create_body_is_nested_by_default() -> None:
    call = ruxa.create_call(RUXA.endpoint("https://api.ruxa.ai"), RUXA.request("a horse", CALLBACK))
    assert call.url == "https://api.ruxa.ai/api/v1/tasks/create"
    assert call.json == {
        "model": "sora-2",
        "callBackUrl": CALLBACK,
        "input": {"prompt": "a horse", "seconds": "10", "size": "1280x720"},
    }


def test_create_body_is_flat_when_the_connection_says_so() -> None:
    call = ruxa.create_call(FLAT, RUXA.request("a horse", CALLBACK))
    assert call.json == {
        "model": "sora-2",
        "callBackUrl": CALLBACK,
        "prompt": "a horse",
        "seconds": "10",
        "size": "1280x720",
    }


def test_flat_fields_cannot_replace_the_model() -> None:
    request = replace(RUXA.request(), fields={"model": "other"}, top={"model": "third"})
    assert ruxa.create_call(FLAT, request).json == {"model": "sora-2"}


def test_extra_top_level_fields_are_sent_beside_the_model() -> None:
    call = ruxa.create_call(RUXA.endpoint(), replace(RUXA.request(), top={"channel": "a"}))
    assert isinstance(call.json, dict)
    assert call.json["channel"] == "a"


def test_image_to_video_passes_the_address_as_it_is() -> None:
    request = replace(RUXA.request(), fields={"prompt": "walk", "input_reference": "https://example.com/i.jpg"})
    call = ruxa.create_call(RUXA.endpoint(), request)
    assert isinstance(call.json, dict)
    assert call.json["input"] == {"prompt": "walk", "input_reference": "https://example.com/i.jpg"}


def test_status_path_holds_the_task_id() -> None:
    call = ruxa.status_call(RUXA.endpoint("https://api.ruxa.ai"), "sora-2", "task_gemini-2.5_1_ab")
    assert call.url == "https://api.ruxa.ai/api/v1/tasks/query/task_gemini-2.5_1_ab"


def test_reason_is_read_from_msg_too() -> None:
    assert ruxa.read_create(reply({"code": 422, "msg": "bad seconds"})).message == "bad seconds"


def test_blog_word_completed_with_an_array_is_a_success() -> None:
    job = ruxa.read_status(
        reply({"code": 200, "data": {"state": "completed", "resultUrls": ["https://a.example/1.mp4"]}})
    )
    assert (job.state, job.urls) == (JobState.SUCCEEDED, ("https://a.example/1.mp4",))


def test_failure_reason_falls_back_through_the_names_seen_in_the_field() -> None:
    for name in ("failMsg", "failReason", "errorMsg", "error", "message"):
        job = ruxa.read_status(reply({"code": 200, "message": "success", "data": {"state": "fail", name: "违规内容"}}))
        assert (job.message, job.kind) == ("违规内容", ErrorKind.CONTENT_POLICY)


def test_failure_without_a_reason_is_a_failed_generation() -> None:
    job = ruxa.read_status(reply({"code": 200, "message": "success", "data": {"state": "fail", "failMsg": ""}}))
    assert (job.kind, job.message, job.code) == (ErrorKind.GENERATION_FAILED, "", "")


def test_callback_under_an_error_code_says_nothing() -> None:
    assert ruxa.read_callback(b'{"code":500,"data":{"taskId":"t","state":"fail"}}').state is None
