"""The queue's table: what is urgent first, and what is meant for one cluster for that cluster alone."""

import pytest

from sora_portal.broker import FIRST, OWN_QUEUE_VARIABLE, Queue

pytestmark = pytest.mark.django_db


def _taken(cluster: str) -> list[str]:
    queue, found = Queue(cluster), []
    while entries := queue.dequeue():
        found += [payload for _, payload in entries]
    return found


def test_calls_come_before_what_waited_longer() -> None:
    for key, payload in (("work", "fetch"), (FIRST, "call"), ("sweep", "slice")):
        Queue(key).enqueue(payload)
    assert _taken("work") == ["call", "fetch"]
    assert _taken("sweep") == ["slice"]


def test_a_clusters_pulse_is_taken_by_no_other_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hosts on one database: each watchdog has to see its own cluster at work, and that one alone."""
    Queue("work").enqueue("shared")
    for host in ("work:a", "work:b"):
        Queue(host).enqueue(f"pulse of {host}")
    monkeypatch.setenv(OWN_QUEUE_VARIABLE, "work:a")
    assert _taken("work") == ["pulse of work:a", "shared"]
    monkeypatch.setenv(OWN_QUEUE_VARIABLE, "work:b")
    assert _taken("work") == ["pulse of work:b"]


def test_an_entry_is_taken_once() -> None:
    Queue("work").enqueue("one")
    assert (_taken("work"), _taken("work")) == (["one"], [])
