"""What the sandbox remembers, across calls and restarts, and the settings that change it at run time."""

import threading
from pathlib import Path

import httpx
import pytest

from sora_portal.sandbox.config import BadSetting, Config
from sora_portal.sandbox.journal import Journal
from tests.sandbox.vendors import KEY, Client, create_call
from tests.sandbox_server import Sandbox, running


def test_memory_lists_every_create_call_in_order(sandbox: Sandbox, client: Client) -> None:
    client.accepted("ruxa", "first")
    client.create("apixo", "second [500]")
    client.http.post(create_call("sora2api", "")[0], json={"prompt": "third"}, headers={"Authorization": "Bearer bad"})
    calls = sandbox.memory()["creates"]
    assert [(row["number"], row["vendor"], row["prompt"]) for row in calls] == [
        (1, "ruxa", "first"),
        (2, "apixo", "second [500]"),
        (3, "sora2api", "third"),
    ]
    assert [(row["http_status"], row["code"]) for row in calls] == [(200, 200), (500, 500), (200, 401)]
    assert calls[0]["path"] == "/api/v1/tasks/create"
    assert calls[0]["body"]["input"]["prompt"] == "first"


def test_memory_shows_a_tasks_course(sandbox: Sandbox, client: Client) -> None:
    task_id = client.accepted("apixo", "a horse")
    client.ended("apixo", task_id)
    (task,) = sandbox.memory()["tasks"]
    assert (task["task_id"], task["vendor"], task["model"], task["state"]) == (task_id, "apixo", "sora-2", "succeeded")
    assert task["polls"] > 1
    assert task["media_url"].endswith(".mp4")
    assert task["finished_at"] >= task["ready_at"]


def test_reset_forgets_tasks_and_settings(sandbox: Sandbox, client: Client) -> None:
    client.accepted("ruxa", "a horse")
    sandbox.settings(seconds_per_video=99)
    sandbox.reset()
    assert sandbox.memory() == {"creates": [], "tasks": []}
    assert sandbox.settings()["seconds_per_video"] == 0.3


def test_restart_keeps_tasks_and_files(tmp_path: Path) -> None:
    with running(data=tmp_path) as sandbox, Client(sandbox.url) as client:
        done, silent = client.accepted("ruxa", "a horse"), client.accepted("apixo", "a cow [wait:600]")
        client.ended("ruxa", done)
    with running(data=tmp_path) as sandbox, Client(sandbox.url) as client:
        assert client.ended("ruxa", done)["state"] == "success"
        assert client.status("apixo", silent)["state"] == "pending"
        memory = sandbox.memory()
        assert [row["task_id"] for row in memory["creates"]] == [done, silent]
        assert client.http.get(memory["tasks"][0]["media_url"]).status_code == 200
        assert client.accepted("ruxa", "a third") != done
        assert sandbox.memory()["creates"][-1]["number"] == 3


def test_restart_renders_what_a_killed_process_left_undone(tmp_path: Path) -> None:
    with running("--seconds-per-video", "1", data=tmp_path) as sandbox, Client(sandbox.url) as client:
        task_id = client.accepted("ruxa", "a horse")
        sandbox.process.kill()
        sandbox.process.wait()
    with running(data=tmp_path) as sandbox, Client(sandbox.url) as client:
        assert client.ended("ruxa", task_id)["state"] == "success"


def test_journal_with_a_cut_last_line_is_read(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    memory = Journal(journal)
    memory.close_create(memory.open_create(vendor="ruxa", at=1.0, path="/", body=None, prompt="first"))
    memory.close()
    journal.write_text(journal.read_text(encoding="utf-8") + '{"kind": "create", "num', encoding="utf-8")
    replayed = Journal(journal)
    replayed.close()
    assert [call.prompt for call in replayed.creates] == ["first"]


def test_settings_refuse_what_they_do_not_know(sandbox: Sandbox) -> None:
    for news in ({"sped": 1}, {"speed": 0}, {"latency": "fast"}, {"rates": {"nope": 0.1}}, {"clips": "huge"}):
        answer = httpx.post(f"{sandbox.url}/_settings", json=news, trust_env=False)
        assert answer.status_code == 400
        assert answer.json()["error"]
    assert sandbox.settings()["speed"] == 100


def test_latency_delays_vendor_answers_only(sandbox: Sandbox, client: Client) -> None:
    sandbox.settings(latency="0.2-0.25")
    assert client.http.get("/apixo/api/v1/apikeys/current-balance").elapsed.total_seconds() >= 0.2
    assert client.http.get("/_health").elapsed.total_seconds() < 0.2


@pytest.mark.parametrize(("pace", "seconds"), [("fast", 15), ("vendor", 240)])
def test_pace_sets_the_time_of_a_ten_second_video(pace: str, seconds: float) -> None:
    assert Config().changed({"speed": pace}).seconds_to_make(10) == pytest.approx(seconds)


def test_knobs_refuse_a_reversed_latency_window() -> None:
    with pytest.raises(BadSetting, match="latency"):
        Config().changed({"latency": [0.2, 0.1]})


def test_parallel_creates_get_ids_of_their_own(sandbox: Sandbox) -> None:
    path, body = create_call("ruxa", "a horse [never]")
    ids: list[str] = []

    def create() -> None:
        with httpx.Client(base_url=sandbox.url, headers=KEY, trust_env=False, verify=False) as http:
            ids.extend(http.post(path, json=body).json()["data"]["taskId"] for _ in range(5))

    threads = [threading.Thread(target=create) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(ids)) == 50
    assert len(sandbox.memory()["tasks"]) == 50
