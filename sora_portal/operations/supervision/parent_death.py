"""Ends with its parent: a process that a supervisor started must not outlive it.

A supervisor that is stopped takes its children along; one that is killed (SIGKILL, out of memory) cannot. On Linux the
kernel does it then: PR_SET_PDEATHSIG names the signal that a process receives when its parent is gone, and the wish
survives exec, so this file run in front of a command (see `tied`) ties any command. The signal comes once for each
thread that the parent had, so only what bears being asked twice may be tied. Elsewhere nothing is tied here; the
watchdog looks at its parent itself.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1  # <sys/prctl.h>


def tied(command: Sequence[str]) -> list[str]:
    """Return the command line that runs `command` tied to this process, which has to be the one that starts it."""
    return [sys.executable, "-I", __file__, str(os.getpid()), *command]


def tie(signum: int) -> None:
    """Have the kernel send `signum` to this process when its parent ends; does nothing where that cannot be asked."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signum)


def main(parent: str, command: Sequence[str]) -> None:
    """Become `command`, tied to process `parent` with SIGTERM; end at once if that is gone already."""
    tie(signal.SIGTERM)
    if os.getppid() == int(parent):
        os.execvp(command[0], list(command))  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
