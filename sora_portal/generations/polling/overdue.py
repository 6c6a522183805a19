"""Rows that are due beyond their own interval: a clock that was wrong planned them, and they would rest for days."""

import logging
from datetime import datetime, timedelta

from django.db.models import Q

from sora_portal.catalog.models import Breaker
from sora_portal.generations.domain import (
    FETCH_LEASE,
    LATE_REST,
    LEASE,
    RETRY_CAP,
    SLOW_POLL,
    UNKNOWN_GRACE,
    State,
)
from sora_portal.generations.models import CallbackInbox, Generation, LateTask
from sora_portal.time_scale import scaled

log = logging.getLogger(__name__)

# Seconds ahead that a row may be due at most by what plans it; an hour for what a vendor or a catalog row asks for.
FURTHEST = {
    State.QUEUED: 3600.0,
    State.SUBMITTING: LEASE,
    State.UNCONFIRMED: UNKNOWN_GRACE,
    State.RUNNING: 3600.0,
    State.FETCHING: max(FETCH_LEASE, RETRY_CAP),
    State.NEEDS_DECISION: max(SLOW_POLL, RETRY_CAP),
}
REAL = timedelta(seconds=RETRY_CAP + 60)
"""And this much in real time, in which a vendor's wish counts."""
BREAKER = timedelta(hours=1)


def bring_back(now: datetime) -> int:
    """Make everything due now that is due later than it can be; return how much that was. Harmless at any time."""
    found = 0
    for state, seconds in FURTHEST.items():
        horizon = now + scaled(seconds) + REAL
        rows = Generation.objects.filter(state=state.value)
        found += rows.filter(due_at__gt=horizon).update(due_at=now)
        found += rows.filter(held_until__gt=horizon).update(held_until=now)
    horizon = now + scaled(LATE_REST) + REAL
    late = LateTask.objects.filter(Q(due_at__gt=horizon) | Q(until__gt=horizon), due_at__isnull=False)
    found += late.update(due_at=now, until=now)
    found += CallbackInbox.objects.filter(due_at__gt=now + scaled(3600.0) + REAL).update(due_at=now)
    found += Breaker.objects.filter(next_try_at__gt=now + BREAKER).update(next_try_at=now)
    found += Breaker.objects.filter(wish_until__gt=now + BREAKER).update(wish_until=now)
    if found:
        log.warning("%d times that lay too far ahead were brought back", found)
    return found
