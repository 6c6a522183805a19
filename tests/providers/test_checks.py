"""The admins' test of a connection: every answer is explained, the sandbox's and those of servers that misbehave."""

import socket
import ssl
import time
from pathlib import Path

import pytest

from sora_portal.providers import http
from sora_portal.providers.base import Balance, Check, CheckResult, Endpoint, NoReply, Reply
from sora_portal.providers.registry import provider
from tests.certificates import self_signed
from tests.providers.http.raw_server import answer, answering, free_port, raw_server, resetting
from tests.providers.vendors import Vendor
from tests.sandbox_server import Sandbox

KEY = "vendor-key-4711"


def check(vendor: Vendor, url: str, *, key: str = KEY, prefix: str = "", timeout: float = 5.0) -> Check:
    endpoint = Endpoint(base_url=url, key=key, path_prefix=prefix)
    return vendor.adapter.read_check(http.send(vendor.adapter.check_call(endpoint), timeout=timeout))


def test_the_sandbox_is_well_and_was_asked_for_nothing(vendor: Vendor, sandbox: Sandbox) -> None:
    assert check(vendor, f"{sandbox.url}/{vendor.name}").result is CheckResult.OK
    assert sandbox.memory() == {"creates": [], "tasks": []}


def test_the_sandbox_knows_a_bad_key(vendor: Vendor, sandbox: Sandbox) -> None:
    found = check(vendor, f"{sandbox.url}/{vendor.name}", key="bad")
    assert (found.result, found.code) == (CheckResult.BAD_KEY, "401")


def test_the_sandbox_knows_a_wrong_address(vendor: Vendor, sandbox: Sandbox) -> None:
    assert check(vendor, f"{sandbox.url}/{vendor.name}/typo").result is CheckResult.WRONG_ADDRESS


def test_a_wrong_path_prefix_is_a_wrong_address(sandbox: Sandbox) -> None:
    adapter = provider("sora2api")
    endpoint = Endpoint(base_url=f"{sandbox.url}/sora2api", key=KEY, path_prefix="veo")
    found = adapter.read_check(http.send(adapter.check_call(endpoint), timeout=5))
    assert (found.result, found.code) == (CheckResult.WRONG_ADDRESS, "404")


BODIES = [
    (b'{"code":401,"msg":"bad"}', "401 Unauthorized", CheckResult.BAD_KEY),
    (b"<h1>no</h1>", "403 Forbidden", CheckResult.BAD_KEY),
    (b'{"code":401,"msg":"no access"}', "200 OK", CheckResult.BAD_KEY),
    (b'{"code":402,"msg":"Insufficient credits"}', "200 OK", CheckResult.NO_BALANCE),
    ('{"code":500,"msg":"余额不足"}'.encode(), "200 OK", CheckResult.NO_BALANCE),
    (b"<h1>Not Found</h1>", "404 Not Found", CheckResult.WRONG_ADDRESS),
    (b'{"status":404,"error":"Not Found","path":"/api/v1/x"}', "404 Not Found", CheckResult.WRONG_ADDRESS),
    (b"", "301 Moved Permanently", CheckResult.WRONG_ADDRESS),
    (b"<!doctype html><title>Welcome</title>", "200 OK", CheckResult.NOT_JSON),
    (b"", "200 OK", CheckResult.NOT_JSON),
    (b'{"code":429,"msg":"slow down"}', "429 Too Many Requests", CheckResult.RATE_LIMITED),
    (b'{"code":429,"msg":"slow down"}', "200 OK", CheckResult.RATE_LIMITED),
    (b"Bad Gateway", "502 Bad Gateway", CheckResult.VENDOR_TROUBLE),
    (b'{"code":503,"msg":"down"}', "503 Service Unavailable", CheckResult.VENDOR_TROUBLE),
    (b'{"code":455,"msg":"maintenance"}', "200 OK", CheckResult.VENDOR_TROUBLE),
    (b'{"code":777,"msg":"who knows"}', "200 OK", CheckResult.ODD),
]


@pytest.mark.parametrize(("body", "status", "result"), BODIES)
def test_each_answer_is_explained(vendor: Vendor, body: bytes, status: str, result: CheckResult) -> None:
    with raw_server(answering(answer(body, status))) as server:
        assert check(vendor, server.url).result is result


