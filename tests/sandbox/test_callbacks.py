"""Callbacks: each vendor's shape, repeats, and the scenarios around them."""

import time

import httpx
import pytest

from tests.sandbox.conftest import Receiver
from tests.sandbox.vendors import VENDORS, Client
from tests.sandbox_server import Sandbox


def test_success_callbacks_have_the_vendors_shapes(client: Client, receiver: Receiver) -> None:
    for vendor in VENDORS:
        task_id = client.accepted(vendor, "a horse", receiver.url)
        body = receiver.wait_for(1).pop()
        if vendor == "ruxa":
            assert set(body) == {"state", "resultUrls"}
            assert body["state"] == "completed"
            assert body["resultUrls"][0].endswith(".mp4")
        elif vendor == "apixo":
            assert (body["code"], body["data"]["taskId"], body["data"]["state"]) == (200, task_id, "success")
            assert body["data"]["resultJson"].startswith('{"resultUrls"')
        else:
            assert (body["code"], body["data"]["taskId"]) == (200, task_id)
            assert set(body["data"]) == {"taskId", "promptJson", "resultUrls"}
    assert receiver.paths == ["/callbacks/secret/"] * 3


def test_failure_callbacks_have_the_vendors_shapes(client: Client, receiver: Receiver) -> None:
    for vendor in VENDORS:
        client.accepted(vendor, "a horse [fail]", receiver.url)
        body = receiver.wait_for(1).pop()
        if vendor == "ruxa":
            assert (body["state"], bool(body["failMsg"])) == ("fail", True)
        elif vendor == "apixo":
            assert (body["code"], body["data"]["state"]) == (200, "failed")
        else:
            assert (body["code"], bool(body["msg"])) == (500, True)


def test_variant_callbacks_use_the_other_shape(client: Client, receiver: Receiver) -> None:
    client.accepted("ruxa", "a horse [variant]", receiver.url)
    assert receiver.wait_for(1).pop()["data"]["state"] == "completed"
    client.accepted("sora2api", "a horse [variant]", receiver.url)
    assert receiver.wait_for(1).pop()["data"]["response"]["imageUrl"].endswith(".mp4")


def test_apixo_repeats_until_exactly_200(sandbox: Sandbox, client: Client, receiver: Receiver) -> None:
    receiver.answers = [500, 204, 200]
    client.accepted("apixo", "a horse", receiver.url)
    receiver.wait_for(3)
    time.sleep(1.5)  # the next repeat would be due after 120 s at a hundredfold speed
    assert len(receiver.got) == 3
    (task,) = sandbox.memory()["tasks"]
    assert [(row["attempt"], row["status"]) for row in task["callbacks"]] == [(1, 500), (2, 204), (3, 200)]


def test_vendor_without_documented_repeats_sends_once(client: Client, receiver: Receiver) -> None:
    receiver.answers = [500]
    client.accepted("sora2api", "a horse", receiver.url)
    receiver.wait_for(1)
    time.sleep(0.5)
    assert len(receiver.got) == 1


def test_twice_marker_sends_each_callback_twice(client: Client, receiver: Receiver) -> None:
    client.accepted("ruxa", "a horse [twice]", receiver.url)
    first, second = receiver.wait_for(2)
    assert first == second


@pytest.mark.parametrize("marker", ["no-callback", "lost-silent"])
def test_silent_marker_sends_no_callback(sandbox: Sandbox, client: Client, receiver: Receiver, marker: str) -> None:
    try:
        client.create("apixo", f"a horse [{marker}]", receiver.url)
    except httpx.RemoteProtocolError:
        assert marker == "lost-silent"
    sandbox.wait_until(lambda memory: memory["tasks"][0]["state"] == "succeeded")
    time.sleep(0.4)
    assert receiver.got == []


def test_lost_answer_still_brings_the_callback(sandbox: Sandbox, client: Client, receiver: Receiver) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        client.create("apixo", "a horse [lost]", receiver.url)
    body = receiver.wait_for(1)[0]
    assert body["data"]["taskId"] == sandbox.memory()["tasks"][0]["task_id"]


def test_callback_first_marker_reports_before_it_answers(client: Client, receiver: Receiver) -> None:
    task_id = client.accepted("apixo", "a horse [callback-first]", receiver.url)
    assert [body["data"]["taskId"] for body in receiver.got] == [task_id]


def test_apixo_async_request_gets_no_callback(sandbox: Sandbox, client: Client, receiver: Receiver) -> None:
    body = {
        "request_type": "async",
        "callback_url": receiver.url,
        "input": {"mode": "text-to-video", "prompt": "a horse"},
    }
    assert client.http.post("/apixo/api/v1/generateTask/sora-2", json=body).json()["code"] == 200
    assert sandbox.memory()["tasks"][0]["callback_url"] is None


def test_unreachable_receiver_is_noted(sandbox: Sandbox, client: Client) -> None:
    client.accepted("ruxa", "a horse", "http://127.0.0.1:9/cb")
    memory = sandbox.wait_until(lambda memory: bool(memory["tasks"][0]["callbacks"]))
    assert memory["tasks"][0]["callbacks"][0]["status"] is None
    assert memory["tasks"][0]["callbacks"][0]["error"] == "ConnectionRefusedError"
