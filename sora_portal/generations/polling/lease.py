"""The lease of the sweep: which rows are looked at in the next tick, and when each is due again."""

import random
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from sora_portal import failpoints
from sora_portal.generations.domain import FETCH_LEASE, LEASE, SLOW_POLL, Phase, State, poll_interval
from sora_portal.generations.models import Attempt, Generation
from sora_portal.generations.polling.requeue import requeue_rows
from sora_portal.time_scale import scaled

BATCH = 5000
LEASED = ("pk", "state", "due_at", "fence", "connection", "created_at", "cancel_wanted_at")
# However short an interval is, nobody looks again sooner than this.
SOONEST = timedelta(seconds=0.2)
POLLED = [State.RUNNING.value, State.NEEDS_DECISION.value]


@dataclass(frozen=True)
class Poll:
    """One status query to make, at its own time."""

    attempt: Attempt
    at: datetime


def lease(now: datetime, ahead: float, quiet: Collection[int] = ()) -> list[Poll]:
    """Take the looks due before `now` + `ahead` seconds and return them; queue wake-ups for what else is due `now`.

    Connections in `quiet` are not asked: their rows only move on, each in its own rhythm.

    One short transaction; every row taken is due again later, so a crash right after it loses nothing.
    """
    with transaction.atomic():
        rows = _due(now, now + timedelta(seconds=ahead))
        if not rows:
            return []
        attempts = _attempts(generation_id__in=[row.pk for row in rows if row.state in POLLED])
        later: list[tuple[datetime, int]] = []
        looks = []
        for row in rows:
            attempt = attempts.get(row.pk)
            if attempt is not None and attempt.connection_id not in quiet:
                looks.append(Poll(attempt, row.due_at or now))
            later.append((_next(row, attempt, now), row.pk))
        _postpone(later)
    failpoints.reach("looks-leased")
    requeue_rows([row for row in rows if row.pk not in attempts], now)
    return looks


def _due(now: datetime, until: datetime) -> list[Generation]:
    """Return the rows due before `until`, soonest first; rows that another sweeper is leasing are skipped.

    Only looks are taken ahead of their time. A worker that is woken too early is refused, and goes away.
    """
    rows = Generation.objects.filter(Q(state__in=POLLED) | Q(due_at__lte=now), due_at__lt=until)
    rows = rows.order_by("due_at").only(*LEASED)
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(no_key=True, skip_locked=True)
    return list(rows[:BATCH])


def _attempts(**which: list[int]) -> dict[int, Attempt]:
    """Return the accepted attempts among `which`, by generation."""
    if not any(which.values()):
        return {}
    rows = Attempt.objects.filter(phase=Phase.ACCEPTED.value, **which)
    rows = rows.select_related("connection", "credential", "generation__model").defer("request")
    return {row.generation_id: row for row in rows}


def again(attempt_ids: list[int], now: datetime) -> list[Poll]:
    """Return looks, to be made at once, at those of the attempts that still have to be watched.

    Nothing is leased: whoever leased them has moved their rows on already.
    """
    attempts = _attempts(pk__in=attempt_ids).values()
    return [Poll(attempt, now) for attempt in attempts if attempt.generation.state in POLLED]


def _next(row: Generation, attempt: Attempt | None, now: datetime) -> datetime:
    """Return when the row is due again if nothing comes of this time."""
    due = row.due_at or now
    if row.state == State.NEEDS_DECISION:
        return now + scaled(SLOW_POLL)
    if attempt is None:
        return now + scaled(FETCH_LEASE if row.state == State.FETCHING else LEASE)
    age = (now - (attempt.generation.started_at or now)).total_seconds()
    scale = attempt.pace * settings.SORA_PORTAL_TIME_SCALE
    interval = timedelta(seconds=poll_interval(attempt.interval, age=age / (scale or 1.0)) * scale)
    following, soonest = due + interval, now + SOONEST
    if following <= now:
        # After an outage: spread what piled up over one interval instead of firing it as a herd.
        following = soonest + (interval - SOONEST) * random.random()
    return max(following, soonest)


def _postpone(later: Iterable[tuple[datetime, int]]) -> None:
    """Write the new due times; one prepared statement, as `bulk_update` is seventy times slower here."""
    adapt = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE generations_generation SET due_at = %s WHERE id = %s", [(adapt(at), pk) for at, pk in later]
        )
