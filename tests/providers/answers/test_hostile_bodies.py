"""Bodies and headers chosen to hurt: no reader raises, and none of them ends a task. Generated ones: see bodies.py."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sora_portal.providers.base import Reply, Verdict
from tests.providers.vendors import VENDORS, Vendor, reply

calm = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
every_vendor = pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)


@every_vendor
@calm
@given(
    name=st.sampled_from(["retry-after", "date", "openai-poll-after-ms", "content-type"]), value=st.text(max_size=40)
)
def test_any_header_is_survived(vendor: Vendor, name: str, value: str) -> None:
    job = vendor.adapter.read_status(Reply(429, {name: value}, b""))
    assert job.retry_after is None or 0 <= job.retry_after <= 86_400


DEEP = 200_000
HOSTILE = {
    "deep lists": b"[" * DEEP,
    "deep closed lists": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"data":' * DEEP + b"1" + b"}" * DEEP,
    "deep data": b'{"code":200,"data":{"state":"success","resultJson":' + b"[" * 900 + b"]" * 900 + b"}}",
    "deep text": json.dumps({"code": 200, "data": {"state": "x", "resultJson": "[" * DEEP}}).encode(),
    "giant number": b'{"code":200,"data":{"taskId":' + b"9" * 6000 + b',"state":' + b"9" * 6000 + b"}}",
    "giant exponent": b'{"code":1e999,"data":{"successFlag":1e999,"state":-1e999}}',
    "not a number": b'{"code":NaN,"data":{"successFlag":NaN,"state":Infinity}}',
    "lone surrogates": rb'{"code":200,"message":"\ud800","data":{"taskId":"\udfff","state":"\ud83d"}}',
    "bad UTF-8": b'{"code":200,"data":{"taskId":"\xff\xfe","state":"\xc3\x28"}}',
    "UTF-16": '{"code":200,"data":{"state":"success"}}'.encode("utf-16"),
    "only a mark": b"\xef\xbb\xbf",
    "null": b"null",
    "long text": json.dumps({"code": 500, "message": "x" * 500_000}).encode(),
    "nested reasons": b'{"code":500,"message":{"message":{"message":1}},"error":[1],"data":[{"error":"x"}]}',
}


@every_vendor
@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_body_is_survived_and_ends_nothing(vendor: Vendor, raw: bytes) -> None:
    for status in (200, 400, 500):
        answer = reply(raw, status)
        job = vendor.adapter.read_status(answer)
        created = vendor.adapter.read_create(answer)
        assert job.state is None or raw is HOSTILE["deep data"]
        assert created.verdict is not Verdict.ACCEPTED
        assert len(created.message) <= 1000
        assert vendor.adapter.read_callback(raw).task_id == ""
