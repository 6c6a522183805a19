"""Keeps one django-q2 cluster at work by killing it when it has gone silent.

Measured with django-q2 1.11.1: SIGKILL of one idle worker leaves the whole cluster wedged in about a third of the
tries (the dead worker held the queue's lock), and a killed main process leaves its workers running. No code inside
the cluster can notice either. So the cluster runs in a process group of its own, proves that work gets done by
touching a file (`sora_portal.heartbeat`), and is replaced as a whole when the file grows old. That is safe because
rows decide what happens, not the queue: a task may run twice, late, or never.

Nothing here knows Django: the command, the file and the feeding function are given.
"""

import contextlib
import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """Patience of a watchdog, in seconds of the real clock (never scaled: processes do not run faster in a test)."""

    silence: float = 7.0
    """The oldest sign of life that a running cluster may show."""
    grace: float = 20.0
    """How long a new cluster, or one whose database came back, may take to its first sign.

    Doubled for each cluster in a row that did not get there, three times at most: on a machine that is too busy to
    start one in time, killing it makes the machine busier.
    """
    drain: float = 15.0
    """How long a cluster that was asked to stop may finish what it works on."""
    feed: float = 2.0
    """Pause between two calls of the feeding function."""
    tick: float = 0.1
    """Pause between two looks at the cluster."""
    longest_pause: float = 30.0
    """Longest pause before the next try when clusters keep dying before their first sign of life."""


class Feeder(threading.Thread):
    """Calls the feeding function for ever, in a thread of its own: a database that hangs must not blind the watchdog.

    Feeding is also how the watchdog knows whether the database can be reached. While it cannot, silence says nothing
    about the cluster.
    """

    def __init__(self, feed: Callable[[], None], limits: Limits) -> None:
        super().__init__(name="feeder", daemon=True)
        self._feed, self._limits = feed, limits
        self._called_at: float | None = None
        self._well_since: float | None = None
        self._failing = False
        self.ended = threading.Event()

    def run(self) -> None:
        """Feed until `ended` is set."""
        while not self.ended.is_set():
            self._once()
            self.ended.wait(self._limits.feed)

    def _once(self) -> None:
        called = self._called_at = time.monotonic()
        try:
            self._feed()
        except Exception as error:  # noqa: BLE001 - whatever a database driver raises
            if not self._failing:
                logger.warning("The queue cannot be reached: %s", error)
            self._failing, self._well_since = True, None
        else:
            self._failing = False
            slow = time.monotonic() - called > self._limits.silence / 2
            if self._well_since is None or slow:
                self._well_since = time.monotonic()
        finally:
            self._called_at = None

    def well_since(self) -> float | None:
        """Return since when (monotonic seconds) feeding has worked without a break, or None if it does not now."""
        called = self._called_at
        hangs = called is not None and time.monotonic() - called > self._limits.silence / 2
        return None if hangs else self._well_since


class Watchdog:
    """One cluster, started, fed, watched, replaced and stopped."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        beat_file: Path,
        feed: Callable[[], None],
        limits: Limits | None = None,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self._command, self._beat_file = list(command), beat_file
        self._environment = dict(environment) if environment is not None else None
        self._folder = folder
        self._limits = limits or Limits()
        self._feeder = Feeder(feed, self._limits)
        # Not an Event: a signal that comes while `wait` holds the event's lock would wait for that lock for ever.
        self._stopping = False
        self._process: subprocess.Popen[bytes] | None = None
        self._started = self._beaten = 0.0
        self._mark = 0
        self._stillborn = 0
        self.replaced = 0
        """How many clusters were replaced so far."""

    def stop(self) -> None:
        """Ask `run` to stop the cluster and return; may be called from a signal handler or another thread."""
        self._stopping = True

    def run(self, still_wanted: Callable[[], bool] = lambda: True) -> None:
        """Keep a cluster at work until `stop` is called or `still_wanted()` becomes false; then drain it."""
        self._feeder.start()
        try:
            while not self._stopping and still_wanted():
                self._look()
                time.sleep(self._limits.tick)
        finally:
            self._feeder.ended.set()
            self._drain()
            self._beat_file.unlink(missing_ok=True)

    def _look(self) -> None:
        """Start a cluster if there is none, replace it if it ended or fell silent."""
        if self._process is None:
            self._spawn()
            return
        if self._process.poll() is not None:
            self._replace("ended by itself")
        elif (silent := self._silence()) > 0:
            self._replace(f"showed no sign of life for {silent:.0f} s")

    def _spawn(self) -> None:
        self._process = subprocess.Popen(self._command, env=self._environment, cwd=self._folder, start_new_session=True)
        self._started = self._beaten = time.monotonic()
        self._mark = self._read_mark()

    def _read_mark(self) -> int:
        """Return the beat file's time of change; only a difference counts, so clock changes do no harm."""
        try:
            return self._beat_file.stat().st_mtime_ns
        except OSError:
            return 0

    def _silence(self) -> float:
        """Return for how many seconds the cluster has been silent if that is too long, otherwise 0."""
        now = time.monotonic()
        mark = self._read_mark()
        if mark != self._mark:
            self._mark, self._beaten = mark, now
        well_since = self._feeder.well_since()
        if well_since is None:
            return 0.0
        ready = max(self._started, well_since)
        has_beaten = self._beaten > ready
        grace = self._limits.grace * 2 ** min(self._stillborn, 3)
        last_moment = self._beaten + self._limits.silence if has_beaten else ready + grace
        return now - self._beaten if now > last_moment else 0.0

    def _replace(self, why: str) -> None:
        """Kill what is left of the cluster's group; the next look starts another, at once or after a pause."""
        beaten = self._beaten > self._started
        logger.error("The cluster %s; killing its process group and starting another", why)
        self._kill()
        self.replaced += 1
        self._stillborn = 0 if beaten else self._stillborn + 1
        if self._stillborn > 1:
            pause = min(2.0 ** (self._stillborn - 1), self._limits.longest_pause)
            logger.error("%d clusters in a row died before any work; next try in %.0f s", self._stillborn, pause)
            self._rest(pause)

    def _rest(self, seconds: float) -> None:
        """Do nothing for `seconds`, or until `stop` is called."""
        end = time.monotonic() + seconds
        while not self._stopping and time.monotonic() < end:
            time.sleep(self._limits.tick)

    def _kill(self) -> None:
        if self._process is None:
            return
        # The group outlives its leader for as long as a worker is left, so its number cannot belong to anyone else.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def _drain(self) -> None:
        """Stop the cluster in good order: the group's leader alone gets the signal, or django-q2 leaves a child."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(self._limits.drain + 1)
        except subprocess.TimeoutExpired:
            logger.info("Ended what was still at work after %.0f s", self._limits.drain)
        self._kill()
