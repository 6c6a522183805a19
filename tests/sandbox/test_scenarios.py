"""Every marker a prompt can carry, and what each vendor then answers."""

import json
import time

import httpx
import pytest

from sora_portal.sandbox.config import READERS
from sora_portal.sandbox.scenarios import SCENARIOS, markers, without_markers
from tests.sandbox.vendors import VENDORS, Client, status_path, word
from tests.sandbox_server import ROOT, Sandbox

CREATE_ANSWERS = {  # marker: (HTTP status, code) of ruxa, apixo, sora2api
    "refuse": ((422, 422), (403, 403), (200, 400)),
    "error-200": ((200, 422), (200, 400), (200, 422)),
    "500": ((500, 500), (500, 500), (500, 500)),
    "no-balance": ((200, 402), (400, 400), (200, 402)),
    "paused": ((200, 500), (503, 503), (200, 455)),
    "429": ((429, 429), (429, 429), (429, 429)),
}


@pytest.mark.parametrize("marker", CREATE_ANSWERS)
@pytest.mark.parametrize("vendor", VENDORS)
def test_create_marker_is_refused_in_the_vendors_shape(
    sandbox: Sandbox, client: Client, vendor: str, marker: str
) -> None:
    answer = client.create(vendor, f"a horse [{marker}]")
    assert (answer.status_code, answer.json()["code"]) == CREATE_ANSWERS[marker][VENDORS.index(vendor)]
    memory = sandbox.memory()
    assert memory["tasks"] == []
    assert [(row["task_id"], row["answered"]) for row in memory["creates"]] == [(None, True)]


@pytest.mark.parametrize("vendor", VENDORS)
def test_429_marker_names_a_wait_and_accepts_the_second_call(client: Client, vendor: str) -> None:
    assert client.create(vendor, "a horse [429]").headers["Retry-After"] == "2"
    assert client.accepted(vendor, "a horse [429]")


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("marker", ["lost", "lost-silent"])
def test_lost_marker_accepts_and_never_answers(sandbox: Sandbox, client: Client, vendor: str, marker: str) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        client.create(vendor, f"a horse [{marker}]")
    memory = sandbox.memory()
    (call,), (task,) = memory["creates"], memory["tasks"]
    assert (call["answered"], call["http_status"], call["task_id"]) == (False, None, task["task_id"])


@pytest.mark.parametrize(
    ("marker", "ruxa", "apixo", "sora2api"),
    [
        ("policy-late", "400", "CONTENT_VIOLATION", (3, 400)),
        ("fail", "501", "GENERATION_FAILED", (3, 501)),
        ("fail-start", "501", "MODEL_UNAVAILABLE", (2, 500)),
    ],
)
def test_failing_marker_ends_in_the_vendors_failure(
    client: Client, marker: str, ruxa: str, apixo: str, sora2api: tuple[int, int]
) -> None:
    ends = {vendor: client.ended(vendor, client.accepted(vendor, f"a horse [{marker}]")) for vendor in VENDORS}
    assert (ends["ruxa"]["state"], ends["ruxa"]["failCode"]) == ("fail", ruxa)
    assert (ends["apixo"]["state"], ends["apixo"]["failCode"]) == ("failed", apixo)
    assert (ends["sora2api"]["successFlag"], ends["sora2api"]["errorCode"]) == sora2api
    assert ends["ruxa"]["failMsg"]
    assert ends["apixo"]["failMsg"]
    assert ends["sora2api"]["errorMessage"]


def test_broken_result_marker_breaks_the_json_text(client: Client) -> None:
    for vendor in ("ruxa", "apixo"):
        text = client.ended(vendor, client.accepted(vendor, "a horse [broken-result]"))["resultJson"]
        with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
            json.loads(text)
    assert isinstance(client.ended("sora2api", client.accepted("sora2api", "a horse [broken-result]"))["response"], str)


