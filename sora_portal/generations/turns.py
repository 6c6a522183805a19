"""Who may go out next: how many creates a connection takes now, and whose turn it is among those that wait.

All of it is read from the database, under the connection's row lock where it decides (`claiming.claim`), so it holds
across processes. What waits is told why; what frees a place wakes the next in turn, and the sweep is the net.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from sora_portal.catalog import health
from sora_portal.catalog.breakers import Operation, Position
from sora_portal.catalog.models import Connection, VideoModel
from sora_portal.generations import feed
from sora_portal.generations.domain import QUEUE_DEADLINE, RATE_WINDOW, WAIT, State, in_turn, place_words
from sora_portal.generations.models import Attempt, Generation
from sora_portal.generations.wake import SUBMIT, wake
from sora_portal.pace import scaled

log = logging.getLogger(__name__)

IN_FLIGHT = [State.SUBMITTING.value, State.UNCONFIRMED.value, State.RUNNING.value]
# Rows that are told a new reason in one go; the others hear it when they are due next.
TOLD_AT_ONCE = 50


@dataclass(frozen=True)
class Way:
    """How many creates may go to a connection now, and `why` not more, in words for those who wait.

    `crowded`: they wait for others, so it matters how many go first. `trial` says that the one create is the test of a
    half-open breaker. `closed`: it has no usable key. `again_at` is when it may be more without anything happening
    first.
    """

    free: int
    why: str
    crowded: bool = False
    trial: bool = False
    closed: bool = False
    again_at: datetime | None = None


def way(connection: Connection, now: datetime) -> Way:
    """Return how many creates may go to `connection`, by its pause, breakers, wishes and caps."""
    if connection.is_closed:
        return Way(0, connection.closed_text, closed=True)
    if connection.paused_at:
        return Way(0, f"{connection.label} is paused. New videos wait; nothing is lost.")
    found = health.of(connection.pk)
    create = found[Operation.CREATE]
    unwell = f"{connection.label} does not answer properly right now. Your video waits; nothing is lost."
    if Position.OPEN in (create.rules.position, found[Operation.QUERY].rules.position):
        return Way(0, unwell)
    if create.wish_until and create.wish_until > now:
        why = f"{connection.label} asked us to wait a little. Your video goes out by itself."
        return Way(0, why, again_at=create.wish_until)
    busy = Generation.objects.filter(connection=connection, state__in=IN_FLIGHT).count()
    free = connection.max_in_flight - busy
    if free <= 0:
        return Way(0, f"Waiting for a free place at {connection.label}.", crowded=True)
    window = scaled(RATE_WINDOW * connection.pace)
    sent = Attempt.objects.filter(connection=connection, prepared_at__gt=now - window).order_by("prepared_at")
    recent = list(sent.values_list("prepared_at", flat=True)[: connection.max_creates])
    rate = connection.max_creates - len(recent)
    if rate <= 0:
        why = f"{connection.label} takes {connection.max_creates} new videos in ten seconds."
        return Way(0, why, crowded=True, again_at=recent[0] + window if recent else None)
    if create.rules.position is Position.HALF_OPEN:
        return Way(1, unwell, trial=True)
    return Way(min(free, rate), f"Waiting for a free place at {connection.label}.", crowded=True)


def line(connection_id: int, now: datetime) -> list[int]:
    """Return the queued rows of a connection that only wait for a place, in their turn."""
    rows = Generation.objects.filter(connection_id=connection_id, state=State.QUEUED.value)
    rows = rows.filter(Q(held_until=None) | Q(held_until__lte=now), model__in=VideoModel.objects.offered().values("pk"))
    waiting = list(rows.order_by("id").values_list("pk", "author_id"))
    if len(waiting) < 2:
        return [row for row, _ in waiting]
    under_way = Generation.objects.filter(connection_id=connection_id, state__in=IN_FLIGHT)
    busy = dict(under_way.values_list("author_id").annotate(Count("pk")))
    return in_turn(waiting, busy)


def overdue(row: Generation, now: datetime) -> bool:
    """Return whether the row was submitted longer ago than anything may wait in the queue."""
    return row.created_at < now - scaled(QUEUE_DEADLINE)


def words(way: Way, ahead: int) -> str:
    """Return what a row reads that has `ahead` others before it."""
    return f"{way.why} {place_words(ahead)}" if way.crowded else way.why


def due_again(way: Way, now: datetime) -> datetime:
    """Return when a row that waits for `way` is looked at again if nobody wakes it before."""
    return min(now + scaled(WAIT), way.again_at or now + scaled(WAIT))


def call_next(connection_id: int) -> None:
    """Wake the next in turn once the current transaction is committed: a place has become free, or a way has opened."""
    transaction.on_commit(partial(_call_next, connection_id))


def _call_next(connection_id: int) -> None:
    """Wake whoever was told to wait and is first in line; trouble here is nobody's error, the sweep wakes them too."""
    try:
        told = Generation.objects.filter(connection_id=connection_id, state=State.QUEUED.value).exclude(waiting_for="")
        if told.exists():
            wake_first(line(connection_id, timezone.now()))
    except Exception:
        log.exception("the next in turn at connection %s was not woken; the sweep does it", connection_id)


def wake_first(rows: list[int]) -> None:
    """Wake the first of `rows` if it was told to wait; one that was not has a wake-up of its own under way."""
    if rows and Generation.objects.filter(pk=rows[0]).exclude(waiting_for="").exists():
        wake(SUBMIT, rows[0])


def choose(waiting: Collection[Generation], now: datetime) -> list[int]:
    """Return those of the due queued rows whose turn it is; tell the others why they wait and when they are due again.

    For the sweep, outside any transaction: without it every waiting row would wake a worker every few seconds.
    """
    chosen: list[int] = []
    by_connection: dict[int, list[int]] = {}
    for row in waiting:
        if row.cancel_wanted_at or overdue(row, now):
            chosen.append(row.pk)
        else:
            by_connection.setdefault(row.connection_id, []).append(row.pk)
    for connection in Connection.objects.filter(pk__in=by_connection):
        ours = by_connection[connection.pk]
        open_way = way(connection, now)
        places = {pk: place for place, pk in enumerate(line(connection.pk, now))}
        # Whoever is in no line (a paused model, say) is looked at by a worker, which finds the words for it.
        turn = [pk for pk in ours if pk not in places or places[pk] < open_way.free]
        chosen += turn
        _tell({pk: places[pk] for pk in ours if pk not in turn}, open_way, now)
    return chosen


def _tell(places: dict[int, int], open_way: Way, now: datetime) -> None:
    """Let rows wait, in words: `places` says how many go before each."""
    rows = Generation.objects.filter(pk__in=places, state=State.QUEUED.value)
    rows.update(due_at=due_again(open_way, now))
    news: list[tuple[Generation, str]] = []
    for row in rows.order_by("pk").only("project", "waiting_for"):
        text = words(open_way, places[row.pk])
        if row.waiting_for != text and len(news) < TOLD_AT_ONCE:
            news.append((row, text))
    if news and open_way.closed:
        log.warning("%d queued videos wait: %s", len(news), open_way.why)
    with transaction.atomic():
        # All rows first and the feed last, so that nobody waits in a circle with somebody who moves one of them.
        moved = [row for row, text in news if rows.filter(pk=row.pk).update(waiting_for=text)]
        for row in moved:
            feed.publish(row)
