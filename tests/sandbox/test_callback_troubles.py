"""Callbacks that come late, early, out of order, about somebody else, or as something that is no callback."""

import time

import pytest

from tests.sandbox.conftest import Receiver
from tests.sandbox.vendors import VENDORS, Client
from tests.sandbox_server import Sandbox


def _bodies(sandbox: Sandbox, count: int) -> list[dict[str, object]]:
    memory = sandbox.wait_until(lambda memory: len(memory["tasks"][-1]["callbacks"]) >= count)
    return [row["body"] for row in memory["tasks"][-1]["callbacks"]]


@pytest.mark.parametrize("vendor", VENDORS)
def test_late_callback_comes_after_the_end(sandbox: Sandbox, client: Client, receiver: Receiver, vendor: str) -> None:
    client.accepted(vendor, "a fox [callback-late]", receiver.url)
    receiver.wait_for(1)
    (task,) = sandbox.wait_until(lambda memory: bool(memory["tasks"][0]["callbacks"]))["tasks"]
    assert task["callbacks"][0]["at"] - task["ready_at"] > 0.55  # a minute at a hundredfold speed


@pytest.mark.parametrize("vendor", VENDORS)
def test_early_callback_claims_an_end_that_is_not_there(
    sandbox: Sandbox, client: Client, receiver: Receiver, vendor: str
) -> None:
    sandbox.settings(seconds_per_video=1.5)
    client.accepted(vendor, "a fox [callback-early]", receiver.url)
    assert "success" in str(receiver.wait_for(1)[0]) or "resultUrls" in str(receiver.got[0])
    assert sandbox.memory()["tasks"][0]["state"] == "running"
    receiver.wait_for(2)


@pytest.mark.parametrize(
    ("vendor", "says"), [("ruxa", "generating"), ("apixo", "processing"), ("sora2api", "'successFlag': 0")]
)
def test_disorder_ends_with_news_of_a_running_task(client: Client, receiver: Receiver, vendor: str, says: str) -> None:
    client.accepted(vendor, "a fox [callback-disorder]", receiver.url)
    first, last = receiver.wait_for(2)
    assert says not in str(first)
    assert says in str(last)


@pytest.mark.parametrize("vendor", ["apixo", "sora2api"])
def test_foreign_and_nameless_callbacks(client: Client, receiver: Receiver, vendor: str) -> None:
    other = client.accepted(vendor, "a cow [never]")
    client.accepted(vendor, "a fox [callback-foreign]", receiver.url)
    assert receiver.wait_for(1).pop()["data"]["taskId"] == other
    client.accepted(vendor, "a fox [callback-no-id]", receiver.url)
    assert "taskId" not in receiver.wait_for(1).pop()["data"]


@pytest.mark.parametrize("vendor", VENDORS)
def test_odd_callback_has_texts_for_numbers_and_unknown_fields(client: Client, receiver: Receiver, vendor: str) -> None:
    client.accepted(vendor, "a fox [callback-odd]", receiver.url)
    body = receiver.wait_for(1)[0]
    assert body["traceId"]
    assert vendor == "ruxa" or body["code"] == "200"


@pytest.mark.parametrize("marker", ["callback-html", "callback-broken"])
def test_unreadable_callback_is_noted_as_it_went_out(sandbox: Sandbox, client: Client, marker: str) -> None:
    client.accepted("ruxa", f"a fox [{marker}]", "http://127.0.0.1:9/cb")
    body = _bodies(sandbox, 1)[0]
    assert isinstance(body, str)
    assert body.startswith("<!doctype" if marker == "callback-html" else '{"state"')


def test_failure_callback_in_the_chinese_shape_is_a_record(client: Client, receiver: Receiver) -> None:
    client.accepted("sora2api", "a fox [fail] [variant]", receiver.url)
    body = receiver.wait_for(1)[0]
    assert (body["code"], body["data"]["successFlag"], body["data"]["errorCode"]) == (500, 3, 501)


def test_callbacks_of_a_task_that_was_forgotten_stay_unsent(
    sandbox: Sandbox, client: Client, receiver: Receiver
) -> None:
    client.accepted("apixo", "a fox [callback-late]", receiver.url)
    sandbox.reset()
    time.sleep(1.2)
    assert receiver.got == []