def test_no_url_marker_succeeds_without_an_address(client: Client) -> None:
    for vendor in ("ruxa", "apixo"):
        data = client.ended(vendor, client.accepted(vendor, "a horse [no-url]"))
        assert json.loads(data["resultJson"]) == {"resultUrls": []}
    data = client.ended("sora2api", client.accepted("sora2api", "a horse [no-url]"))
    assert data["response"] == {"imageUrl": None}


@pytest.mark.parametrize(("vendor", "odd"), [("ruxa", "upscaling_v2"), ("apixo", "post_processing"), ("sora2api", 9)])
def test_unknown_word_marker_shows_it_and_then_succeeds(
    sandbox: Sandbox, client: Client, vendor: str, odd: object
) -> None:
    sandbox.settings(seconds_per_video=1.2)
    seen = [word(vendor, data) for data in client.words(vendor, client.accepted(vendor, "a horse [unknown-word]"))]
    assert odd in seen[:-1]
    assert seen[-1] in ("success", 1)


def test_variant_marker_uses_the_other_spelling(sandbox: Sandbox, client: Client) -> None:
    sandbox.settings(seconds_per_video=2)
    ids = {vendor: client.accepted(vendor, "a horse [variant]") for vendor in VENDORS}
    first = client.http.get(status_path("sora2api", ids["sora2api"])).json()
    assert (first["code"], first["data"]) == (200, None)
    time.sleep(2)
    assert client.ended("ruxa", ids["ruxa"])["state"] == "completed"
    assert client.ended("apixo", ids["apixo"])["resultJson"]["resultUrls"]
    assert client.ended("sora2api", ids["sora2api"])["successFlag"] == "1"


@pytest.mark.parametrize("vendor", VENDORS)
def test_never_marker_keeps_running(sandbox: Sandbox, client: Client, vendor: str) -> None:
    task_id = client.accepted(vendor, "a horse [never]")
    time.sleep(0.5)
    assert word(vendor, client.status(vendor, task_id)) in ("generating", "processing", 0)
    assert sandbox.memory()["tasks"][0]["state"] == "running"


@pytest.mark.parametrize("vendor", VENDORS)
def test_forget_marker_answers_not_found(client: Client, vendor: str) -> None:
    task_id = client.accepted(vendor, "a horse [forget]")
    assert client.http.get(status_path(vendor, task_id)).json()["code"] == 404


def test_slow_and_wait_markers_set_the_time(sandbox: Sandbox, client: Client) -> None:
    sandbox.settings(seconds_per_video=5)
    for prompt in ("a horse", "a horse [slow]", "a horse [wait:0.4]"):
        client.accepted("ruxa", prompt)
    spans = [round(task["ready_at"] - task["created_at"], 2) for task in sandbox.memory()["tasks"]]
    assert spans == [5, 20, 0.4]


def test_rates_play_a_scenario_without_a_marker(sandbox: Sandbox, client: Client) -> None:
    sandbox.settings(rates={"500": 1.0})
    assert client.create("apixo", "a horse").status_code == 500
    assert sandbox.memory()["creates"][0]["markers"] == ["500"]


def test_marker_reading_ignores_case_and_unknown_words() -> None:
    assert markers("a [LOST] horse [no-callback] [unheard-of]") == {"lost", "no-callback"}
    assert without_markers("a [lost] horse [wait:3] [sic]") == "a horse [sic]"


def test_marker_reading_takes_values_where_a_scenario_has_one() -> None:
    assert markers("[code:402] [fail:NSFW_DETECTED] [says:余额不足]") == {
        "code:402",
        "fail:NSFW_DETECTED",
        "says:余额不足",
    }
    assert markers("[code] [code:x] [lost:3] [says]") == frozenset()
    assert without_markers("a [code:402] fox [says:no] [lost:3]") == "a fox [lost:3]"


def test_documentation_lists_every_marker() -> None:
    text = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
    written = {name: f"[{name}:{row.takes}]" if row.takes else f"[{name}]" for name, row in SCENARIOS.items()}
    assert [name for name, marker in written.items() if f"| `{marker}` |" not in text] == []


def test_documentation_lists_every_setting() -> None:
    text = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
    assert [name for name in READERS if f"`{name}`" not in text] == []
