"""The one place that names troubles."""

import pytest

from sora_portal.providers import taxonomy
from sora_portal.providers.base import ErrorKind


def test_body_code_speaks_before_the_http_status() -> None:
    assert taxonomy.classify(http=200, code=402) is ErrorKind.NO_BALANCE
    assert taxonomy.classify(http=400, code=429) is ErrorKind.RATE_LIMITED


def test_body_code_200_lets_the_http_status_speak() -> None:
    assert taxonomy.classify(http=401, code=200) is ErrorKind.BAD_KEY


def test_clear_codes_are_not_changed_by_words() -> None:
    assert taxonomy.classify(http=401, text="your prompt is sensitive content") is ErrorKind.BAD_KEY


def test_slow_image_host_is_a_trouble_of_the_request() -> None:
    assert taxonomy.classify(http=400, text="image download timed out") is ErrorKind.INVALID_REQUEST


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Insufficient credits", ErrorKind.NO_BALANCE),
        ("The current credits are insufficient. Please top up.", ErrorKind.NO_BALANCE),
        ("You don't have enough credits", ErrorKind.NO_BALANCE),
        ("积分不足，需要 10.00", ErrorKind.NO_BALANCE),
        ("余额不足", ErrorKind.NO_BALANCE),
        ("This interface is temporarily paused", ErrorKind.MODEL_UNAVAILABLE),
        ("paused", ErrorKind.MODEL_UNAVAILABLE),
        ("当前分组下对于模型 sora-2 无可用渠道", ErrorKind.MODEL_UNAVAILABLE),
        ("Content does not meet safety guidelines", ErrorKind.CONTENT_POLICY),
        ("Your prompt was flagged as violating content policies.", ErrorKind.CONTENT_POLICY),
        ("提示词包含敏感词", ErrorKind.CONTENT_POLICY),
        ("生成超时", ErrorKind.TIMED_OUT),
    ],
)
def test_known_sentences_have_a_kind(text: str, kind: ErrorKind) -> None:
    assert taxonomy.kind_of_text(text) is kind


@pytest.mark.parametrize(
    "text",
    [
        "",
        "size must be one of 1280x720, 720x1280",
        "field names are case sensitive",
        "prompt: 'a dancer paused on the stairs'",
        "policy-based routing chose another server",
        "credits at the end of the film",
    ],
)
def test_other_sentences_have_none(text: str) -> None:
    assert taxonomy.kind_of_text(text) is None


@pytest.mark.parametrize("text", ["Task not found", "task does not exist", "recordInfo is null", "任务不存在"])
def test_sentences_about_a_missing_task_are_recognised(text: str) -> None:
    assert taxonomy.says_no_such_task(text)


def test_sentence_about_a_missing_model_is_not_about_a_task() -> None:
    assert not taxonomy.says_no_such_task("Model not found")
