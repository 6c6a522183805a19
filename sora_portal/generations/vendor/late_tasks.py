"""Late tasks: what a vendor makes after all of a video that has ended here without a file.

The end stands: its state does not move and its credits stay where they went. The task is watched beside it, as long as
vendors keep files, in a row of its own; `outputs.recovering` asks and fetches. `transitions.move` opens that row for
each task that is known when a video ends, `watch` for one that becomes known later. Every function takes the
generation's lock first, as everybody does, and every write of a worker names the fence of its claim.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from sora_portal.generations.domain import (
    FETCH_LEASE,
    LATE_REST,
    LATE_ROUNDS,
    LATE_WATCH,
    LOST_LEASES_LIMIT,
    SLOW_POLL,
    Phase,
    State,
)
from sora_portal.generations.enqueue import RECOVER, enqueue
from sora_portal.generations.feed import counter
from sora_portal.generations.models import Attempt, Generation, LateTask, Review
from sora_portal.generations.transitions import Lost, lock, note
from sora_portal.generations.vendor.health import cooldown_until
from sora_portal.installation import safe_mode
from sora_portal.time_scale import scaled
from sora_portal.uptime.counted import ago

log = logging.getLogger(__name__)

# However many callbacks claim that it is ready, nobody looks sooner than this.
HEARD_PAUSE = timedelta(seconds=2)
RECOVERED = "Recovered: the vendor made the video after all, and it is kept"
NOTHING = "Nothing came of what the vendor began"


def watch(*, generation: Generation, attempt: Attempt, now: datetime) -> None:
    """Begin to watch the task of a settled attempt, or begin again when a watch has ended; at most LATE_ROUNDS times.

    To be called inside a transaction, with the generation locked.
    """
    values: dict[str, Any] = {"ends_at": now + scaled(LATE_WATCH), "due_at": now, "until": now}
    row, created = LateTask.objects.get_or_create(attempt=attempt, defaults={**values, "opened_at": now})
    if not created:
        if row.due_at is not None or row.rounds >= LATE_ROUNDS or generation.has_a_file:
            return
        values |= {"rounds": row.rounds + 1, "fence": row.fence + 1, "busy": False, "outcome": ""}
        LateTask.objects.filter(pk=row.pk).update(**values, lost_leases=0, not_found=0, tries=0)
    enqueue(RECOVER, attempt.pk)


@transaction.atomic
def hear(attempt_id: int, now: datetime) -> None:
    """Take the claim that the task of an ended video is ready as a reason to look, soon; it may be anybody's."""
    generation, attempt = lock(attempt_id)
    if not generation.lacks_a_file:
        return
    watch(generation=generation, attempt=attempt, now=now)
    # Not while a download rests: what the vendor says of its task is no news of its file server.
    soon = now + HEARD_PAUSE
    rows = LateTask.objects.filter(pk=attempt_id, busy=False, tries=0, due_at__isnull=False, until__gt=soon)
    rows.update(until=soon, due_at=soon)


@transaction.atomic
def claim(attempt_id: int, now: datetime) -> LateTask | None:
    """Return the late task to be looked after now, leased to the caller; None when there is nothing to do now."""
    generation, attempt = lock(attempt_id)
    row = LateTask.objects.filter(pk=attempt_id, due_at__isnull=False, until__lte=now).first()
    if row is None or safe_mode.holds():
        return None
    row.attempt = attempt
    lost = row.lost_leases + 1 if row.busy else 0
    if generation.has_a_file:
        _close(row, "the video has its file")
    elif row.ends_at - scaled(LATE_WATCH) <= ago(scaled(LATE_WATCH), now) or lost >= LOST_LEASES_LIMIT:
        why = f"{lost} workers died over it" if lost >= LOST_LEASES_LIMIT else "it was watched long enough"
        _give_up(generation, row, why, now)
    elif generation.is_live:
        # An earlier attempt's task: as long as another may still bring the video, this one only waits.
        rest(row, now + scaled(SLOW_POLL))
    elif until := cooldown_until(attempt.connection_id, now):
        rest(row, until)
    else:
        lease = now + scaled(FETCH_LEASE)
        _write(row, fence=row.fence + 1, lost_leases=lost, busy=True, until=lease, due_at=lease)
        return row
    return None


def _write(row: LateTask, **values: Any) -> None:
    """Write to a row that is still watched and still the caller's; raises Lost otherwise."""
    if not LateTask.objects.filter(pk=row.pk, fence=row.fence, due_at__isnull=False).update(**values):
        raise Lost(f"{row} is no longer ours")
    for name, value in values.items():
        setattr(row, name, value)


def renew(row: LateTask, now: datetime) -> None:
    """Keep the claim for another lease; raises Lost when somebody else has it by now."""
    lease = now + scaled(FETCH_LEASE)
    _write(row, until=lease, due_at=lease)


def rest(row: LateTask, until: datetime, **values: Any) -> None:
    """Give the claim back and have the task looked after again at `until`; raises Lost."""
    _write(row, until=until, due_at=until, busy=False, lost_leases=0, **values)


def pause(row: LateTask, now: datetime) -> timedelta:
    """Return how long to wait for the next look: the longer it was watched, the longer."""
    watched = now - (row.ends_at - scaled(LATE_WATCH))
    return min(max(scaled(SLOW_POLL * row.attempt.pace), watched / 4), scaled(LATE_REST))


@transaction.atomic
def tell(row: LateTask, text: str, staff_text: str, now: datetime) -> None:
    """Write into the history what has become known of a late task."""
    generation, _ = lock(row.pk)
    note(generation, now=now, kind="late", text=text, staff_text=staff_text)
    counter.publish(generation)


def _give_up(generation: Generation, row: LateTask, why: str, now: datetime) -> None:
    _close(row, why)
    # Of a task that the vendor failed nobody was told that more might come of it.
    if row.attempt.phase != Phase.ACCEPTED:
        note(generation, now=now, kind="late", text=NOTHING, staff_text=why)
        counter.publish(generation)


def _close(row: LateTask, outcome: str) -> None:
    _write(row, due_at=None, busy=False, outcome=outcome[:200])


@transaction.atomic
def recover(
    row: LateTask, *, sha256: str, duration_ms: int, width: int, height: int, now: datetime, staff_text: str
) -> Generation:
    """End the watch with a file that is kept, and return its video, which is open for review from now on.

    Neither its state nor its credits move. Raises Lost when the claim is gone, or the video has a file already.
    """
    generation, _ = lock(row.pk)
    _close(row, "recovered")
    ended = Generation.objects.filter(pk=generation.pk, state__in=[State.FAILED.value, State.CANCELLED.value])
    values = {"sha256": sha256, "duration_ms": duration_ms, "width": width, "height": height}
    if not ended.filter(recovered_at=None).update(recovered_at=now, review=Review.WAITING.value, **values):
        raise Lost(f"{generation} has its file already")
    note(generation, now=now, kind="recovered", text=RECOVERED, staff_text=staff_text)
    counter.publish(generation)
    return generation
