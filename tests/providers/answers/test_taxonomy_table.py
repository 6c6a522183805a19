"""Every documented code, failure word and text of every vendor, the kind that it stands for, and what a member reads.

The rows are the vendors' own lists as read on 2026-11-20: the Ruxa guide and reference, APIXO's model page and its two
error pages, Sora2API's quickstart and reference, and the Chinese texts that public clients meet.
"""

import pytest

from sora_portal.generations.domain import ENDED, SENTENCES, TROUBLES, ended_sentence
from sora_portal.providers import registry
from sora_portal.providers.base import ErrorKind, JobState, Verdict
from tests.providers.vendors import reply

K, V = ErrorKind, Verdict

# vendor, code: the kind; the verdict of a create; how a create with this code may come besides as an HTTP status.
CREATE = [
    ("ruxa", 401, "Unauthorized - Missing or invalid authentication credentials", K.BAD_KEY, V.VENDOR_TROUBLE),
    ("ruxa", 402, "Insufficient credits", K.NO_BALANCE, V.VENDOR_TROUBLE),
    ("ruxa", 404, "Not found", K.MODEL_UNAVAILABLE, V.CONFIGURATION),
    ("ruxa", 422, "Validation error - Request parameters failed validation", K.INVALID_REQUEST, V.REFUSED),
    ("ruxa", 429, "Rate limited", K.RATE_LIMITED, V.WAIT),
    ("ruxa", 500, "Server error", K.TRANSIENT, V.AMBIGUOUS),
    ("ruxa", 501, "Generation failed", K.GENERATION_FAILED, V.AMBIGUOUS),
    ("ruxa", 500, "积分不足，需要 10.00 积分，当前 0.50 积分", K.NO_BALANCE, V.AMBIGUOUS),
    ("ruxa", 400, "余额不足", K.NO_BALANCE, V.REFUSED),
    ("ruxa", 500, "未找到支持模型 sora-2", K.MODEL_UNAVAILABLE, V.AMBIGUOUS),
    ("ruxa", 503, "当前分组下对于模型 sora-2 无可用渠道", K.MODEL_UNAVAILABLE, V.AMBIGUOUS),
    ("ruxa", 400, "模型不存在", K.MODEL_UNAVAILABLE, V.REFUSED),
    ("apixo", 400, "Invalid parameters", K.INVALID_REQUEST, V.REFUSED),
    ("apixo", 400, "Insufficient credits", K.NO_BALANCE, V.VENDOR_TROUBLE),
    ("apixo", 401, "Invalid or missing API Key", K.BAD_KEY, V.VENDOR_TROUBLE),
    ("apixo", 402, "Insufficient balance", K.NO_BALANCE, V.VENDOR_TROUBLE),
    ("apixo", 403, "Content violates policy", K.CONTENT_POLICY, V.REFUSED),
    ("apixo", 403, "API key lacks permission", K.BAD_KEY, V.VENDOR_TROUBLE),
    ("apixo", 404, "Model not found: sora-9", K.MODEL_UNAVAILABLE, V.CONFIGURATION),
    ("apixo", 429, "Rate limit exceeded", K.RATE_LIMITED, V.WAIT),
    ("apixo", 500, "Internal server error", K.TRANSIENT, V.AMBIGUOUS),
    ("apixo", 503, "Model unavailable, retry later", K.MODEL_UNAVAILABLE, V.AMBIGUOUS),
    ("apixo", 503, "This model is temporarily paused", K.MODEL_UNAVAILABLE, V.AMBIGUOUS),
    ("sora2api", 400, "Invalid request parameters or malformed JSON", K.INVALID_REQUEST, V.REFUSED),
    ("sora2api", 401, "Missing or invalid API key", K.BAD_KEY, V.VENDOR_TROUBLE),
    ("sora2api", 402, "Account doesn't have enough credits for the operation", K.NO_BALANCE, V.VENDOR_TROUBLE),
    ("sora2api", 404, "Not found", K.MODEL_UNAVAILABLE, V.CONFIGURATION),
    ("sora2api", 422, "Validation error", K.INVALID_REQUEST, V.REFUSED),
    ("sora2api", 429, "Too many requests", K.RATE_LIMITED, V.WAIT),
    ("sora2api", 455, "Service maintenance", K.MODEL_UNAVAILABLE, V.VENDOR_TROUBLE),
    ("sora2api", 500, "Internal server error", K.TRANSIENT, V.AMBIGUOUS),
    ("sora2api", 501, "Generation failed", K.GENERATION_FAILED, V.AMBIGUOUS),
    ("sora2api", 505, "Feature disabled", K.MODEL_UNAVAILABLE, V.VENDOR_TROUBLE),
    ("sora2api", 500, "This interface is temporarily paused", K.MODEL_UNAVAILABLE, V.AMBIGUOUS),
]

