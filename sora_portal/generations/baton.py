"""Who sweeps. Two slots, each held by one hot sweeper that works in slices and hands its baton to the next slice.

django-q2's own schedules tick every 30-60 s and a task that runs for ever would never be recycled, so a slice lasts
20 s and queues its successor. A baton that shows no life is started again by the watchdog, which looks every two
seconds. Starting one too many is harmless, see `sweep`.
"""

import os
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django_q.tasks import async_task

from sora_portal.generations.diary import Diary
from sora_portal.generations.models import Baton
from sora_portal.generations.sweep import SWEEPERS, Sweeper

SLOTS = tuple(range(1, SWEEPERS + 1))
SLICE = 20.0
SILENCE = timedelta(seconds=4)
TASK = "sora_portal.generations.tasks.sweep_slice"
CLUSTER = "sweep"


def _silent(now: datetime) -> Q:
    return Q(beat_at=None) | Q(beat_at__lt=now - SILENCE)


def ensure() -> int:
    """Queue a first slice for every slot whose baton shows no life; return how many. Harmless when repeated."""
    now = timezone.now()
    started = 0
    for slot in SLOTS:
        if not Baton.objects.filter(pk=slot).exists():
            Baton.objects.get_or_create(slot=slot)
        asked = Q(asked_at=None) | Q(asked_at__lt=now - SILENCE)
        if Baton.objects.filter(_silent(now), asked, pk=slot).update(asked_at=now):
            async_task(TASK, slot, "", cluster=CLUSTER)
            started += 1
    return started


def run_slice(slot: int, holder: str) -> None:
    """Sweep for one slice as `holder` of the slot (empty: take over a silent one), then queue the next slice."""
    me = holder or f"{os.getpid()}-{secrets.token_hex(8)}"
    now = timezone.now()
    mine = Q(holder=me) if holder else _silent(now)
    if not Baton.objects.filter(mine, pk=slot).update(holder=me, beat_at=now):
        return

    def keep_going() -> bool:
        return bool(Baton.objects.filter(pk=slot, holder=me).update(beat_at=timezone.now()))

    with Diary(settings.DATA_DIR / "run", str(slot)) as diary:
        Sweeper(diary).run(SLICE, keep_going)
    if keep_going():
        async_task(TASK, slot, me, cluster=CLUSTER)
