"""Who sweeps. Two slots, each held by one hot sweeper that works in slices and hands its slot to the next slice.

A task that runs for ever would never be recycled, so a slice lasts 20 s and queues its successor, in the queue of its
own cluster. A slot that shows no life is started again by a watchdog, which looks every two seconds: life is a number
that grows, so neither a clock that jumps nor two hosts whose clocks differ make a living one look dead. Starting one
too many is harmless, see `sweep`.
"""

import os
import secrets
import time
from datetime import timedelta

from django.conf import settings
from django.db.models import F
from django_q.tasks import async_task

from sora_portal import clock
from sora_portal.broker import own_queue
from sora_portal.generations.models import PollerSlot
from sora_portal.generations.polling.lease_file import LeaseFile
from sora_portal.generations.polling.poller import POLLERS, Poller

SLOTS = tuple(range(1, POLLERS + 1))
SLICE = 20.0
SILENCE = 4.0
TASK = "sora_portal.generations.tasks.sweep_slice"
CLUSTER = "sweep"
TAKE_OVER = "take over at "


class Lookout:
    """Starts the sweep where it shows no life; one in each watchdog, which calls it every few seconds.

    `queue` is the queue of the cluster that is to sweep.
    """

    def __init__(self, queue: str = CLUSTER) -> None:
        self._queue = queue
        self._seen: dict[int, tuple[int, float]] = {}

    def __call__(self) -> int:
        """Queue a first slice for every silent slot; return how many. Harmless when repeated."""
        started = 0
        for slot in SLOTS:
            row, _ = PollerSlot.objects.get_or_create(slot=slot)
            beats, since = self._seen.get(slot, (row.beats, None if _looks_dead(row) else time.monotonic()))
            silent = beats == row.beats and (since is None or time.monotonic() - since > SILENCE)
            if silent:
                async_task(TASK, slot, f"{TAKE_OVER}{row.beats}", cluster=self._queue)
                started += 1
            if silent or beats != row.beats or slot not in self._seen:
                self._seen[slot] = (row.beats, time.monotonic())
        return started


def _looks_dead(row: PollerSlot) -> bool:
    """Return whether a slot that is seen for the first time need not be watched for a while first."""
    return row.beat_at is None or abs(clock.now() - row.beat_at) > timedelta(seconds=SILENCE)


def run_slice(slot: int, holder: str) -> None:
    """Sweep for one slice as `holder` of the slot, then queue the next slice.

    "take over at 17" takes the slot from whoever has it, if there has been no sign of life since the 17th.
    """
    seen = holder.removeprefix(TAKE_OVER) if holder.startswith(TAKE_OVER) else None
    me = holder if seen is None else f"{os.getpid()}-{secrets.token_hex(8)}"
    mine = (
        PollerSlot.objects.filter(pk=slot, holder=me)
        if seen is None
        else PollerSlot.objects.filter(pk=slot, beats=int(seen))
    )
    if not mine.update(holder=me, beats=F("beats") + 1, beat_at=clock.now()):
        return

    def keep_going() -> bool:
        rows = PollerSlot.objects.filter(pk=slot, holder=me)
        return bool(rows.update(beats=F("beats") + 1, beat_at=clock.now()))

    with LeaseFile(settings.DATA_DIR / "run", str(slot)) as diary:
        Poller(diary).run(SLICE, keep_going)
    if keep_going():
        async_task(TASK, slot, me, cluster=own_queue(CLUSTER))
