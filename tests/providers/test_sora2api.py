"""What is peculiar to Sora2API: no model, a path prefix, numbers for states, a record that is null at first."""

from dataclasses import replace

import pytest

from sora_portal.providers.base import Endpoint, ErrorKind, JobState
from sora_portal.providers.sora2api import Sora2Api
from tests.providers.vendors import CALLBACK, SORA2API, reply

sora2api = Sora2Api()


def test_create_body_is_flat_and_names_no_model() -> None:
    call = sora2api.create_call(
        SORA2API.endpoint("https://api.sora2api.ai"), replace(SORA2API.request("a kitten", CALLBACK), model="any")
    )
    assert call.url == "https://api.sora2api.ai/api/v1/sora2/generate"
    assert call.json == {
        "prompt": "a kitten",
        "aspectRatio": "landscape",
        "quality": "standard",
        "callBackUrl": CALLBACK,
    }


@pytest.mark.parametrize("prefix", ["sora2api", "/sora2api/", "sora2api//"])
def test_path_prefix_is_the_connections(prefix: str) -> None:
    endpoint = Endpoint("https://api.sora2api.ai/", "k", path_prefix=prefix)
    assert sora2api.create_call(endpoint, SORA2API.request()).url == "https://api.sora2api.ai/api/v1/sora2api/generate"
    assert sora2api.status_call(endpoint, "", "t 1").url == (
        "https://api.sora2api.ai/api/v1/sora2api/record-info?taskId=t%201"
    )


def test_image_to_video_keeps_the_list_of_addresses() -> None:
    fields = {"prompt": "go", "imageUrls": ["https://example.com/source-image.jpg"], "watermark": "ours"}
    assert sora2api.create_call(SORA2API.endpoint(), replace(SORA2API.request(), fields=fields)).json == fields


def test_null_record_right_after_the_create_is_a_usable_answer() -> None:
    job = sora2api.read_status(reply({"code": 200, "msg": "success", "data": None}))
    assert (job.state, job.usable, job.found) == (None, True, True)


@pytest.mark.parametrize("data", [{}, {"taskId": "t"}, [], "text"])
def test_record_without_a_flag_is_not_usable(data: object) -> None:
    assert sora2api.read_status(reply({"code": 200, "msg": "success", "data": data})).usable is False


def test_flag_true_is_a_success() -> None:
    record = {"successFlag": True, "response": {"resultUrls": ["https://cdn.sora2api.ai/v.mp4"]}}
    job = sora2api.read_status(reply({"code": 200, "data": record}))
    assert (job.state, job.urls, job.vendor_state) == (JobState.SUCCEEDED, ("https://cdn.sora2api.ai/v.mp4",), "true")


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (400, "Your content was flagged as violating content policies.", ErrorKind.CONTENT_POLICY),
        (400, "image could not be read", ErrorKind.INVALID_REQUEST),
        (402, "", ErrorKind.NO_BALANCE),
        (500, "Task creation failed", ErrorKind.GENERATION_FAILED),
        (501, "Task generation failed", ErrorKind.GENERATION_FAILED),
        (0, "generation timed out", ErrorKind.TIMED_OUT),
        (None, None, ErrorKind.GENERATION_FAILED),
    ],
)
def test_failure_is_explained_by_code_and_text(code: int | None, text: str | None, kind: ErrorKind) -> None:
    record = {"successFlag": 2, "errorCode": code, "errorMessage": text, "response": None}
    job = sora2api.read_status(reply({"code": 200, "msg": "success", "data": record}))
    assert (job.state, job.kind, job.message) == (JobState.FAILED, kind, text or "")
    assert job.code == (str(code) if code else "")


def test_echoed_callback_address_loses_its_token() -> None:
    record = {
        "successFlag": 3,
        "errorMessage": f"bad request {CALLBACK}",
        "paramJson": f'{{"callBackUrl":"{CALLBACK}"}}',
    }
    job = sora2api.read_status(reply({"code": 200, "data": record}))
    assert job.message.startswith("bad request https://portal.example/callbacks/[redacted]")
    assert "3q9fXv7sKk2" not in repr(job)


def test_callback_success_needs_an_address() -> None:
    assert sora2api.read_callback(b'{"code":200,"data":{"taskId":"t","successFlag":1}}').state is None
