"""What staff read of a vendor's answer: all of it, but no key, no token, and nothing that signs an address."""

import json

import pytest

from sora_portal.providers.base import NoReply, Reply
from sora_portal.providers.transcripts import LONGEST, readable, transcript

KEY = "vendor/key+4711=="
TOKEN = "3q9fXv7sKk2ZpL0aTt5uWw8yBb1nMm4cEe6rDd7gHhI"
CALLBACK = f"https://portal.example/callbacks/{TOKEN}/"
PICTURE = f"https://portal.example/r/0123456789abcdef0123456789abcdef.1795000000.{TOKEN}/picture.jpg"
SIGNED = f"https://cdn.example/v.mp4?X-Amz-Date=20261121&X-Amz-Signature={TOKEN}&X-Amz-Expires=600"


def _reply(value: object, status: int = 200) -> Reply:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Reply(status, {}, body)


@pytest.mark.parametrize(
    "echo",
    [
        {"paramJson": json.dumps({"callBackUrl": CALLBACK})},
        {"paramJson": json.dumps({"callBackUrl": CALLBACK}).replace("/", "\\/")},
        {"paramJson": json.dumps({"callBackUrl": CALLBACK}).replace("/", "\\u002f")},
        {"promptJson": json.dumps({"param": json.dumps({"callback_url": CALLBACK}).replace("/", "\\/")})},
        {"url": CALLBACK.replace("/", "%2F")},
        {"url": CALLBACK.replace("/", "%252F")},
        {"imageUrls": [PICTURE], "paramJson": json.dumps({"imageUrls": [PICTURE.replace("/", "\\/")]})},
        {"request": {"headers": {"Authorization": f"Bearer {TOKEN}"}}},
        {"resultUrls": [SIGNED]},
        {"resultJson": json.dumps({"resultUrls": [SIGNED.replace("&", "\\u0026")]})},
        {"url": f"https://x.oss-cn.aliyuncs.com/a.mp4?Expires=1&OSSAccessKeyId={TOKEN}&Signature={TOKEN}%3D"},
        {"url": f"https://cdn.example/v.mp4?token={TOKEN}"},
    ],
)
def test_nothing_secret_survives_wherever_a_vendor_echoes_it(echo: dict[str, object]) -> None:
    said = transcript(_reply({"code": 500, "msg": "no", "data": echo})).text
    assert TOKEN not in said
    assert "[redacted]" in said
    # Nor where the body is cut off and cannot be read as JSON any more.
    raw = json.dumps({"code": 500, "data": echo}).encode()[:-2]
    assert TOKEN not in readable(raw)


def test_the_key_is_masked_as_it_is_and_percent_encoded() -> None:
    said = transcript(_reply({"msg": f"bad key {KEY}, vendor%2Fkey%2B4711%3D%3D"}, 401), KEY)
    assert said.status == 401
    assert "4711" not in said.text


def test_json_is_laid_out_and_chinese_stays_readable() -> None:
    said = transcript(_reply({"code": 402, "msg": "余额不足"})).text
    assert said == '{\n  "code": 402,\n  "msg": "余额不足"\n}'


def test_the_part_of_an_address_that_is_no_secret_stays() -> None:
    said = transcript(_reply({"url": SIGNED})).text
    assert "https://cdn.example/v.mp4?X-Amz-Date=20261121&X-Amz-Signature=[redacted]&X-Amz-Expires=600" in said


def test_a_web_page_comes_as_text_and_a_long_one_is_cut() -> None:
    assert transcript(_reply(b"<h1>502 \x00\x1b</h1>", 502)).text == "<h1>502   </h1>"
    said = transcript(_reply(b"x" * 10_000_000)).text
    assert len(said) < LONGEST + 100
    assert said.endswith("(10,000,000 bytes in all)")


@pytest.mark.parametrize("depth", [900, 2500])
def test_an_object_nested_deeply_is_cut_like_any_other(depth: int) -> None:
    body = b'{"a":' * depth + b"1," * 100_000 + b"}" * depth
    assert len(transcript(_reply(body)).text) < LONGEST + 100
    assert len(transcript(_reply(b'{"a":' * depth + b"1" + b"}" * depth)).text) < LONGEST + 100


def test_an_answer_that_did_not_come_whole_says_so() -> None:
    assert transcript(Reply(200, {}, b'{"code":', truncated=True)).text.endswith("(the answer did not come whole)")


def test_no_answer_is_status_zero_and_the_reason() -> None:
    said = transcript(NoReply(sent=True, reason=f"ReadTimeout: {KEY}"), KEY)
    assert (said.status, said.text) == (0, "ReadTimeout: [redacted]")
