"""The create-answer table, row by row, for every vendor: the only rules that may lead to a second paid request."""

import itertools
import json
from typing import Any

import pytest

from sora_portal.providers.base import ErrorKind, NoReply, Reply, Verdict
from tests.providers.vendors import Vendor, reply

HTML = b"<html><title>odd</title></html>"


def body(code: object, message: str = "", task_id: str | None = None, **data: object) -> dict[str, object]:
    inner = {**data, **({"taskId": task_id} if task_id else {})}
    return {"code": code, "message": message, "data": inner or None}


ROWS: list[tuple[str, Reply | NoReply, Verdict, ErrorKind | None]] = [
    ("refused connection", NoReply(sent=False, reason="ConnectError"), Verdict.NOT_SENT, ErrorKind.TRANSIENT),
    ("read time-out", NoReply(sent=True, reason="ReadTimeout"), Verdict.AMBIGUOUS, ErrorKind.TRANSIENT),
    ("accepted", reply(body(200, "success", "t1")), Verdict.ACCEPTED, None),
    ("accepted as 202", reply(body("200", "success", "t1"), 202), Verdict.ACCEPTED, None),
    ("HTTP 429", reply(HTML, 429), Verdict.WAIT, ErrorKind.RATE_LIMITED),
    ("body 429", reply(body(429, "busy")), Verdict.WAIT, ErrorKind.RATE_LIMITED),
    ("HTTP 400 body 429", reply(body(429, "busy"), 400), Verdict.WAIT, ErrorKind.RATE_LIMITED),
    ("HTTP 401", reply(HTML, 401), Verdict.VENDOR_TROUBLE, ErrorKind.BAD_KEY),
    ("body 401", reply(body(401, "bad key")), Verdict.VENDOR_TROUBLE, ErrorKind.BAD_KEY),
    ("HTTP 403", reply(body(403, "no permission"), 403), Verdict.VENDOR_TROUBLE, ErrorKind.BAD_KEY),
    ("HTTP 402", reply(body(402, "empty"), 402), Verdict.VENDOR_TROUBLE, ErrorKind.NO_BALANCE),
    ("body 402", reply(body(402, "empty")), Verdict.VENDOR_TROUBLE, ErrorKind.NO_BALANCE),
    (
        "failure word for balance",
        reply(body("INSUFFICIENT_CREDITS", "top up")),
        Verdict.VENDOR_TROUBLE,
        ErrorKind.NO_BALANCE,
    ),
    ("body 455", reply(body(455, "maintenance")), Verdict.VENDOR_TROUBLE, ErrorKind.MODEL_UNAVAILABLE),
    ("HTTP 455", reply(HTML, 455), Verdict.VENDOR_TROUBLE, ErrorKind.MODEL_UNAVAILABLE),
    ("body 505", reply(body(505, "disabled"), 505), Verdict.VENDOR_TROUBLE, ErrorKind.MODEL_UNAVAILABLE),
    ("HTTP 400", reply(body(400, "bad size"), 400), Verdict.REFUSED, ErrorKind.INVALID_REQUEST),
    ("body 422", reply(body(422, "bad size")), Verdict.REFUSED, ErrorKind.INVALID_REQUEST),
    ("HTTP 422 HTML", reply(HTML, 422), Verdict.REFUSED, ErrorKind.INVALID_REQUEST),
    ("400 policy", reply(body(400, "violates content policy")), Verdict.REFUSED, ErrorKind.CONTENT_POLICY),
    ("403 policy", reply(body(403, "Content violates policy"), 403), Verdict.REFUSED, ErrorKind.CONTENT_POLICY),
    ("403 no code", reply({"error": "Content violates policy"}, 403), Verdict.REFUSED, ErrorKind.CONTENT_POLICY),
    ("word for policy", reply(body("SensitiveContentDetected")), Verdict.REFUSED, ErrorKind.CONTENT_POLICY),
    ("HTTP 404 page", reply(HTML, 404), Verdict.CONFIGURATION, ErrorKind.MISCONFIGURED),
    ("body 404", reply(body(404, "model not found")), Verdict.CONFIGURATION, ErrorKind.MODEL_UNAVAILABLE),
    (
        "404 for the address",
        reply(body(404, "Not Found: /api/v1/sora/generate"), 404),
        Verdict.CONFIGURATION,
        ErrorKind.MISCONFIGURED,
    ),
    ("HTTP 405", reply(HTML, 405), Verdict.CONFIGURATION, ErrorKind.MISCONFIGURED),
    (
        "redirect",
        reply(b"", 307, location="https://elsewhere.example/"),
        Verdict.CONFIGURATION,
        ErrorKind.MISCONFIGURED,
    ),
    ("HTTP 500", reply(body(500, "oops"), 500), Verdict.AMBIGUOUS, ErrorKind.TRANSIENT),
    ("body 500", reply(body(500, "oops")), Verdict.AMBIGUOUS, ErrorKind.TRANSIENT),
    ("body 501", reply(body(501, "generation failed")), Verdict.AMBIGUOUS, ErrorKind.GENERATION_FAILED),
    ("HTTP 503", reply(body(503, "try later"), 503), Verdict.AMBIGUOUS, ErrorKind.MODEL_UNAVAILABLE),
    ("HTTP 502 page", reply(HTML, 502), Verdict.AMBIGUOUS, ErrorKind.TRANSIENT),
    ("HTTP 505", reply(HTML, 505), Verdict.AMBIGUOUS, ErrorKind.MODEL_UNAVAILABLE),
    ("渠道 timed out", reply(body(500, "上游渠道超时")), Verdict.AMBIGUOUS, ErrorKind.MODEL_UNAVAILABLE),
    ("200 without id", reply(body(200, "success")), Verdict.AMBIGUOUS, ErrorKind.UNKNOWN),
    ("200 without id, text", reply(body(200, "积分不足")), Verdict.AMBIGUOUS, ErrorKind.NO_BALANCE),
    ("not JSON", reply(HTML), Verdict.AMBIGUOUS, ErrorKind.UNKNOWN),
    ("empty", reply(b""), Verdict.AMBIGUOUS, ErrorKind.UNKNOWN),
    ("no code", reply({"data": {"taskId": "t1"}}), Verdict.AMBIGUOUS, ErrorKind.UNKNOWN),
    ("unknown code", reply(body(1001, "?")), Verdict.AMBIGUOUS, ErrorKind.UNKNOWN),
    ("code 0", reply(body(0, "ok", "t1")), Verdict.AMBIGUOUS, ErrorKind.UNKNOWN),
    ("HTTP 408", reply(HTML, 408), Verdict.AMBIGUOUS, ErrorKind.TIMED_OUT),
    ("HTTP 409", reply(HTML, 409), Verdict.AMBIGUOUS, ErrorKind.UNKNOWN),
    ("HTTP 418", reply(HTML, 418), Verdict.AMBIGUOUS, ErrorKind.UNKNOWN),
    ("informational", reply(b"", 101), Verdict.AMBIGUOUS, ErrorKind.UNKNOWN),
    ("layers disagree", reply(body(200, "success", "t1"), 429), Verdict.AMBIGUOUS, ErrorKind.RATE_LIMITED),
    ("500 around 401", reply(body(401, "bad key"), 500), Verdict.AMBIGUOUS, ErrorKind.BAD_KEY),
    ("422 around 500", reply(body(500, "oops"), 422), Verdict.AMBIGUOUS, ErrorKind.TRANSIENT),
    ("paused with an id", reply(body(500, "paused", "t1")), Verdict.AMBIGUOUS, ErrorKind.MODEL_UNAVAILABLE),
    ("505 around 455", reply(body(455, "maintenance"), 505), Verdict.AMBIGUOUS, ErrorKind.MODEL_UNAVAILABLE),
    ("400 around 0", reply(body(0, "ok"), 400), Verdict.AMBIGUOUS, ErrorKind.UNKNOWN),
    ("429 around a yes", reply({"success": True}, 429), Verdict.AMBIGUOUS, ErrorKind.RATE_LIMITED),
    ("two codes", reply(b'{"code": 200, "code": 429}'), Verdict.AMBIGUOUS, ErrorKind.RATE_LIMITED),
    ("see other", reply(b"", 303, location="/somewhere"), Verdict.AMBIGUOUS, ErrorKind.MISCONFIGURED),
    ("found", reply(b"", 302, location="/somewhere"), Verdict.AMBIGUOUS, ErrorKind.MISCONFIGURED),
    ("code as text", reply(body("429 ", "busy")), Verdict.WAIT, ErrorKind.RATE_LIMITED),
    ("429 of a gateway", reply(b"<html>Error 1015 Ray ID: 8a2f</html>", 429), Verdict.WAIT, ErrorKind.RATE_LIMITED),
    ("503 of a gateway", reply(HTML, 503), Verdict.AMBIGUOUS, ErrorKind.MODEL_UNAVAILABLE),
    ("HTTP 425", reply(HTML, 425), Verdict.AMBIGUOUS, ErrorKind.UNKNOWN),
    ("HTTP 499", reply(HTML, 499), Verdict.AMBIGUOUS, ErrorKind.UNKNOWN),
]


