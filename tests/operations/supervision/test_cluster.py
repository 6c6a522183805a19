"""A real django-q2 cluster under its watchdog, and what SIGKILL does to it."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.migrated import copy_migrated
from tests.operations.installation import ROOT, Installation
from tests.operations.supervision.processes import alive, children_of, ours, wait_until

# Silence that the watchdog bears, a start of the cluster, and a busy machine.
RECOVERY = 45.0


class Cluster:
    """`manage.py cluster work` and somebody who queues tasks for it."""

    def __init__(self, house: Installation) -> None:
        self._house = house
        self._said_before = len(house.log)
        self.watchdog = house.start("cluster", "work")
        self._queue = subprocess.Popen(
            [sys.executable, "-m", "tests.operations.pulses"],
            cwd=ROOT,
            env=house.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    @property
    def main(self) -> int | None:
        """The qcluster's main process, below the leader of its group."""
        leader = next(iter(children_of(self.watchdog.pid)), None)
        return next(iter(children_of(leader)), None) if leader else None

    @property
    def workers(self) -> list[int]:
        """The worker processes; django-q2 starts them before its monitor and its pusher."""
        sentinel = next(iter(children_of(self.main)), None) if self.main else None
        return children_of(sentinel)[:3] if sentinel else []

    @property
    def log(self) -> str:
        """What this cluster has said so far, without those of other tests."""
        return self._house.log[self._said_before :]

    def works(self) -> bool:
        """Queue one task and give it two seconds until its row is gone, which it is when a worker has run it."""
        assert self._queue.stdin
        assert self._queue.stdout
        self._queue.stdin.write("\n")
        self._queue.stdin.flush()
        row = int(self._queue.stdout.readline())
        limit = time.monotonic() + 2
        while self._waits(row) and time.monotonic() < limit:
            time.sleep(0.02)
        return not self._waits(row)

    def _waits(self, row: int) -> bool:
        with closing(sqlite3.connect(self._house.folder / "portal.sqlite3", timeout=20)) as database:
            return bool(database.execute("SELECT 1 FROM django_q_ormq WHERE id = ?", [row]).fetchone())

    def wait_until_it_works(self) -> None:
        wait_until(self.works, seconds=RECOVERY, what=f"a task to be run; the log says:\n{self.log[-3000:]}")

    def close(self) -> None:
        if self.watchdog.poll() is None:
            self.watchdog.terminate()
        self.watchdog.wait(30)
        assert self._queue.stdin
        self._queue.stdin.close()
        self._queue.wait(10)
        assert self._queue.stdout
        self._queue.stdout.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    house = Installation(tmp_path_factory.mktemp("cluster"))
    copy_migrated(house.folder / "portal.sqlite3")
    return house


@pytest.fixture
def cluster(house: Installation) -> Iterator[Cluster]:
    cluster = Cluster(house)
    try:
        cluster.wait_until_it_works()
        yield cluster
    finally:
        cluster.close()
    assert ours(house.marker) == {}


def test_cluster_works_again_after_its_workers_died_with_the_queues_lock(cluster: Cluster) -> None:
    # One of the idle workers sits on the lock, so without a watchdog nothing would ever run again.
    first = cluster.main
    for worker in cluster.workers:
        os.kill(worker, signal.SIGKILL)
    cluster.wait_until_it_works()
    # Held by the dead, the lock cannot have come back: this has to be another cluster.
    assert cluster.main != first


def test_cluster_works_again_after_its_main_process_died_and_leaves_no_orphans(cluster: Cluster) -> None:
    first, workers = cluster.main, cluster.workers
    assert first
    assert len(workers) == 3
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: not any(alive(pid) for pid in workers), seconds=10, what="the end of the orphans")
    cluster.wait_until_it_works()


def test_cluster_stops_cleanly_on_sigterm(cluster: Cluster, house: Installation) -> None:
    assert (house.folder / "run" / f"beat-work-{cluster.watchdog.pid}").exists()
    assert "django-q" not in cluster.log
    began = time.monotonic()
    cluster.watchdog.terminate()
    assert cluster.watchdog.wait(20) == 0
    assert time.monotonic() - began < 15
    wait_until(lambda: list((house.folder / "run").glob("beat-*")) == [], seconds=1, what="the beat file to be gone")
    assert {pid: line for pid, line in ours(house.marker).items() if "pulses" not in line} == {}


def test_cluster_ends_when_its_watchdog_is_killed(cluster: Cluster, house: Installation) -> None:
    cluster.watchdog.kill()
    wait_until(
        lambda: [line for line in ours(house.marker).values() if "pulses" not in line] == [],
        seconds=20,
        what="the end of the cluster",
    )


def test_pulses_do_not_pile_up_while_no_cluster_takes_them(house: Installation) -> None:
    script = (
        "import django; django.setup()\n"
        "from django_q.models import OrmQ\n"
        "from sora_portal.operations.supervision.heartbeat_tasks import PulseFeed\n"
        "OrmQ.objects.all().delete()\n"
        "feed = PulseFeed()\n"
        "[feed() for _ in range(5)]\n"
        "waiting = OrmQ.objects.count()\n"
        "OrmQ.objects.all().delete()\n"
        "feed()\n"
        "print(waiting, OrmQ.objects.count())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=house.environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1", "1"]