# APIXO's failCodes, older page and newer page, which it puts on a failed task and (newest text) on a refusal.
FAIL_CODES = [
    ("CONTENT_VIOLATION", K.CONTENT_POLICY),
    ("NSFW_DETECTED", K.CONTENT_POLICY),
    ("PROMPT_TOO_LONG", K.INVALID_REQUEST),
    ("INVALID_PROMPT", K.INVALID_REQUEST),
    ("INVALID_IMAGE_URL", K.INVALID_REQUEST),
    ("IMAGE_TOO_LARGE", K.INVALID_REQUEST),
    ("UNSUPPORTED_FORMAT", K.INVALID_REQUEST),
    ("IMAGE_DOWNLOAD_FAILED", K.INVALID_REQUEST),
    ("PROCESSING_TIMEOUT", K.TIMED_OUT),
    ("MODEL_UNAVAILABLE", K.MODEL_UNAVAILABLE),
    ("GENERATION_FAILED", K.GENERATION_FAILED),
    ("INSUFFICIENT_CREDITS", K.NO_BALANCE),
    ("SensitiveContent", K.CONTENT_POLICY),
    ("SensitiveContentDetected", K.CONTENT_POLICY),
    ("InputImageSensitiveContentDetected", K.CONTENT_POLICY),
    ("InputOutputSensitiveContentDetected", K.CONTENT_POLICY),
    ("NSFW", K.CONTENT_POLICY),
    ("ProhibitedContentDetected", K.CONTENT_POLICY),
    ("PromptLengthExceeded", K.INVALID_REQUEST),
    ("SomethingNew", K.GENERATION_FAILED),
]

# Sora2API's record of a failed task: flag, errorCode, errorMessage.
FLAGS = [
    (2, 400, "Invalid parameters", K.INVALID_REQUEST),
    (2, 401, "", K.BAD_KEY),
    (2, 402, "", K.NO_BALANCE),
    (2, 404, "", K.MODEL_UNAVAILABLE),
    (2, 422, "", K.INVALID_REQUEST),
    (2, 429, "", K.RATE_LIMITED),
    (2, 455, "", K.MODEL_UNAVAILABLE),
    (2, 500, "Task creation failed", K.GENERATION_FAILED),
    (2, 505, "", K.MODEL_UNAVAILABLE),
    (3, 400, "flagged as violating content policies", K.CONTENT_POLICY),
    (3, 500, "", K.GENERATION_FAILED),
    (3, 501, "Task generation failed", K.GENERATION_FAILED),
    (3, 0, None, K.GENERATION_FAILED),
    ("3", "501", "生成超时", K.TIMED_OUT),
]


def _envelope(vendor: str, code: object, text: str) -> dict[str, object]:
    return {"code": code, "msg" if vendor == "sora2api" else "message": text, "data": None}


@pytest.mark.parametrize(("vendor", "code", "text", "kind", "verdict"), CREATE)
def test_documented_create_answer_has_its_kind_and_its_verdict(
    vendor: str, code: int, text: str, kind: ErrorKind, verdict: Verdict
) -> None:
    adapter = registry.provider(vendor)
    layers = {
        "HTTP 200, code in the body": reply(_envelope(vendor, code, text)),
        "HTTP status and body": reply(_envelope(vendor, code, text), code),
        "HTTP 200, code as text": reply(_envelope(vendor, str(code), text)),
    }
    seen = {name: adapter.read_create(answer) for name, answer in layers.items()}
    assert {name: (made.kind, made.verdict) for name, made in seen.items()} == dict.fromkeys(seen, (kind, verdict))
    assert all(text in made.message for made in seen.values()), "staff read the vendor's own words"


