"""The watchdog against clusters that behave and clusters that do not; real processes, short patience."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sora_portal.heartbeat import BEAT_FILE_VARIABLE
from sora_portal.operations.supervision.watchdog import Limits, Watchdog
from tests.operations.supervision.processes import alive, wait_until

FAKE = Path(__file__).with_name("fake_cluster.py")
LIMITS = Limits(silence=0.8, grace=3.0, drain=3.0, feed=0.1, tick=0.02, longest_pause=0.4)


class Kennel:
    """A watchdog in a thread of this process, and what its clusters wrote down about themselves."""

    def __init__(self, folder: Path) -> None:
        self._pids = folder / "pids"
        self._pids.touch()
        self.beat_file = folder / "beat"
        self.feed_error: Exception | None = None
        self.fed = 0
        self.watchdog: Watchdog | None = None
        self._thread: threading.Thread | None = None

    def feed(self) -> None:
        self.fed += 1
        if self.feed_error:
            raise self.feed_error

    def start(self, behaviour: str, limits: Limits = LIMITS) -> Watchdog:
        self.watchdog = Watchdog(
            [sys.executable, str(FAKE), behaviour, str(self._pids)],
            beat_file=self.beat_file,
            feed=self.feed,
            limits=limits,
            environment={**os.environ, BEAT_FILE_VARIABLE: str(self.beat_file)},
        )
        self._thread = threading.Thread(target=self.watchdog.run)
        self._thread.start()
        return self.watchdog

    def stop(self) -> None:
        if self.watchdog and self._thread:
            self.watchdog.stop()
            self._thread.join(20)
            assert not self._thread.is_alive()

    @property
    def started(self) -> list[tuple[int, int]]:
        """Main process and child of each cluster, in the order of their start."""
        lines = [line.split() for line in self._pids.read_text().splitlines()]
        return [(int(line[1]), int(line[2])) for line in lines if line[0] == "started"]

    @property
    def stopped(self) -> list[int]:
        lines = [line.split() for line in self._pids.read_text().splitlines()]
        return [int(line[1]) for line in lines if line[0] == "stopped"]


@pytest.fixture
def kennel(tmp_path: Path) -> Iterator[Kennel]:
    kennel = Kennel(tmp_path)
    yield kennel
    kennel.stop()


def wait_for(wanted: Callable[[], bool], what: str) -> None:
    wait_until(wanted, seconds=15, what=what)


def test_watchdog_leaves_a_cluster_that_beats_alone(kennel: Kennel) -> None:
    watchdog = kennel.start("works", Limits(silence=3, grace=3, drain=3, feed=0.1, tick=0.02))
    wait_for(lambda: len(kennel.started) == 1 and kennel.fed > 20, "a cluster that lives through twenty feedings")
    assert watchdog.replaced == 0
    assert len(kennel.started) == 1


def test_watchdog_kills_the_whole_group_of_a_silent_cluster_and_starts_another(kennel: Kennel) -> None:
    watchdog = kennel.start("falls silent")
    wait_for(lambda: len(kennel.started) >= 2, "a second cluster")
    main, child = kennel.started[0]
    assert watchdog.replaced >= 1
    assert not alive(main)
    assert not alive(child)
    assert kennel.stopped == [], "a wedged cluster is killed, not asked"


def test_watchdog_gives_a_new_cluster_time_to_its_first_beat(kennel: Kennel) -> None:
    watchdog = kennel.start("never beats", Limits(silence=0.2, grace=60, drain=3, feed=0.05, tick=0.02))
    wait_for(lambda: len(kennel.started) == 1 and kennel.fed > 20, "a cluster that is silent for a second")
    assert watchdog.replaced == 0


def test_watchdog_replaces_a_cluster_that_never_beats(kennel: Kennel) -> None:
    kennel.start("never beats", Limits(silence=0.2, grace=0.6, drain=3, feed=0.05, tick=0.02))
    wait_for(lambda: len(kennel.started) >= 2, "a second cluster")


def test_watchdog_removes_the_children_of_a_cluster_whose_main_process_died(kennel: Kennel) -> None:
    kennel.start("dies after work")
    wait_for(lambda: len(kennel.started) >= 2, "a second cluster")
    wait_for(lambda: not alive(kennel.started[0][1]), "the end of the first cluster's child")


def test_watchdog_pauses_when_clusters_die_before_any_work(kennel: Kennel, caplog: pytest.LogCaptureFixture) -> None:
    kennel.start("dies at once")
    wait_for(lambda: len(kennel.started) >= 3, "three tries")
    assert "2 clusters in a row died before any work" in caplog.text


def test_watchdog_does_not_blame_the_cluster_while_the_database_is_away(kennel: Kennel) -> None:
    kennel.feed_error = ConnectionError("no database")
    watchdog = kennel.start("never beats", Limits(silence=0.1, grace=0.2, drain=3, feed=0.05, tick=0.02))
    wait_for(lambda: kennel.fed > 20, "a second without a database")
    assert watchdog.replaced == 0
    kennel.feed_error = None
    wait_for(lambda: watchdog.replaced >= 1, "silence to count again once the database is back")


def test_watchdog_stop_asks_the_main_process_only_and_leaves_nothing_behind(kennel: Kennel) -> None:
    kennel.start("works")
    wait_for(lambda: len(kennel.started) == 1 and kennel.beat_file.exists(), "a working cluster")
    kennel.stop()
    main, child = kennel.started[0]
    assert kennel.stopped == [main]
    assert not alive(main)
    # Killed with its group, but it is not ours to wait for: its end may take the kernel a moment.
    wait_for(lambda: not alive(child), "the end of the child")
    assert not kennel.beat_file.exists()


def test_watchdog_stop_kills_a_cluster_that_does_not_end_in_time(kennel: Kennel) -> None:
    kennel.start("stubborn", Limits(silence=60, grace=60, drain=0.3, feed=0.1, tick=0.02))
    wait_for(lambda: len(kennel.started) == 1, "a working cluster")
    kennel.stop()
    main, child = kennel.started[0]
    assert not alive(main)
    wait_for(lambda: not alive(child), "the end of the child, which nobody reaps here")
