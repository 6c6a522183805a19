"""Leads the process group of a queue cluster: `leader.py DRAIN command...`, started by the watchdog.

django-q2's main process must be asked to stop once only: a second SIGTERM while it handles the first finds it holding
the lock that it then waits for, for ever (met with a watchdog that was killed: the kernel tells its children once for
each thread that it had). So this process takes the signals, passes on one, and when the cluster is not done after
DRAIN seconds ends the group, itself included. Plain Python, no Django: it starts in no time and cannot hang.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

from sora_portal.operations import tether


def led(command: Sequence[str], *, drain: float) -> list[str]:
    """Return the command line that runs `command` with a leader tied to this process, which has to start it.

    `drain` is how many seconds the command may take to end after it was asked to.
    """
    return tether.tied([sys.executable, "-m", "sora_portal.operations.leader", f"{drain:g}", *command])


def main(drain: float, command: Sequence[str]) -> int:
    """Run `command` as the leader of this process group; return its exit status."""
    asked: list[int] = []
    for signum in (signal.SIGTERM, signal.SIGINT):
        # Not an Event: its `set` waits for ever if the signal comes while `wait`, here below, holds its lock.
        signal.signal(signum, lambda number, _: asked.append(number))
    process = subprocess.Popen(tether.tied(command))
    while process.poll() is None and not asked:
        time.sleep(0.1)
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(drain)
            return process.returncode
        os.killpg(0, signal.SIGKILL)
    return process.returncode


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
