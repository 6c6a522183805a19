"""Several commands as one group: started together, stopped together, and none of them left behind.

One process reads what all of them say and passes it on, line by line. There is no helper beside it that could die
alone; when it is killed itself, the kernel ends the commands (`tether`).
"""

import contextlib
import os
import select
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from sora_portal.operations.supervision import parent_death

DRAIN = 25.0
"""Seconds from the first process that ends to SIGKILL for the rest; above the watchdog's own patience."""
OUTPUT_GONE = 128 + signal.SIGPIPE
"""The exit status when what read our output is gone."""


def _unread(output: int) -> bool:
    """Whether nothing will ever read what is written to this file descriptor: the other end of the pipe is closed."""
    looking = select.poll()
    looking.register(output, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in looking.poll(0))


class Part:
    """One command of the group while it runs."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self._unfinished = b""
        self.ended = False
        # A session of its own: Ctrl-C reaches this process only, which then stops all in good order.
        self.process = subprocess.Popen(
            parent_death.tied(command),
            env=dict(environment),
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.output: IO[bytes] = self.process.stdout
        os.set_blocking(self.output.fileno(), False)

    def lines(self) -> list[str]:
        """Return the lines that it has finished since the last call, and what is left when it says no more."""
        with contextlib.suppress(BlockingIOError):
            more = os.read(self.output.fileno(), 65536)
            self._unfinished += more
            self.ended = not more
        *lines, self._unfinished = self._unfinished.split(b"\n")
        if self.ended and self._unfinished:
            lines.append(self._unfinished)
        return [line.decode("utf-8", "replace") for line in lines]

    def kill(self) -> None:
        """End it and all below it by force."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


class Group:
    """The commands of one installation under one supervisor."""

    def __init__(self, *, when_started: Callable[[], None]) -> None:
        self._when_started = when_started
        self._wanted: list[tuple[str, Sequence[str], Mapping[str, str], Path]] = []
        self._parts: list[Part] = []
        self._selector = selectors.DefaultSelector()
        self._asked: list[int] = []
        self._mute = False

    def add(self, name: str, command: Sequence[str], *, environment: Mapping[str, str], folder: Path) -> None:
        """Add a command, run in `folder` with exactly `environment`."""
        self._wanted.append((name, command, environment, folder))

    def supervise(self) -> int:
        """Run everything until a signal comes or one command ends; return the exit status for the shell.

        0 after SIGINT, SIGTERM or SIGHUP; otherwise that of the command that ended first (128 + n if signal n ended
        it), or OUTPUT_GONE.
        """
        for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(signum, lambda number, _: self._asked.append(number))
        try:
            self._start()
            status = self._run()
            self._stop()
        finally:
            for part in self._parts:
                part.kill()
                part.process.wait()
        return status

    def _start(self) -> None:
        for name, command, environment, folder in self._wanted:
            part = Part(name, command, environment, folder)
            self._parts.append(part)
            self._selector.register(part.output, selectors.EVENT_READ, part)
            self._say("system", f"{name} started (pid={part.process.pid})")
        threading.Thread(target=self._when_started, name="announcer", daemon=True).start()

    def _run(self) -> int:
        while not self._asked:
            self._pass_on(0.1)
            if self._mute or _unread(sys.stdout.fileno()):
                return OUTPUT_GONE
            for part in self._parts:
                status = part.process.poll()
                if status is not None:
                    self._say("system", f"{part.name} ended (status {status})")
                    return 128 - status if status < 0 else status or 1
        self._say("system", f"{signal.Signals(self._asked[0]).name} received")
        return 0

    def _stop(self) -> None:
        """Ask every command to end, and let all of them finish within DRAIN."""
        for part in self._parts:
            if part.process.poll() is None:
                part.process.terminate()
        patience = time.monotonic() + DRAIN
        while any(part.process.poll() is None for part in self._parts) and time.monotonic() < patience:
            self._pass_on(0.1)
        while self._pass_on(0):
            pass

    def _pass_on(self, seconds: float) -> bool:
        """Wait for output for so long, and print what is there; return whether there was something."""
        ready = self._selector.select(seconds)
        for key, _ in ready:
            part: Part = key.data
            for line in part.lines():
                self._say(part.name, line)
            if part.ended:
                self._selector.unregister(part.output)
        return bool(ready)

    def _say(self, name: str, line: str) -> None:
        if self._mute:
            return
        try:
            sys.stdout.write(f"{name:<8} | {line}\n")
            sys.stdout.flush()
        except OSError:
            # What read our output is gone. The commands must not run on unseen, nor stop in the middle of a write.
            self._mute = True
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