@pytest.mark.parametrize(("answer", "verdict", "kind"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_create_answer_row_has_its_verdict(
    vendor: Vendor, answer: Any, verdict: Verdict, kind: ErrorKind | None
) -> None:
    created = vendor.adapter.read_create(answer)
    assert (created.verdict, created.kind) == (verdict, kind)
    assert bool(created.task_id) is (verdict is Verdict.ACCEPTED)


def test_truncated_answer_is_ambiguous_whatever_it_says(vendor: Vendor) -> None:
    whole = json.dumps(vendor.created).encode()
    for status in (200, 400, 401, 429, 500):
        created = vendor.adapter.read_create(Reply(status, {}, whole, truncated=True))
        assert created.verdict is Verdict.AMBIGUOUS


@pytest.mark.parametrize(
    "task_id", ["", " ", None, True, 1.5, [], {}, "a\x00b", "a\nb", "x" * 513, "\ud800", "a\ufffdb"]
)
def test_unusable_id_is_not_accepted(vendor: Vendor, task_id: object) -> None:
    raw = json.dumps({"code": 200, "data": {"taskId": task_id}}).encode()
    created = vendor.adapter.read_create(reply(raw))
    assert (created.verdict, created.task_id) == (Verdict.AMBIGUOUS, "")


@pytest.mark.parametrize("task_id", ["x" * 512, "task_sora-2_1765", 42, "a/b c", "任务-1"])
def test_odd_but_usable_id_is_accepted(vendor: Vendor, task_id: object) -> None:
    created = vendor.adapter.read_create(reply({"code": 200, "data": {"taskId": task_id}}))
    assert (created.verdict, created.task_id) == (Verdict.ACCEPTED, str(task_id))


SAFE_TO_SEND_AGAIN = {Verdict.NOT_SENT, Verdict.WAIT, Verdict.VENDOR_TROUBLE, Verdict.CONFIGURATION}
DEFINITIVE = {400, 401, 402, 403, 404, 405, 422, 429, 455, 505}


def test_no_unlisted_pair_of_codes_lets_a_request_be_sent_again(vendor: Vendor) -> None:
    codes = [*range(100, 1000, 31), *DEFINITIVE, 200, 500, 501, 502, 503, 504]
    for status, code in itertools.product({*codes, 455, 307}, {*codes, 0, -1, None}):
        created = vendor.adapter.read_create(reply(body(code, "words that mean nothing"), status))
        if created.verdict in SAFE_TO_SEND_AGAIN:
            assert status in DEFINITIVE or 300 <= status < 400 or code in DEFINITIVE, (status, code)
            assert code != 200, (status, code)


def test_ambiguous_answer_keeps_the_vendors_words_for_staff(vendor: Vendor) -> None:
    created = vendor.adapter.read_create(reply(body(500, "上游 error\x00Bearer abc.def")))
    assert (created.code, created.message) == ("500", "上游 error Bearer [redacted]")


def test_answer_without_words_is_described(vendor: Vendor) -> None:
    assert vendor.adapter.read_create(reply(HTML, 502)).message == "HTTP 502, not the documented JSON"
