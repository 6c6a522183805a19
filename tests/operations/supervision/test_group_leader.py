"""The leader of a cluster's group: one signal for the cluster, and an end to the group when that is not enough."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sora_portal.operations.supervision import group_leader
from tests.operations.installation import ROOT
from tests.operations.supervision.processes import children_of, ours, wait_until

COUNTS_SIGNALS = """
import signal, sys, time
from pathlib import Path
log = Path(sys.argv[1])
def count(*_):
    with log.open("a") as file:
        file.write("asked\\n")
signal.signal(signal.SIGTERM, count)
log.write_text("ready\\n")
limit = time.monotonic() + 60
while time.monotonic() < limit and log.read_text().count("asked") < 2:
    time.sleep(0.05)
    if sys.argv[2] == "obeys" and "asked" in log.read_text():
        time.sleep(0.5)
        sys.exit(4)
"""
# A cluster whose sentinel was killed: its main process obeys, a worker below it hears of nothing.
LEAVES_A_CHILD = """
import os, signal, sys, time
from pathlib import Path
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
if os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
Path(sys.argv[1]).write_text("ready\\n")
time.sleep(60)
"""


def start(folder: Path, behaviour: str, *, drain: float, program: str = COUNTS_SIGNALS) -> "subprocess.Popen[bytes]":
    """Start a leader over a command that writes down each SIGTERM, or over another program."""
    log = folder / "log"
    with (folder / "errors").open("wb") as errors:
        process = subprocess.Popen(
            group_leader.led([sys.executable, "-c", program, str(log), behaviour], drain=drain),
            cwd=ROOT,
            stderr=errors,
            env={**os.environ, "LEADER_TEST": str(folder)},
            start_new_session=True,
        )
    wait_until(lambda: log.exists() and "ready" in log.read_text(), seconds=20, what="the command")
    return process


def test_leader_passes_on_one_signal_of_many_and_says_the_commands_status(tmp_path: Path) -> None:
    process = start(tmp_path, "obeys", drain=20)
    for _ in range(5):
        process.terminate()
    assert process.wait(20) == -signal.SIGKILL, "the group's end is the leader's own"
    assert (tmp_path / "log").read_text().count("asked") == 1
    assert "ended with status 4" in (tmp_path / "errors").read_text()


def test_nothing_of_the_group_outlives_a_command_that_stopped_in_good_order(tmp_path: Path) -> None:
    process = start(tmp_path, "", drain=20, program=LEAVES_A_CHILD)
    process.terminate()
    process.wait(20)
    wait_until(lambda: not ours(f"LEADER_TEST={tmp_path}"), seconds=5, what="the end of the group")
    assert (tmp_path / "errors").read_text() == "", "a good end needs no words"


def test_leader_ends_its_group_when_the_command_does_not_end(tmp_path: Path) -> None:
    process = start(tmp_path, "ignores", drain=0.3)
    process.terminate()
    assert process.wait(20) == -signal.SIGKILL
    wait_until(lambda: not ours(f"LEADER_TEST={tmp_path}"), seconds=5, what="the end of the group")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs the kernel's parent-death signal")
def test_command_is_asked_to_stop_when_its_leader_is_killed(tmp_path: Path) -> None:
    process = start(tmp_path, "obeys", drain=20)
    assert len(children_of(process.pid)) == 1
    process.kill()
    process.wait(5)
    wait_until(lambda: not ours(f"LEADER_TEST={tmp_path}"), seconds=20, what="the end of the command")
    assert "asked" in (tmp_path / "log").read_text()