def test_a_question_for_a_task_may_be_answered_in_several_ways() -> None:
    ruxa, sora = provider("ruxa"), provider("sora2api")
    for body in (
        b'{"code":404,"message":"Task not found"}',
        b'{"code":422,"msg":"recordInfo is null"}',
        '{"code":500,"msg":"任务不存在"}'.encode(),
        b'{"code":200,"msg":"success","data":null}',
    ):
        for adapter in (ruxa, sora):
            assert adapter.read_check(Reply(200, {}, body)).result is CheckResult.OK
    unclear = ruxa.read_check(Reply(404, {}, b'{"code":404,"message":"not found"}'))
    assert unclear == Check(CheckResult.ODD, "404", "not found")


def test_apixo_is_asked_for_the_balance_and_answers_in_dollars(sandbox: Sandbox) -> None:
    adapter = provider("apixo")
    call = adapter.balance_call(Endpoint(base_url=f"{sandbox.url}/apixo", key=KEY))
    assert call is not None
    assert call.url == f"{sandbox.url}/apixo/api/v1/apikeys/current-balance"
    assert adapter.read_balance(http.send(call, timeout=5)) == Balance(74_870, "USD")


@pytest.mark.parametrize(
    ("data", "milli"),
    [("74.87", 74_870), ('"74.87"', 74_870), ("0", 0), ("-1.5", -1500), ("12", 12_000), ("0.0005", 0)],
)
def test_a_balance_is_read_as_thousandths(data: str, milli: int) -> None:
    body = f'{{"code":200,"message":"success","data":{data}}}'.encode()
    assert provider("apixo").read_balance(Reply(200, {}, body)) == Balance(milli, "USD")


@pytest.mark.parametrize("data", ["null", "true", "{}", '"much"', "[1]", "NaN", "1e99"])
def test_what_is_no_number_is_no_balance(data: str) -> None:
    body = f'{{"code":200,"message":"success","data":{data}}}'.encode()
    assert provider("apixo").read_balance(Reply(200, {}, body)) is None
    assert provider("apixo").read_check(Reply(200, {}, body)).result is CheckResult.ODD


@pytest.mark.parametrize("name", ["ruxa", "sora2api"])
def test_who_documents_no_balance_is_not_asked(name: str) -> None:
    assert provider(name).balance_call(Endpoint("https://x.example", KEY)) is None
    assert provider(name).read_balance(Reply(200, {}, b'{"code":200,"data":1}')) is None


def test_a_server_that_says_nothing_is_a_time_out(vendor: Vendor) -> None:
    with raw_server(lambda connection: time.sleep(1.0)) as server:
        assert check(vendor, server.url, timeout=0.4).result is CheckResult.TIMED_OUT


def test_a_closed_port_and_a_broken_connection_are_unreachable(vendor: Vendor) -> None:
    assert check(vendor, f"http://127.0.0.1:{free_port()}").result is CheckResult.UNREACHABLE
    with raw_server(resetting) as server:
        assert check(vendor, server.url).result is CheckResult.UNREACHABLE
    with raw_server(answering(b"")) as server:
        assert check(vendor, server.url).result is CheckResult.UNREACHABLE


def test_a_name_that_leads_nowhere_is_dns(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: object, **__: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    # The resolver itself is the one part that a test may not ask: it would leave this machine.
    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    assert check(vendor, "https://no-such-vendor.example").result is CheckResult.NO_HOST


def test_a_port_without_tls_and_an_untrusted_certificate_are_tls(vendor: Vendor, tmp_path: Path) -> None:
    with raw_server(answering(answer(b"{}")), read=False) as server:
        assert check(vendor, server.url.replace("http:", "https:")).result is CheckResult.NO_TLS
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path, "localhost"))

    def handshake(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True):
            pass

    with raw_server(handshake, read=False) as server:
        url = server.url.replace("http:", "https:").replace("127.0.0.1", "localhost")
        assert check(vendor, url).result is CheckResult.NO_TLS


def test_no_answer_tells_the_key(vendor: Vendor) -> None:
    found = vendor.adapter.read_check(NoReply(True, "RemoteProtocolError: Server disconnected"))
    assert (found.result, found.message) == (CheckResult.UNREACHABLE, "RemoteProtocolError: Server disconnected")
