"""`send`: one fresh connection, exact knowledge of whether a byte left, a hard deadline, and never an exception."""

import json
import logging
import socket
import time

import pytest

from sora_portal.providers import http
from sora_portal.providers.base import Call, Json, NoReply, Reply
from tests.providers.http.raw_server import answer, answering, dripping, free_port, raw_server, resetting

KEY = "vendor-key-4711"
OK = answer(b'{"code":200}')


def post(url: str, body: Json = None, key: str = KEY) -> Call:
    return Call("POST", url, {"Authorization": f"Bearer {key}"}, {"prompt": "fox"} if body is None else body)


def sent_to(url: str, **options: float) -> Reply | NoReply:
    return http.send(post(url), timeout=options.pop("timeout", 5.0), **options)


def test_answer_comes_back_whole_with_lower_case_headers() -> None:
    with raw_server(answering(answer(b'{"code":200}', "201 Created", "Retry-After: 3"))) as server:
        reply = sent_to(server.url)
    assert isinstance(reply, Reply)
    assert (reply.status, reply.body, reply.truncated, reply.headers["retry-after"]) == (
        201,
        b'{"code":200}',
        False,
        "3",
    )


def test_request_carries_key_and_json() -> None:
    with raw_server(answering(OK)) as server:
        http.send(post(server.url + "/a%2Fb?x=1", {"prompt": "狐 \ud800"}), timeout=5)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /a%2Fb?x=1 HTTP/1.1"
    assert {f"Authorization: Bearer {KEY}", "Content-Type: application/json", "Accept-Encoding: identity"} <= set(lines)
    assert json.loads(body) == {"prompt": "狐 ?"}


def test_get_has_no_body() -> None:
    with raw_server(answering(OK)) as server:
        http.send(Call("GET", server.url, {}), timeout=5)
    assert b"Content-Length" not in server.requests[0]
    assert server.requests[0].endswith(b"\r\n\r\n")


def test_answer_without_date_is_dated_on_receipt() -> None:
    with raw_server(answering(OK)) as server:
        reply = sent_to(server.url)
    assert isinstance(reply, Reply)
    assert reply.headers["date"].endswith("GMT")


def test_every_call_opens_a_connection_of_its_own() -> None:
    with raw_server(answering(OK)) as server:
        assert all(isinstance(sent_to(server.url), Reply) for _ in range(3))
    assert len(server.requests) == 3


def test_refused_connection_was_not_sent() -> None:
    outcome = sent_to(f"http://127.0.0.1:{free_port()}")
    assert isinstance(outcome, NoReply)
    assert not outcome.sent
    assert "ConnectError" in outcome.reason


def test_failed_tls_handshake_was_not_sent() -> None:
    with raw_server(answering(b"this is not TLS at all, sorry"), read=False) as server:
        outcome = sent_to(server.url.replace("http:", "https:"))
    assert isinstance(outcome, NoReply)
    assert not outcome.sent


@pytest.mark.parametrize("url", ["", "vendor", "ftp://127.0.0.1/", "http://[::1", "http:///x", "http://a.invalid\x00/"])
def test_impossible_address_was_not_sent(url: str) -> None:
    outcome = sent_to(url)
    assert isinstance(outcome, NoReply)
    assert not outcome.sent


@pytest.mark.parametrize("key", ["vendor-key\nX: y", "vendor-kéy", "vendor-密", "vendor-key\x00"])
def test_key_that_http_does_not_allow_is_not_sent_and_not_told(key: str) -> None:
    with raw_server(answering(OK)) as server:
        outcome = http.send(post(server.url, key=key), timeout=5)
    assert isinstance(outcome, NoReply)
    assert not outcome.sent
    assert "vendor" not in outcome.reason


@pytest.mark.parametrize("body", [{"x": float("nan")}, {"x": {1, 2}}])
def test_body_that_is_no_json_is_not_sent(body: Json) -> None:
    outcome = http.send(post("http://127.0.0.1:9", body), timeout=5)
    assert isinstance(outcome, NoReply)
    assert not outcome.sent
    assert "cannot be written" in outcome.reason


def test_reset_after_the_request_was_sent() -> None:
    with raw_server(resetting) as server:
        outcome = sent_to(server.url)
    assert isinstance(outcome, NoReply)
    assert outcome.sent


