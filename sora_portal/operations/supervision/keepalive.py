"""Signs of life of a worker that is busy.

All workers of the work cluster may be waiting for a slow vendor at once, and then no pulse comes through although
nothing is wrong; killing them would turn paid calls into unknown ones. So a worker that runs a task beats while it
does, for a bounded time: a task that hangs for longer must beat by itself (downloads do) or be killed with the rest.
The sweep's workers are left out: their slices are one long task, and only its own ticks prove anything.
"""

import os
import threading
import time
from typing import Any

from django.conf import settings
from django_q.signals import post_execute_in_worker, pre_execute

from sora_portal import heartbeat

LONGEST_SILENT_TASK = 180.0
"""Seconds that a task may work without beating itself; above every vendor time-out of a create call."""
PAUSE = 1.0


class _Keeper:
    """One thread in each worker process, begun with the worker's first task."""

    def __init__(self) -> None:
        self._process = 0
        self._task_until = 0.0
        self._wake = threading.Event()

    def begin(self, **_: Any) -> None:
        """A task starts in this process."""
        if self._process != os.getpid():
            # Workers are forked, and a fork takes no threads along.
            self._process, self._wake = os.getpid(), threading.Event()
            threading.Thread(target=self._run, name="keepalive", daemon=True).start()
        self._task_until = time.monotonic() + LONGEST_SILENT_TASK
        self._wake.set()

    def end(self, **_: Any) -> None:
        """The task is over, and it came through the queue: that alone is a sign of life."""
        self._task_until = 0.0
        heartbeat.beat()

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            while time.monotonic() < self._task_until:
                heartbeat.beat()
                time.sleep(PAUSE)


_keeper = _Keeper()


def connect() -> None:
    """Beat for busy workers of a watched cluster other than the sweep; does nothing in any other process."""
    watched = heartbeat.BEAT_FILE_VARIABLE in os.environ
    if watched and os.environ.get("Q_CLUSTER_NAME") != settings.SWEEP_CLUSTER:
        pre_execute.connect(_keeper.begin, weak=False, dispatch_uid="keepalive-begin")
        post_execute_in_worker.connect(_keeper.end, weak=False, dispatch_uid="keepalive-end")
