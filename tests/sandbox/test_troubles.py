"""Every documented code on request, and answers that no page describes."""

import email.utils
import json
import time

import httpx
import pytest

from tests.sandbox.vendors import VENDORS, Client, status_path, word
from tests.sandbox_server import Sandbox

CODES = {
    "ruxa": (401, 402, 404, 422, 429, 500, 501),
    "apixo": (400, 401, 402, 403, 404, 429, 500, 503),
    "sora2api": (400, 401, 402, 404, 422, 429, 455, 500, 501, 505),
}
EVERY_CODE = [(vendor, code) for vendor, codes in CODES.items() for code in codes]


@pytest.mark.parametrize(("vendor", "code"), EVERY_CODE)
def test_code_marker_answers_where_the_vendor_puts_codes(
    sandbox: Sandbox, client: Client, vendor: str, code: int
) -> None:
    answer = client.create(vendor, f"a fox [code:{code}]")
    assert (answer.status_code, answer.json()["code"]) == (200 if vendor == "sora2api" else code, code)
    assert answer.json()["msg" if vendor == "sora2api" else "message"] not in ("", "error")
    assert sandbox.memory()["tasks"] == []


@pytest.mark.parametrize("vendor", VENDORS)
def test_body_marker_puts_the_code_under_http_200_and_says_what_it_is_told(client: Client, vendor: str) -> None:
    answer = client.create(vendor, "a fox [body:402] [says:余额不足]")
    body = answer.json()
    assert (answer.status_code, body["code"], body.get("msg") or body["message"]) == (200, 402, "余额不足")


@pytest.mark.parametrize("vendor", VENDORS)
def test_http_marker_answers_as_a_gateway_does(client: Client, vendor: str) -> None:
    answer = client.create(vendor, "a fox [http:503]")
    assert (answer.status_code, answer.headers["Content-Type"][:9]) == (503, "text/html")
    assert answer.text.startswith("<!doctype html>")


@pytest.mark.parametrize("vendor", VENDORS)
def test_burst_marker_turns_the_first_creates_away(sandbox: Sandbox, client: Client, vendor: str) -> None:
    answers = [client.create(vendor, "a fox [burst:3]").status_code for _ in range(4)]
    assert answers == [429, 429, 429, 200]
    assert len(sandbox.memory()["tasks"]) == 1


def test_wrong_clock_shows_in_dates_and_times(sandbox: Sandbox, client: Client) -> None:
    sandbox.settings(clock=-7200)
    answer = client.create("apixo", "a fox [429-date]")
    date = email.utils.parsedate_to_datetime(answer.headers["Date"]).timestamp()
    again = email.utils.parsedate_to_datetime(answer.headers["Retry-After"]).timestamp()
    assert abs(time.time() - 7200 - date) < 60
    assert 1 <= again - date <= 3
    data = client.ended("apixo", client.accepted("apixo", "a fox"))
    assert abs(time.time() - 7200 - data["createTime"] / 1000) < 60
    assert data["completeTime"] >= data["createTime"]


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("marker", ["create-html", "create-broken"])
def test_spoilt_acceptance_is_no_json_and_the_task_exists(
    sandbox: Sandbox, client: Client, vendor: str, marker: str
) -> None:
    answer = client.create(vendor, f"a fox [{marker}]")
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        answer.json()
    assert len(answer.content) == 10 * 1024 * 1024 or marker == "create-broken"
    assert len(sandbox.memory()["tasks"]) == 1


@pytest.mark.parametrize("vendor", VENDORS)
def test_odd_and_nameless_acceptances(sandbox: Sandbox, client: Client, vendor: str) -> None:
    odd = client.create(vendor, "a fox [create-odd]")
    assert (odd.json()["code"], odd.headers["Content-Type"][:10]) == ("200", "text/plain")
    assert odd.json()["data"]["taskId"] == sandbox.memory()["tasks"][0]["task_id"]
    assert client.create(vendor, "a fox [create-no-id]").json()["data"] == {}


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("marker", ["status:500", "status:429", "status-html", "status-broken", "status-odd"])
def test_first_three_looks_are_spoilt_and_the_fourth_is_not(client: Client, vendor: str, marker: str) -> None:
    task_id = client.accepted(vendor, f"a fox [{marker}]")
    looks = [_look(client, vendor, task_id) for _ in range(4)]
    assert all(look != "200 200" for look in looks[:3]), looks
    assert looks[3] == "200 200"


