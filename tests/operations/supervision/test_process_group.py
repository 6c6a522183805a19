"""A group of processes ends together, however the end comes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.operations.installation import ROOT
from tests.operations.supervision.processes import children_of, ours, wait_until

SLEEPS = "import time; print('here', flush=True); time.sleep(60)"
DRAINS = (
    "import signal, sys, time\n"
    "def stop(*_): time.sleep(0.5); print('drained'); sys.exit(0)\n"
    "signal.signal(signal.SIGTERM, stop)\n"
    "print('ready', flush=True); time.sleep(60)"
)


class House:
    """A supervisor over small commands, and what it printed."""

    def __init__(self, folder: Path, *, stdout: int | None = None, **commands: str) -> None:
        self._folder = folder
        self.marker = f"SMALL_HOUSE={folder}"
        with (folder / "log").open("wb") as log:
            self.supervisor = subprocess.Popen(
                [sys.executable, "-m", "tests.operations.small_house", str(folder)]
                + [f"{name}={code}" for name, code in commands.items()],
                cwd=ROOT,
                env={**os.environ, "SMALL_HOUSE": str(folder)},
                stdout=stdout or log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        return (self._folder / "log").read_text()

    def wait_until_said(self, *words: str) -> None:
        wait_until(lambda: all(word in self.log for word in words), seconds=20, what=f"{words} in {self.log}")

    def end(self) -> int:
        status = self.supervisor.wait(20)
        wait_until(lambda: not ours(self.marker), seconds=10, what=f"the end of {ours(self.marker)}")
        return status


def test_group_stops_in_good_order_and_exits_0_when_asked_to(tmp_path: Path) -> None:
    house = House(tmp_path, one=SLEEPS, two=DRAINS)
    house.wait_until_said("here", "ready")
    assert (tmp_path / "started").exists()
    house.supervisor.send_signal(signal.SIGINT)
    assert house.end() == 0
    assert "drained" in house.log, "SIGTERM, with time to finish"


def test_group_stops_when_asked_before_everything_has_started(tmp_path: Path) -> None:
    house = House(tmp_path, one=SLEEPS, two=SLEEPS)
    wait_until((tmp_path / "started").exists, seconds=20, what="the start")
    house.supervisor.terminate()
    assert house.end() == 0


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("import time; time.sleep(0.3); raise SystemExit(7)", 7),
        ("import os, time; time.sleep(0.3); os.kill(os.getpid(), 9)", 137),
        # Nobody asked it to end, so the group has failed.
        ("import time; time.sleep(0.3)", 1),
    ],
)
def test_group_stops_with_the_status_of_the_process_that_ended(tmp_path: Path, code: str, status: int) -> None:
    house = House(tmp_path, sleeps=SLEEPS, ends=code)
    assert house.end() == status


def test_group_ends_when_nothing_reads_its_output(tmp_path: Path) -> None:
    house = House(tmp_path, stdout=subprocess.PIPE, one=SLEEPS, two=SLEEPS)
    wait_until((tmp_path / "started").exists, seconds=20, what="the start")
    assert house.supervisor.stdout is not None
    house.supervisor.stdout.close()
    assert house.end() == 141


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs the kernel's parent-death signal")
def test_every_process_that_dies_takes_the_others_along(tmp_path: Path) -> None:
    """Whichever it is: there is none beside the commands whose death would leave them running on unseen."""
    house = House(tmp_path, one=SLEEPS, two=SLEEPS)
    house.wait_until_said("one      | here", "two      | here")
    (pid, *others) = children_of(house.supervisor.pid)
    assert len(others) == 1
    os.kill(pid, signal.SIGKILL)
    assert house.end() == 137


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs the kernel's parent-death signal")
def test_group_ends_when_its_supervisor_is_killed(tmp_path: Path) -> None:
    house = House(tmp_path, one=SLEEPS, two=DRAINS)
    house.wait_until_said("here", "ready")
    began = time.monotonic()
    house.supervisor.kill()
    assert house.end() == -signal.SIGKILL
    assert time.monotonic() - began < 10
