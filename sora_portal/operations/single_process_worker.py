"""The plain loop: the steps of both clusters in one process and a few threads, without django-q2's processes.

For small installations, and for tests that want to kill the one process that works. It takes wake-ups out of the
queue's table itself, sweeps with the same sweeper, and keeps no state of its own: rows decide, so a second loop, or a
cluster beside it, is harmless.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from django.conf import settings
from django.db import Error, close_old_connections, connections
from django.utils.module_loading import import_string
from django_q.models import OrmQ
from django_q.signing import BadSignature, SignedPackage

from sora_portal import clock
from sora_portal.broker import FIRST, waiting
from sora_portal.generations.enqueue import WORK
from sora_portal.generations.polling.lease_file import LeaseFile
from sora_portal.generations.polling.poller import Poller
from sora_portal.operations.reconciliation import checks

log = logging.getLogger(__name__)

PAUSE = 0.1  # seconds between two looks into an empty queue, as django-q2's own
AFTER_TROUBLE = 1.0
HOURLY_LOOK = 60.0  # seconds between two looks whether the hourly work is due
SLICE = 600.0
DRAIN = 15.0


class PlainLoop:
    """Works until `stop` is called. `threads` steps run at once, and one more thread sweeps."""

    def __init__(self, *, threads: int) -> None:
        self._threads = threads
        # Not an Event: `stop` is called by signal handlers, see operations.watchdog.
        self._stopping = False
        self._busy: set[Future[None]] = set()
        self._hourly_at = 0.0

    def stop(self) -> None:
        """Ask `run` to finish what is under way and return."""
        self._stopping = True

    def run(self) -> bool:
        """Work until `stop` is called, then for at most DRAIN seconds more; return whether everything was finished."""
        sweep = threading.Thread(target=self._sweep, name="sweep", daemon=True)
        sweep.start()
        pool = ThreadPoolExecutor(self._threads, thread_name_prefix="step")
        while not self._stopping:
            self._turn(pool)
        end = time.monotonic() + DRAIN
        while self._busy and time.monotonic() < end:
            time.sleep(PAUSE)
        sweep.join(max(0.0, end - time.monotonic()))
        pool.shutdown(wait=False, cancel_futures=True)
        return not self._busy and not sweep.is_alive()

    def _turn(self, pool: ThreadPoolExecutor) -> None:
        """Start what the queue holds as far as threads are free, and rest a little when it holds nothing."""
        free = self._threads - len(self._busy)
        try:
            if time.monotonic() > self._hourly_at:
                self._hourly_at = time.monotonic() + HOURLY_LOOK
                checks.reconcile_if_due()
            steps = take(free) if free > 0 else []
        except Error:
            log.exception("the queue cannot be read")
            connections.close_all()
            time.sleep(AFTER_TROUBLE)
            return
        for step in steps:
            future = pool.submit(_run, step)
            self._busy.add(future)
            future.add_done_callback(self._busy.discard)
        if not steps:
            time.sleep(PAUSE)

    def _sweep(self) -> None:
        while not self._stopping:
            try:
                with LeaseFile(settings.DATA_DIR / "run", "work") as diary:
                    Poller(diary).run(SLICE, lambda: not self._stopping)
            except Exception:
                log.exception("the sweep ended and begins again")
                time.sleep(AFTER_TROUBLE)


def take(count: int) -> list[Callable[[], Any]]:
    """Take at most `count` wake-ups out of the queue's table and return them as functions to be called."""
    rows = waiting([FIRST, WORK], clock.now())[:count]
    return [step for row in rows if OrmQ.objects.filter(pk=row.pk).delete()[0] and (step := _step(row))]


def _step(row: OrmQ) -> Callable[[], Any] | None:
    """Return what a queue entry asks for; None for one that is not ours."""
    try:
        package = SignedPackage.loads(row.payload)
    except BadSignature:
        log.exception("entry %s of the queue cannot be read; the sweep wakes its row again", row.pk)
        return None
    return partial(import_string(package["func"]), *package["args"])


def _run(step: Callable[[], Any]) -> None:
    close_old_connections()
    try:
        step()
    except Exception:
        # The row is as it was; the sweep wakes it again.
        log.exception("a step failed")