def _look(client: Client, vendor: str, task_id: str) -> str:
    answer = client.http.get(status_path(vendor, task_id))
    try:
        code = answer.json()["code"]
        return f"{answer.status_code} {code if isinstance(code, int) else repr(code)}"
    except ValueError:
        return "no JSON"


@pytest.mark.parametrize("vendor", VENDORS)
def test_foreign_marker_speaks_of_another_task_first(client: Client, vendor: str) -> None:
    other = client.accepted(vendor, "a cow [never]")
    task_id = client.accepted(vendor, "a fox [foreign]")
    seen = client.status(vendor, task_id)
    assert (seen["taskId"], word(vendor, seen) in ("success", 1)) == (other, True)
    assert "/media/foreign-" in json.dumps(seen)
    client.status(vendor, task_id), client.status(vendor, task_id)
    assert client.status(vendor, task_id)["taskId"] == task_id


@pytest.mark.parametrize("vendor", VENDORS)
def test_late_url_marker_names_the_address_at_the_third_look(client: Client, vendor: str) -> None:
    task_id = client.accepted(vendor, "a fox [late-url] [wait:0]")
    looks = []
    while len(looks) < 3 or word(vendor, looks[-1]) not in ("success", 1):
        looks.append(client.status(vendor, task_id))
        time.sleep(0.2)
    assert ".mp4" in json.dumps(looks[-1])


@pytest.mark.parametrize(
    ("vendor", "value", "seen"),
    [("ruxa", "NSFW_DETECTED", "NSFW_DETECTED"), ("apixo", "PromptLengthExceeded", None), ("sora2api", "402", 402)],
)
def test_fail_marker_takes_a_failure_code(client: Client, vendor: str, value: str, seen: object) -> None:
    data = client.ended(vendor, client.accepted(vendor, f"a fox [fail:{value}] [says:no luck]"))
    assert data["errorCode" if vendor == "sora2api" else "failCode"] == (seen or value)
    assert data["errorMessage" if vendor == "sora2api" else "failMsg"] == "no luck"


@pytest.mark.parametrize("vendor", VENDORS)
def test_paused_model_takes_nothing_new_and_finishes_what_it_has(sandbox: Sandbox, client: Client, vendor: str) -> None:
    before = client.accepted(vendor, "a fox")
    sandbox.settings(paused=[vendor])
    assert client.create(vendor, "a cow").json()["code"] in (455, 500, 503)
    assert word(vendor, client.ended(vendor, before)) in ("success", 1)
    sandbox.settings(paused=[f"{vendor}/another-model"])
    assert client.accepted(vendor, "a cow")


@pytest.mark.parametrize("vendor", VENDORS)
def test_limits_answer_429_with_a_wait(sandbox: Sandbox, client: Client, vendor: str) -> None:
    sandbox.settings(speed=0.1, creates_per_minute=2, seconds_per_video=99)
    answers = [client.create(vendor, f"fox {number}") for number in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["Retry-After"]) > 500
    sandbox.settings(creates_per_minute=None, max_running=2)
    assert client.create(vendor, "one more").status_code == 429
    sandbox.settings(statuses_per_minute=0)
    assert client.http.get(status_path(vendor, "x")).status_code == 429


def test_balance_is_a_setting(sandbox: Sandbox, client: Client) -> None:
    sandbox.settings(balance=0.4)
    assert client.http.get("/apixo/api/v1/apikeys/current-balance").json()["data"] == 0.4


@pytest.mark.parametrize(
    "news",
    [{"clock": "late"}, {"paused": "apixo"}, {"max_running": 1.5}, {"references": "some"}, {"rates": {"code": 1}}],
)
def test_settings_refuse_nonsense(sandbox: Sandbox, news: dict[str, object]) -> None:
    assert httpx.post(f"{sandbox.url}/_settings", json=news, trust_env=False).status_code == 400
