"""Leads the process group of a queue cluster: `leader.py DRAIN command...`, started by the watchdog.

django-q2's main process must be asked to stop once only: a second SIGTERM while it handles the first finds it holding
the lock that it then waits for, for ever (met with a watchdog that was killed: the kernel tells its children once for
each thread that it had). So this process takes the signals and passes on one. When the cluster is done, or DRAIN
seconds later, it ends the group, itself included: a worker whose sentinel was killed hears of no stop and would stay
for ever. Plain Python, no Django: it starts in no time and cannot hang.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import NoReturn

from sora_portal.operations.supervision import parent_death


def led(command: Sequence[str], *, drain: float) -> list[str]:
    """Return the command line that runs `command` with a leader tied to this process, which has to start it.

    `drain` is how many seconds the command may take to end after it was asked to.
    """
    return parent_death.tied(
        [sys.executable, "-m", "sora_portal.operations.supervision.group_leader", f"{drain:g}", *command]
    )


def main(drain: float, command: Sequence[str]) -> NoReturn:
    """Run `command` as the leader of this process group; end with the whole group, by SIGKILL, when it is done."""
    asked: list[int] = []
    for signum in (signal.SIGTERM, signal.SIGINT):
        # Not an Event: its `set` waits for ever if the signal comes while `wait`, here below, holds its lock.
        signal.signal(signum, lambda number, _: asked.append(number))
    process = subprocess.Popen(parent_death.tied(command))
    while process.poll() is None and not asked:
        time.sleep(0.1)
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(drain)
    if process.poll():
        # The status cannot be ours, so it is said.
        sys.stderr.write(f"The cluster's main process ended with status {process.returncode}\n")
        sys.stderr.flush()
    os.killpg(0, signal.SIGKILL)
    raise AssertionError("a process that killed itself goes on")


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2:])
