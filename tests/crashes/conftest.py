"""Real worker and web processes on the test's own database, made to die at failpoints."""

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from chaos.invariants import broken
from sora_portal import failpoints
from sora_portal.generations.models import Generation
from sora_portal.outputs.models import Download
from tests import factories, forks
from tests.sandbox_server import Sandbox

# A lease of 75 s is over after 2 s (its least), ten minutes of grace after 12 s.
SCALE = 0.02
PATIENCE = 40.0


class Crew:
    """Starts and kills processes of the portal. `public` is the origin for callbacks; empty: none can come."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.public = ""
        self._folder = folder
        self._running: list[ForkServerProcess] = []

    def start(self, *command: str) -> ForkServerProcess:
        """Start a command of the portal in test mode; what it says goes to `log`."""
        values = {
            "DATA_DIR": self._folder,
            "MEDIA_ROOT": self._folder / "media",
            "SORA_PORTAL_SANDBOX_URL": self.sandbox.url,
            "SORA_PORTAL_PUBLIC_URL": self.public,
            "SORA_PORTAL_TIME_SCALE": SCALE,
        }
        process = forks.start(command, values, self._folder / "log")
        self._running.append(process)
        return process

    def worker(self) -> ForkServerProcess:
        """Start the plain loop."""
        return self.start("manage.py", "work")

    def ended(self, process: ForkServerProcess) -> int | None:
        """Wait until it has ended; return its status, or the signal as a negative number."""
        process.join(PATIENCE)
        return process.exitcode

    def dies_at(self, point: str) -> None:
        """Let a worker run until it kills itself at the failpoint."""
        failpoints.arm(point)
        assert self.ended(self.worker()) == -signal.SIGKILL, self.log

    def freezes_at(self, point: str) -> ForkServerProcess:
        """Let a worker run until it stops itself at the failpoint, and return it."""
        failpoints.arm(point, "stop")
        worker = self.worker()
        self.wait(lambda: failpoints.armed() == [] and _stopped(worker))
        while not _can_write():
            # Another of its threads was writing at that moment: it may finish that, while this one stops again.
            failpoints.arm(point, "stop")
            self.wakes_up(worker)
            self.wait(lambda: failpoints.armed() == [] and _stopped(worker))
        return worker

    def wakes_up(self, worker: ForkServerProcess) -> None:
        """Let a frozen worker go on."""
        os.kill(worker.pid or 0, signal.SIGCONT)

    def wakes(self, worker: ForkServerProcess) -> None:
        """Let a frozen worker go on, and finish what it was at."""
        self.wakes_up(worker)
        worker.terminate()
        assert self.ended(worker) == 0, self.log

    def until(self, wanted: Callable[[], bool]) -> None:
        """Let a worker run until `wanted()`, then stop it in good order."""
        worker = self.worker()
        self.wait(wanted)
        worker.terminate()
        assert self.ended(worker) == 0, self.log

    def wait(self, wanted: Callable[[], bool]) -> None:
        """Wait until `wanted()`; fail the test with the log and the rows when that takes too long."""
        limit = time.monotonic() + PATIENCE
        while not wanted():
            if time.monotonic() > limit:
                rows = list(Generation.objects.values("state", "due_at", "waiting_for", "failure_text"))
                pytest.fail(f"not there after {PATIENCE} s: {rows}\n{self.log}")
            time.sleep(0.05)

    def lease_ends(self, row: Generation) -> None:
        """Let the leases of whoever had `row` run out now."""
        past = timezone.now() - timedelta(seconds=1)
        Generation.objects.filter(pk=row.pk).update(due_at=past, held_until=past)
        Download.objects.filter(pk=row.pk).update(until=past)

    @property
    def log(self) -> str:
        """What all processes have said so far."""
        return (self._folder / "log").read_text()[-6000:]

    def close(self) -> None:
        """End whatever still runs, stopped or not."""
        for process in self._running:
            process.kill()
            process.join()


def _stopped(process: ForkServerProcess) -> bool:
    said = subprocess.run(["ps", "-o", "stat=", "-p", str(process.pid)], capture_output=True, text=True, check=False)
    return said.stdout.startswith("T")


def _can_write() -> bool:
    """Whether the database takes a write now; on PostgreSQL a frozen writer stands in the way of its own rows only."""
    if connection.vendor != "sqlite":
        return True
    with closing(sqlite3.connect(connection.settings_dict["NAME"], timeout=0.5, isolation_level=None)) as asking:
        try:
            asking.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        return True


@pytest.fixture
def crew(transactional_db: None, sandboxed: Sandbox, data_dir: Path) -> Iterator[Crew]:
    """A crew without anybody at work yet; at the end of the test the invariants must hold."""
    crew = Crew(sandboxed, data_dir)
    yield crew
    crew.close()
    assert broken(sandboxed.memory(), quiet=False) == []


def video(prompt: str = "a fox in the snow", slug: str = "ruxa-sora-2") -> Generation:
    """Submit a video that nobody works on yet."""
    return factories.generation(prompt=prompt, model=factories.offered_model(slug))


def state(row: Generation) -> str:
    """Return the state that `row` has now."""
    return Generation.objects.values_list("state", flat=True).get(pk=row.pk)
