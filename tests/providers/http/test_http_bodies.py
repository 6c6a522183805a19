"""How much of an answer `send` reads, and what it makes of one that is too long, too short or compressed."""

import gzip
import zlib

import pytest

from sora_portal.providers import http
from sora_portal.providers.base import Call, NoReply, Reply
from tests.providers.http.raw_server import answer, answering, raw_server


def sent_to(url: str) -> Reply | NoReply:
    return http.send(Call("POST", url, {}, {"prompt": "fox"}), timeout=5)


def test_oversize_answer_is_cut_and_marked() -> None:
    with raw_server(answering(answer(b"x" * (http.BODY_CAP + 1)))) as server:
        reply = sent_to(server.url)
    assert isinstance(reply, Reply)
    assert (len(reply.body), reply.truncated) == (http.BODY_CAP, True)


def test_answer_of_exactly_the_cap_is_whole() -> None:
    with raw_server(answering(answer(b"x" * http.BODY_CAP))) as server:
        reply = sent_to(server.url)
    assert isinstance(reply, Reply)
    assert (len(reply.body), reply.truncated) == (http.BODY_CAP, False)


def test_answer_shorter_than_declared_is_marked() -> None:
    with raw_server(answering(answer(b"{}", length=20))) as server:
        reply = sent_to(server.url)
    assert isinstance(reply, Reply)
    assert (reply.body, reply.truncated) == (b"{}", True)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("gzip", gzip.compress(b'{"code":200}', mtime=0)), ("deflate", zlib.compress(b'{"code":200}'))],
)
def test_compressed_answer_is_unpacked_although_not_asked_for(encoding: str, body: bytes) -> None:
    with raw_server(answering(answer(body, "200 OK", f"Content-Encoding: {encoding}"))) as server:
        reply = sent_to(server.url)
    assert isinstance(reply, Reply)
    assert (reply.body, reply.truncated) == (b'{"code":200}', False)


@pytest.mark.parametrize(
    "body", [gzip.compress(b"0" * 50_000_000, mtime=0), b"not gzip", gzip.compress(b"{}" * 50, mtime=0)[:-9]]
)
def test_bomb_or_broken_compression_is_marked(body: bytes) -> None:
    with raw_server(answering(answer(body, "200 OK", "Content-Encoding: gzip"))) as server:
        reply = sent_to(server.url)
    assert isinstance(reply, Reply)
    assert reply.truncated
    assert len(reply.body) <= http.BODY_CAP
