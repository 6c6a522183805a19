"""Waking what nobody woke: the work that the rows' states ask for, and the callbacks that wait."""

import logging
from datetime import datetime, timedelta

from django_q.models import OrmQ
from django_q.tasks import async_task

from sora_portal import clock
from sora_portal.generations import admission
from sora_portal.generations.domain import IN_DOUBT, LEASE, SLOW_POLL, UNKNOWN_GRACE, Phase, State
from sora_portal.generations.enqueue import CALLBACK, FETCH, RECOVER, SUBMIT, WORK
from sora_portal.generations.models import CallbackInbox, Generation, LateTask
from sora_portal.generations.resolution.actions import write_off_overdue
from sora_portal.generations.transitions import Lost, move
from sora_portal.time_scale import scaled
from sora_portal.uptime.counted import ago

log = logging.getLogger(__name__)

BACKLOG = 500  # wake-ups that may wait for a worker; more would only make a cluster that comes back read old news
LATE_AT_ONCE = 20  # looks at ended videos in one second; what is live goes first
WAKES = {State.QUEUED.value: SUBMIT, State.SUBMITTING.value: SUBMIT, State.FETCHING.value: FETCH}


def requeue_rows(rows: list[Generation], now: datetime) -> None:
    """Queue the work that the rows' states ask for, or settle what only time decides.

    What finds no room in the queue is due again after its lease, like everything that was woken in vain.
    """
    room = _room() if rows else 0
    queued = [row for row in rows if row.state == State.QUEUED]
    ending = set(_to_end(queued, now)) if queued else set()
    rows = [row for row in rows if row.state != State.QUEUED or row.pk in ending]
    # Videos that are paid for come first.
    for row in sorted(rows, key=lambda row: row.state != State.FETCHING):
        try:
            if row.state not in WAKES:
                _settle_by_time(row, now)
            elif room > 0:
                async_task(WAKES[row.state], row.pk, cluster=WORK)
                room -= 1
        except Exception:
            # Its neighbours were taken in the same breath: without this they would all wait for another lease.
            log.exception("generation %s could not be woken", row.pk)


def _to_end(queued: list[Generation], now: datetime) -> list[int]:
    """Tell the queued rows why they wait; return those that a worker has to end, none when that cannot be found out."""
    try:
        return admission.tell(queued, now)
    except Exception:
        log.exception("what waits could not be told why")
        return []


def _room() -> int:
    """Return how many more wake-ups may be queued.

    Those that a cluster has taken do not count: if it was killed they stay locked for a quarter of an hour, and enough
    of them would keep every row from being woken for as long.
    """
    waiting: int = OrmQ.objects.filter(key=WORK, lock__lte=clock.now()).count()
    return max(0, BACKLOG - waiting)


def _settle_by_time(row: Generation, now: datetime) -> None:
    if row.state in IN_DOUBT and not write_off_overdue(row.pk, now) and row.state == State.UNCONFIRMED:
        _grace_over(row.pk, now)


def _grace_over(generation_id: int, now: datetime) -> None:
    """Nobody brought news of an unconfirmed request in time: a person has to look. The hold stays."""
    generation = Generation.objects.get(pk=generation_id)
    grace = scaled(UNKNOWN_GRACE)
    if generation.attempts.filter(phase=Phase.UNKNOWN.value, sending_at__range=(ago(grace, now), now - grace)).exists():
        # It is over only by a time in which the portal was off; after its lease somebody looks again.
        return
    text = "We could not find out whether the vendor took this video. An admin has to decide; nothing is sent twice."
    try:
        move(generation, State.NEEDS_DECISION, now=now, due_at=now + scaled(SLOW_POLL), text=text, failure_text=text)
    except (Lost, KeyError):
        log.info("news came for %s while its grace ended", generation)


def requeue_inbox(now: datetime) -> None:
    """Queue the callbacks whose own wake-up got lost."""
    due = CallbackInbox.objects.filter(due_at__lt=now - timedelta(seconds=3)).order_by("due_at")
    found = list(due.values_list("pk", flat=True)[:200])
    for pk in found[: _room() if found else 0]:
        CallbackInbox.objects.filter(pk=pk).update(due_at=now + scaled(LEASE))
        async_task(CALLBACK, pk, cluster=WORK)


def requeue_late_tasks(now: datetime) -> None:
    """Queue the looks at late tasks whose time has come."""
    due = LateTask.objects.filter(due_at__lt=now - timedelta(seconds=3)).order_by("due_at")
    found = list(due.values_list("pk", flat=True)[:LATE_AT_ONCE])
    for pk in found[: _room() if found else 0]:
        # Only one that is still watched: another worker may have ended the watch a moment ago.
        LateTask.objects.filter(pk=pk, due_at__isnull=False).update(due_at=now + scaled(LEASE))
        async_task(RECOVER, pk, cluster=WORK)
