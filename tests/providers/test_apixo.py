"""What is peculiar to APIXO: the model in both paths, `request_type`, failures under code 200, two vocabularies."""

from dataclasses import replace

import pytest

from sora_portal.providers.apixo import Apixo
from sora_portal.providers.base import CreateRequest, ErrorKind, JobState, Verdict
from tests.providers.vendors import APIXO, CALLBACK, reply

apixo = Apixo()


def test_create_without_callback_asks_for_polling() -> None:
    call = apixo.create_call(APIXO.endpoint("https://api.apixo.ai"), APIXO.request("a city"))
    assert call.url == "https://api.apixo.ai/api/v1/generateTask/sora-2"
    assert call.json == {"request_type": "async", "input": {**APIXO.fields, "prompt": "a city"}}


def test_create_with_callback_asks_for_it() -> None:
    call = apixo.create_call(APIXO.endpoint(), APIXO.request("a city", CALLBACK))
    assert isinstance(call.json, dict)
    assert (call.json["request_type"], call.json["callback_url"]) == ("callback", CALLBACK)


def test_provider_is_sent_when_the_catalog_names_one() -> None:
    call = apixo.create_call(APIXO.endpoint(), replace(APIXO.request(), top={"provider": "official"}))
    assert isinstance(call.json, dict)
    assert call.json["provider"] == "official"


@pytest.mark.parametrize("empty", ["", None])
def test_empty_provider_is_left_out(empty: str | None) -> None:
    call = apixo.create_call(APIXO.endpoint(), replace(APIXO.request(), top={"provider": empty}))
    assert isinstance(call.json, dict)
    assert "provider" not in call.json


def test_image_to_video_keeps_the_list_of_addresses() -> None:
    fields = {"mode": "image-to-video", "prompt": "go", "image_urls": ["https://example.com/ref.jpg"]}
    call = apixo.create_call(APIXO.endpoint(), CreateRequest("sora-2", fields))
    assert call.json == {"request_type": "async", "input": fields}


def test_model_of_any_spelling_is_part_of_both_paths() -> None:
    endpoint = APIXO.endpoint("https://api.apixo.ai")
    assert apixo.create_call(endpoint, CreateRequest("happyHorse", {})).url.endswith("/generateTask/happyHorse")
    assert apixo.create_call(endpoint, CreateRequest("a/b c", {})).url.endswith("/generateTask/a%2Fb%20c")
    assert apixo.status_call(endpoint, "kling-2-6", "t&1").url.endswith("/statusTask/kling-2-6?taskId=t%261")


def test_documented_error_sample_is_trouble_at_the_vendor() -> None:
    created = apixo.read_create(reply({"code": 400, "message": "Insufficient credits", "data": None}, 400))
    assert (created.verdict, created.kind) == (Verdict.VENDOR_TROUBLE, ErrorKind.NO_BALANCE)


def test_failure_word_in_an_immediate_error_is_understood() -> None:
    answer = reply({"code": 403, "message": "rejected", "data": {"failCode": "NSFW_DETECTED"}}, 403)
    created = apixo.read_create(answer)
    assert (created.verdict, created.kind, created.code) == (
        Verdict.REFUSED,
        ErrorKind.CONTENT_POLICY,
        "NSFW_DETECTED",
    )


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("CONTENT_VIOLATION", ErrorKind.CONTENT_POLICY),
        ("NSFW_DETECTED", ErrorKind.CONTENT_POLICY),
        ("SensitiveContent", ErrorKind.CONTENT_POLICY),
        ("InputOutputSensitiveContentDetected", ErrorKind.CONTENT_POLICY),
        ("ProhibitedContentDetected", ErrorKind.CONTENT_POLICY),
        ("PROMPT_TOO_LONG", ErrorKind.INVALID_REQUEST),
        ("PromptLengthExceeded", ErrorKind.INVALID_REQUEST),
        ("INVALID_PROMPT", ErrorKind.INVALID_REQUEST),
        ("INVALID_IMAGE_URL", ErrorKind.INVALID_REQUEST),
        ("IMAGE_TOO_LARGE", ErrorKind.INVALID_REQUEST),
        ("UNSUPPORTED_FORMAT", ErrorKind.INVALID_REQUEST),
        ("IMAGE_DOWNLOAD_FAILED", ErrorKind.INVALID_REQUEST),
        ("PROCESSING_TIMEOUT", ErrorKind.TIMED_OUT),
        ("MODEL_UNAVAILABLE", ErrorKind.MODEL_UNAVAILABLE),
        ("INSUFFICIENT_CREDITS", ErrorKind.NO_BALANCE),
        ("GENERATION_FAILED", ErrorKind.GENERATION_FAILED),
        ("SOMETHING_NEW", ErrorKind.GENERATION_FAILED),
    ],
)
def test_failure_words_of_both_vocabularies_have_a_kind(word: str, kind: ErrorKind) -> None:
    record = {"taskId": "t", "state": "failed", "failCode": word, "failMsg": "see code"}
    job = apixo.read_status(reply({"code": 200, "message": "success", "data": record}))
    assert (job.state, job.kind, job.code, job.message) == (JobState.FAILED, kind, word, "see code")


@pytest.mark.parametrize(
    ("result", "urls"),
    [
        ('{"resultUrls":["https://a.example/1.mp4","https://a.example/2.mp4"]}', 2),
        ({"resultUrls": ["https://a.example/1.mp4", "https://a.example/1.mp4"]}, 1),
        ('"{\\"resultUrls\\":[\\"https://a.example/1.mp4\\"]}"', 1),
        ('{"resultUrls":"https://a.example/1.mp4"}', 1),
        ('{"resultUrls":["https://a.example/1.mp4"', 1),
        ('{"resultUrls":["https://a.example/1.mp', 0),
        ('{"resultUrls":["ftp://a.example/1.mp4","javascript:alert(1)",5,null]}', 0),
        ("", 0),
        (None, 0),
        (17, 0),
    ],
)
def test_result_json_is_read_in_every_form_seen(result: object, urls: int) -> None:
    job = apixo.read_status(reply({"code": 200, "data": {"state": "success", "resultJson": result}}))
    assert (job.state, len(job.urls)) == (JobState.SUCCEEDED, urls)


@pytest.mark.parametrize(
    "place",
    [
        {"resultUrls": ["https://a.example/1.mp4"]},
        {"response": {"resultUrls": ["https://a.example/1.mp4"]}},
        {"response": {"imageUrl": "https://a.example/1.mp4"}},
        {"url": "https://a.example/1.mp4"},
        {"video_url": "https://a.example/1.mp4"},
    ],
)
def test_broken_result_json_falls_back_to_other_places(place: dict[str, object]) -> None:
    record = {"state": "success", "resultJson": '{"resultUrls":[', **place}
    assert apixo.read_status(reply({"code": 200, "data": record})).urls == ("https://a.example/1.mp4",)
