"""A worker that is busy with a slow vendor is not a silent one."""

import time
from pathlib import Path

import pytest
from django_q.signals import post_execute_in_worker, pre_execute
from pytest_django import Settings

from sora_portal.heartbeat import BEAT_FILE_VARIABLE
from sora_portal.operations.supervision import keepalive
from tests.operations.supervision.processes import wait_until


@pytest.fixture
def beat_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(BEAT_FILE_VARIABLE, str(tmp_path / "beat"))
    monkeypatch.setattr(keepalive, "PAUSE", 0.02)
    return tmp_path / "beat"


def beats(beat_file: Path) -> bool:
    """Whether the file is touched within a short while."""
    beat_file.unlink(missing_ok=True)
    limit = time.monotonic() + 0.3
    while not beat_file.exists() and time.monotonic() < limit:
        time.sleep(0.01)
    return beat_file.exists()


def test_worker_beats_for_as_long_as_its_task_runs(beat_file: Path) -> None:
    keeper = keepalive._Keeper()
    keeper.begin()
    wait_until(beat_file.exists, seconds=5, what="a beat")
    assert beats(beat_file)
    keeper.end()
    time.sleep(0.1)
    assert not beats(beat_file), "idle: only tasks that come through prove anything"
    keeper.begin()
    wait_until(lambda: beats(beat_file), seconds=5, what="a beat of the next task")
    keeper.end()


def test_end_of_a_task_is_a_beat(beat_file: Path) -> None:
    keepalive._Keeper().end()
    assert beat_file.exists()


def test_worker_that_hangs_for_too_long_falls_silent(beat_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keepalive, "LONGEST_SILENT_TASK", 0.2)
    keepalive._Keeper().begin()
    wait_until(lambda: not beats(beat_file), seconds=5, what="silence")


@pytest.mark.parametrize(("cluster", "watched", "kept"), [("work", True, 1), ("sweep", True, 0), ("work", False, 0)])
def test_only_workers_of_a_watched_work_cluster_are_kept_alive(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, cluster: str, watched: bool, kept: int
) -> None:
    monkeypatch.setenv("Q_CLUSTER_NAME", cluster)
    if watched:
        monkeypatch.setenv(BEAT_FILE_VARIABLE, "/nowhere")
    else:
        monkeypatch.delenv(BEAT_FILE_VARIABLE, raising=False)
    before = len(pre_execute.receivers), len(post_execute_in_worker.receivers)
    keepalive.connect()
    after = len(pre_execute.receivers), len(post_execute_in_worker.receivers)
    pre_execute.disconnect(dispatch_uid="keepalive-begin")
    post_execute_in_worker.disconnect(dispatch_uid="keepalive-end")
    assert after == (before[0] + kept, before[1] + kept)