def test_reset_before_the_request_was_read_counts_as_sent() -> None:
    # The rest lay in the vendor's buffer: nobody can tell whether it was read.
    def peek(connection: socket.socket) -> None:
        connection.recv(1)
        resetting(connection)

    with raw_server(peek, read=False) as server:
        outcome = sent_to(server.url)
    assert isinstance(outcome, NoReply)
    assert outcome.sent


@pytest.mark.parametrize(
    "raw", [b"", b"hello\r\n\r\n", b"HTTP/1.1 2xx OK\r\n\r\n", b"\x00" * 500, b"HTTP/1.1 200 OK\r\n"]
)
def test_answer_that_is_not_http_counts_as_sent(raw: bytes) -> None:
    with raw_server(answering(raw)) as server:
        outcome = sent_to(server.url)
    assert isinstance(outcome, NoReply)
    assert outcome.sent


@pytest.mark.parametrize(
    "raw", [b"HTTP/1.1 200 OK\r\nX: " + b"y" * 5000, b"HTTP/1.1 100 Continue\r\n\r\n" * 50], ids=["headers", "1xx"]
)
def test_dripping_head_ends_at_the_deadline(raw: bytes) -> None:
    with raw_server(dripping(raw)) as server:
        started = time.monotonic()
        outcome = sent_to(server.url, timeout=0.4)
        took = time.monotonic() - started
    assert isinstance(outcome, NoReply)
    assert outcome.sent
    assert took < 5


def test_dripping_body_ends_at_the_deadline_as_truncated() -> None:
    with raw_server(dripping(answer(b"x" * 5000)[:-4900], 0.02)) as server:
        reply = sent_to(server.url, timeout=1.5)
    assert isinstance(reply, Reply)
    assert reply.truncated


def test_silent_server_ends_at_the_deadline() -> None:
    with raw_server(lambda _: time.sleep(1)) as server:
        outcome = sent_to(server.url, timeout=0.3)
    assert isinstance(outcome, NoReply)
    assert outcome.sent


def test_call_without_any_time_left_is_not_sent() -> None:
    with raw_server(answering(OK)) as server:
        outcome = sent_to(server.url, timeout=0.0)
    assert outcome == NoReply(sent=False, reason="ConnectTimeout: the deadline of the call is over")


def test_request_that_would_begin_too_late_is_not_sent() -> None:
    with raw_server(answering(OK)) as server:
        outcome = sent_to(server.url, first_byte_by=time.monotonic() - 0.001)
    assert isinstance(outcome, NoReply)
    assert not outcome.sent
    assert b"".join(server.requests) == b""


def test_request_in_time_is_sent() -> None:
    with raw_server(answering(OK)) as server:
        assert isinstance(sent_to(server.url, first_byte_by=time.monotonic() + 5), Reply)


@pytest.mark.parametrize("location", ["/elsewhere", "http://[broken", "https://evil.example/"])
def test_redirect_is_returned_and_never_followed(location: str) -> None:
    with raw_server(answering(answer(b"", "307 Temporary Redirect", f"Location: {location}"))) as server:
        reply = sent_to(server.url)
    assert isinstance(reply, Reply)
    assert reply.status == 307
    assert len(server.requests) == 1


def test_informational_answers_are_skipped() -> None:
    early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    with raw_server(answering(early + OK)) as server:
        reply = sent_to(server.url)
    assert isinstance(reply, Reply)
    assert (reply.status, reply.body) == (200, b'{"code":200}')


def test_proxy_of_the_environment_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{free_port()}")
    with raw_server(answering(OK)) as server:
        assert isinstance(sent_to(server.url), Reply)


def test_password_in_the_address_does_not_replace_the_key() -> None:
    with raw_server(answering(OK)) as server:
        sent_to(server.url.replace("http://", "http://user:word@"))
    assert f"Authorization: Bearer {KEY}".encode() in server.requests[0]


def test_log_names_the_call_and_never_the_key(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with raw_server(answering(OK)) as server:
        sent_to(server.url)
    sent_to(f"http://127.0.0.1:{free_port()}")
    assert "HTTP 200" in caplog.text
    assert "sent=False" in caplog.text
    assert KEY not in caplog.text


def test_tls_context_is_built_once() -> None:
    assert http.shared_ssl_context() is http.shared_ssl_context()