@pytest.mark.parametrize("vendor", ["ruxa", "apixo"])
@pytest.mark.parametrize(("word", "kind"), FAIL_CODES)
def test_documented_fail_code_has_its_kind(vendor: str, word: str, kind: ErrorKind) -> None:
    state = "fail" if vendor == "ruxa" else "failed"
    data = {"taskId": "t1", "state": state, "failCode": word, "failMsg": "no"}
    job = registry.provider(vendor).read_status(reply({"code": 200, "message": "success", "data": data}))
    assert (job.state, job.kind, job.code) == (JobState.FAILED, kind, word)


@pytest.mark.parametrize(("word", "kind"), FAIL_CODES[:-1])
def test_documented_fail_code_in_an_immediate_refusal_has_its_kind(word: str, kind: ErrorKind) -> None:
    answer = reply({"code": 400, "message": "Bad request", "data": {"failCode": word}}, 400)
    made = registry.provider("apixo").read_create(answer)
    assert made.kind is kind
    special = {K.NO_BALANCE: V.VENDOR_TROUBLE, K.MODEL_UNAVAILABLE: V.VENDOR_TROUBLE, K.TIMED_OUT: V.AMBIGUOUS}
    assert made.verdict is special.get(kind, V.REFUSED)


@pytest.mark.parametrize(("flag", "code", "text", "kind"), FLAGS)
def test_documented_error_of_a_failed_record_has_its_kind(
    flag: object, code: object, text: str | None, kind: ErrorKind
) -> None:
    data = {"taskId": "t1", "successFlag": flag, "errorCode": code, "errorMessage": text, "response": None}
    job = registry.provider("sora2api").read_status(reply({"code": 200, "msg": "success", "data": data}))
    assert (job.state, job.kind) == (JobState.FAILED, kind)


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_every_kind_has_a_sentence_that_says_what_to_do(kind: ErrorKind) -> None:
    hints = ("try", "change", "admin", "by itself", "keeps watching")
    for sentence in (SENTENCES[kind], ended_sentence(kind)):
        assert any(hint in sentence.lower() for hint in hints), sentence
        assert sentence.endswith(".")


def test_an_ended_video_is_not_told_to_wait() -> None:
    for kind in ErrorKind:
        words = ended_sentence(kind).lower()
        assert not any(hint in words for hint in ("waits", "waiting", "by itself", "keeps watching")), words
    assert set(ENDED) >= set(TROUBLES) - {K.MODEL_UNAVAILABLE}


@pytest.mark.parametrize(
    ("kind", "code", "message", "says"),
    [
        (K.INVALID_REQUEST, "INVALID_IMAGE_URL", "Cannot access provided image URL", "could not use the image"),
        (K.INVALID_REQUEST, "IMAGE_TOO_LARGE", "", "below 10 MB"),
        (K.INVALID_REQUEST, "UNSUPPORTED_FORMAT", "", "JPG, PNG or WebP"),
        (K.INVALID_REQUEST, "422", "input_reference must be a public URL", "could not use the image"),
        (K.INVALID_REQUEST, "PROMPT_TOO_LONG", "", "Shorten it"),
        (K.INVALID_REQUEST, "400", "prompt must not exceed 10000 characters", "Shorten it"),
        (K.INVALID_REQUEST, "422", "size must be one of 1280x720", "Change them"),
        (K.CONTENT_POLICY, "InputImageSensitiveContentDetected", "", "Choose another image"),
        (K.CONTENT_POLICY, "InputOutputSensitiveContentDetected", "", "Change the prompt"),
        (K.CONTENT_POLICY, "400", "prompt 'an image of …' violates policy", "Change the prompt"),
        (K.NO_BALANCE, "INSUFFICIENT_CREDITS", "", "Ask an admin to top it up"),
        (K.TIMED_OUT, "PROCESSING_TIMEOUT", "", "Try again"),
    ],
)
def test_a_sentence_names_what_the_vendor_did_not_like(kind: ErrorKind, code: str, message: str, says: str) -> None:
    assert says in ended_sentence(kind, code=code, message=message)
