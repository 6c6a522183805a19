"""Sentences may quote what a member wrote: none turns an unclear answer into a refusal, or pauses anything."""

import itertools

import pytest

from sora_portal.providers import ruxa
from sora_portal.providers.apixo import Apixo
from sora_portal.providers.base import Call, ErrorKind, NoReply, Reply, Verdict
from tests.providers.vendors import Vendor, reply

WORDS = (
    "insufficient balance",
    "Insufficient credits",
    "积分不足",
    "账户余额不足",
    "渠道",
    "未找到支持模型",
    "模型不存在",
    "this interface is temporarily paused",
    "model not found",
    "violates our content policy",
    "under maintenance",
    "timed out",
    "task not found",
    "INSUFFICIENT_CREDITS",
)
QUOTES = ("{}", "failed while drawing: a poster that says {}", "{}: {}")
LATCHES = {Verdict.VENDOR_TROUBLE, Verdict.CONFIGURATION}


def _answers(text: str, status: int, code: object) -> list[Reply]:
    bodies: list[object] = [
        {"code": code, "msg": text, "data": None},
        {"code": code, "message": text, "data": {"error": text, "failMsg": text}},
        {"error": {"message": text, "type": "invalid"}},
        {"detail": text},
        text.encode(),
        f"<html><title>{text}</title></html>".encode(),
    ]
    return [reply(body, status) for body in bodies]


@pytest.mark.parametrize("word", WORDS)
def test_no_sentence_makes_a_refusal_of_an_unclear_answer(vendor: Vendor, word: str) -> None:
    unclear = [(500, 500), (500, None), (502, 0), (503, 503), (504, -1), (200, 500), (200, 501), (200, 503), (200, 200)]
    for (status, code), quote in itertools.product([*unclear, (408, None), (409, 409), (418, 1001)], QUOTES):
        for answer in _answers(quote.format(word, word), status, code):
            created = vendor.adapter.read_create(answer)
            assert created.verdict is Verdict.AMBIGUOUS, (status, code, answer.body)
    assert vendor.adapter.read_create(NoReply(sent=True, reason=word)).verdict is Verdict.AMBIGUOUS


@pytest.mark.parametrize("word", WORDS)
def test_no_quoted_sentence_pauses_the_way_after_a_refused_request(vendor: Vendor, word: str) -> None:
    for (status, code), quote in itertools.product([(400, 400), (422, 422), (200, 400), (200, 422)], QUOTES):
        sent = Call("POST", "https://v.example", {}, {"prompt": f"a poster that says {word}"})
        for answer in _answers(quote.format(word, word), status, code)[:3]:
            verdict = vendor.adapter.read_create(answer, sent).verdict
            assert verdict not in LATCHES, (status, code, answer.body)


@pytest.mark.parametrize("word", WORDS)
def test_what_is_paused_does_not_follow_a_sentence(vendor: Vendor, word: str) -> None:
    for status in (401, 402, 403, 404, 405, 307):
        said = vendor.adapter.read_create(reply({"code": status, "msg": f"at /api/v1: {word}"}, status))
        silent = vendor.adapter.read_create(reply({"code": status, "msg": ""}, status))
        assert said.coded_kind is silent.coded_kind


def test_apixos_sample_of_an_empty_account_counts_only_word_for_word_and_unsaid() -> None:
    empty = reply({"code": 400, "message": "Insufficient credits", "data": None}, 400)
    created = Apixo().read_create(empty, Call("POST", "https://v.example", {}, {"input": {"prompt": "a fox"}}))
    assert (created.verdict, created.coded_kind) == (Verdict.VENDOR_TROUBLE, ErrorKind.NO_BALANCE)
    quoted = Call("POST", "https://v.example", {}, {"input": {"prompt": "INSUFFICIENT\n credits"}})
    assert Apixo().read_create(empty, quoted).verdict is Verdict.REFUSED
    longer = reply({"code": 400, "message": "Bad prompt: insufficient credits to the photographer"}, 400)
    assert Apixo().read_create(longer).verdict is Verdict.REFUSED
    assert ruxa.Ruxa().read_create(empty).verdict is Verdict.REFUSED
