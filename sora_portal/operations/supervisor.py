"""Several commands as one group: started together, stopped together, and none of them left behind.

honcho does the work. What is added: children that end when their supervisor is killed, enough time for a worker to
finish, and exit statuses that a shell understands.
"""

import multiprocessing
import shlex
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import honcho.manager
import honcho.process

from sora_portal.operations import tether

DRAIN = 25.0
"""Seconds from the first process that ends to SIGKILL for the rest; above the watchdog's own patience."""


class _TiedProcess(honcho.process.Process):  # type: ignore[misc]
    """honcho forks a reader for each command. It must go with us, and the command with it."""

    command: Sequence[str]

    def run(self, events: Any = None, ignore_signals: bool = False) -> None:
        """Run the command and pass its lines on, until it ends."""
        tether.tie(signal.SIGKILL)
        supervisor = multiprocessing.parent_process()
        if supervisor is not None and not supervisor.is_alive():
            return
        # honcho hands the line to a shell; exec takes the shell out of the way of signals.
        self.cmd = "exec " + shlex.join(tether.tied(self.command))
        super().run(events, ignore_signals)


class Group(honcho.manager.Manager):  # type: ignore[misc]
    """The commands of one installation under one supervisor."""

    def __init__(self, *, when_started: Callable[[], None]) -> None:
        super().__init__()
        self._process_ctor = _TiedProcess
        self._when_started = when_started
        self._asked_to_stop = False

    def add(self, name: str, command: Sequence[str], *, environment: Mapping[str, str], folder: Path) -> None:
        """Add a command, run in `folder` with exactly `environment`."""
        self.add_process(name, "", env=dict(environment), cwd=str(folder)).command = list(command)

    def supervise(self) -> int:
        """Run everything until a signal comes or one command ends; return the exit status for the shell.

        0 after SIGINT or SIGTERM, otherwise that of the command that ended first (128 + n if signal n ended it).
        """
        honcho.manager.KILL_WAIT = DRAIN
        try:
            self.loop()
        except BaseException:
            self.kill()
            raise
        if self._asked_to_stop:
            return 0
        status = int(self.returncode or 0)
        return 128 - status if status < 0 else status or 1

    def terminate(self) -> None:
        """Stop everything in good order; once."""
        if self.returncode in (130, 143):
            self._asked_to_stop = True
        if self._all_started():
            super().terminate()
        else:
            # honcho does not know the process ids yet, and a signal can come that early.
            threading.Timer(0.1, self.terminate).start()

    def _start(self) -> None:
        super()._start()
        # Not earlier: the fork above must not find a second thread.
        threading.Thread(target=self._when_started, name="announcer", daemon=True).start()
