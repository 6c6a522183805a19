"""Who may go out next: how many creates a connection takes now, and whose turn it is among those that wait.

All of it is read from the database, under the connection's row lock where it decides (`claiming`), so it holds across
processes. Wake-ups are not the queue: what waits is rows, and a worker that is called to a connection (`call`) sends
whoever is next in turn for as long as there is a free place. Finding the next costs a step for each member who waits
and none for each video. What waits is told why; the sweep is the net.
"""

import logging
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import connection as database
from django.db import transaction
from django.db.models import Count, OuterRef, Q, Subquery

from sora_portal import clock
from sora_portal.accounts.models import User
from sora_portal.broker import FIRST
from sora_portal.catalog import breaker_state
from sora_portal.catalog.circuit_breaker import Operation, Position
from sora_portal.catalog.models import Connection, Lifecycle, VideoModel
from sora_portal.generations.domain import QUEUE_DEADLINE, RATE_WINDOW, WAIT, WAIT_EACH, State, in_turn, place_words
from sora_portal.generations.enqueue import FILL, queue
from sora_portal.generations.feed import counter
from sora_portal.generations.models import Attempt, Generation, GenerationQuerySet, Line, Served
from sora_portal.time_scale import scaled
from sora_portal.uptime.counted import ago

log = logging.getLogger(__name__)

HOLDS_A_SLOT = [State.SUBMITTING.value, State.UNCONFIRMED.value, State.RUNNING.value]
# Rows that are told a new reason in one go; the others hear it when they are due next.
TOLD_AT_ONCE = 50
# A worker that was called and has not come for so long may have died on the way.
CALL_LOST = timedelta(seconds=5)
# The members who wait at a connection, one step in the index for each, however many videos each of them has there.
MEMBERS = """
    WITH RECURSIVE member(id) AS (
        SELECT MIN(author_id) FROM generations_generation WHERE connection_id = %s AND state = 'queued'
        UNION ALL
        SELECT (SELECT MIN(author_id) FROM generations_generation
                WHERE connection_id = %s AND state = 'queued' AND author_id > member.id)
        FROM member WHERE member.id IS NOT NULL
    ) SELECT id FROM member WHERE id IS NOT NULL
"""


@dataclass(frozen=True)
class Capacity:
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


def capacity(connection: Connection, now: datetime) -> Capacity:
    """Return how many creates may go to `connection`, by its pause, breakers, wishes and caps."""
    if connection.is_closed:
        return Capacity(0, connection.closed_text, closed=True)
    if connection.paused_at:
        return Capacity(0, f"{connection.label} is paused. New videos wait; nothing is lost.")
    found = breaker_state.of(connection.pk)
    create = found[Operation.CREATE]
    unwell = f"{connection.label} does not answer properly right now. Your video waits; nothing is lost."
    if Position.OPEN in (create.rules.position, found[Operation.QUERY].rules.position):
        return Capacity(0, unwell)
    if create.wish_until and create.wish_until > now:
        why = f"{connection.label} asked us to wait a little. Your video goes out by itself."
        return Capacity(0, why, again_at=create.wish_until)
    busy = Generation.objects.filter(connection=connection, state__in=HOLDS_A_SLOT).count()
    free = connection.max_in_flight - busy
    if free <= 0:
        return Capacity(0, f"Waiting for a free place at {connection.label}.", crowded=True)
    window = scaled(RATE_WINDOW * connection.pace)
    sent = Attempt.objects.filter(connection=connection, prepared_at__gt=now - window, prepared_at__lte=now + window)
    sent = sent.order_by("prepared_at")
    recent = list(sent.values_list("prepared_at", flat=True)[: connection.max_creates])
    rate = connection.max_creates - len(recent)
    if rate <= 0:
        why = f"{connection.label} takes {connection.max_creates} new videos in ten seconds."
        return Capacity(0, why, crowded=True, again_at=recent[0] + window if recent else None)
    if create.rules.position is Position.HALF_OPEN:
        return Capacity(1, unwell, trial=True)
    return Capacity(min(free, rate), f"Waiting for a free place at {connection.label}.", crowded=True)


def closed(model: VideoModel) -> str:
    """Return why nothing goes out to a model at all, or the empty string."""
    if model.stage is Lifecycle.RETIRED:
        return f"{model.label} has ended. An admin decides what becomes of this video; its credits stay reserved."
    return "" if model.takes_new else f"{model.label} is paused. The video waits; nothing is lost."


def _in_line(connection_id: int, now: datetime) -> GenerationQuerySet:
    """Return the queued rows of a connection that only wait for a place."""
    rows = Generation.objects.filter(connection_id=connection_id, state=State.QUEUED.value)
    return rows.filter(Q(held_until=None) | Q(held_until__lte=now), model__in=VideoModel.objects.offered().values("pk"))


def _shares(connection_id: int) -> tuple[Counter[int], dict[int, int]]:
    """Return by member how many videos they have under way at a connection, and when they were served last there."""
    under_way = Generation.objects.filter(connection_id=connection_id, state__in=HOLDS_A_SLOT)
    busy = Counter(dict(under_way.values_list("author_id").annotate(Count("pk"))))
    return busy, dict(Served.objects.filter(connection_id=connection_id).values_list("author_id", "last"))


def queue_order(connection_id: int, now: datetime) -> list[int]:
    """Return the queued rows of a connection that only wait for a place, in their turn. For telling them so."""
    waiting = list(_in_line(connection_id, now).order_by("id").values_list("pk", "author_id"))
    if len(waiting) < 2:
        return [row for row, _ in waiting]
    return in_turn(waiting, *_shares(connection_id))


def waiting(connection_id: int, now: datetime, *, most: int) -> int:
    """Return how many queued rows of a connection only wait for a place, counted up to `most`."""
    return _in_line(connection_id, now).order_by()[:most].count()


def first(connection_id: int, now: datetime, passed: Collection[int] = ()) -> int | None:
    """Return the row whose turn it is at a connection: the first of `line`, but for those `passed`; None for none."""
    with database.cursor() as cursor:
        cursor.execute(MEMBERS, [connection_id, connection_id])
        members = [row[0] for row in cursor.fetchall()]
    if not members:
        return None
    mine = _in_line(connection_id, now).filter(author=OuterRef("pk")).exclude(pk__in=passed).order_by("id")
    heads = User.objects.filter(pk__in=members).annotate(head=Subquery(mine.values("pk")[:1])).order_by()
    waiting = sorted((head, member) for member, head in heads.values_list("pk", "head") if head is not None)
    if len(waiting) < 2:
        return waiting[0][0] if waiting else None
    return in_turn(waiting, *_shares(connection_id))[0]


def served(attempt: Attempt, author_id: int) -> None:
    """Note whose turn it was. To be called with the connection locked."""
    values = {"connection_id": attempt.connection_id, "author_id": author_id}
    if not Served.objects.filter(**values).update(last=attempt.pk):
        Served.objects.create(**values, last=attempt.pk)


def deadline(now: datetime) -> datetime:
    """Return before when a video must have been submitted to have waited too long."""
    return ago(scaled(QUEUE_DEADLINE), now)


def words(way: Capacity, ahead: int) -> str:
    """Return what a row reads that has `ahead` others before it."""
    return f"{way.why} {place_words(ahead)}" if way.crowded else way.why


def due_again(way: Capacity, now: datetime, ahead: int) -> datetime:
    """Return when a row with `ahead` others before it hears again how things stand; its turn comes without that."""
    # In steps, so that a thousand rows share few moments.
    later = now + scaled(WAIT + WAIT_EACH * (ahead - ahead % TOLD_AT_ONCE))
    return min(later, way.again_at) if way.again_at and ahead < TOLD_AT_ONCE else later


def call(connection_id: int) -> None:
    """Call a worker to a connection once the current transaction is committed; harmless when done twice or never.

    Called whenever something may go out: a video is new, a place has become free, or a way has opened.
    """
    transaction.on_commit(partial(_call, connection_id))


def _call(connection_id: int) -> None:
    """Queue a call unless one is on its way already. Trouble here is nobody's error: the sweep calls as well."""
    try:
        now = clock.now()
        rows = Line.objects.filter(pk=connection_id)
        rows = rows.filter(Q(called_at=None) | Q(called_at__lt=now - CALL_LOST) | Q(called_at__gt=now + CALL_LOST))
        if not rows.exists():
            _, is_new = Line.objects.get_or_create(connection_id=connection_id)
            if not is_new:
                return
        if rows.update(called_at=now):
            queue(FILL, connection_id, cluster=FIRST)
    except Exception:
        log.exception("no worker was called to connection %s; the sweep does it", connection_id)


def came(connection_id: int) -> None:
    """Note that a worker that was called is there: whatever happens from now on needs another call."""
    Line.objects.filter(pk=connection_id, called_at__isnull=False).update(called_at=None)


def call_where_free(now: datetime) -> None:
    """Call a worker to every connection that takes more and at which a video waits for that. For the sweep."""
    for connection in Connection.objects.filter(paused_at=None):
        if first(connection.pk, now) is not None and capacity(connection, now).free > 0:
            call(connection.pk)


def tell(waiting: Collection[Generation], now: datetime) -> list[int]:
    """Tell due queued rows why they wait and when they are due again; return those that a worker has to end.

    For the sweep, outside any transaction.
    """
    limit = deadline(now)
    ending = [row.pk for row in waiting if row.cancel_wanted_at or row.created_at < limit]
    by_connection: dict[int, list[int]] = {}
    for row in waiting:
        if row.pk not in ending:
            by_connection.setdefault(row.connection_id, []).append(row.pk)
    for connection in Connection.objects.filter(pk__in=by_connection):
        _tell(by_connection[connection.pk], connection, now)
    return ending


def _tell(ours: list[int], connection: Connection, now: datetime) -> None:
    """Let rows of a connection wait, in words; those in no line wait for their model."""
    open_way = capacity(connection, now)
    places = {pk: place for place, pk in enumerate(queue_order(connection.pk, now))}
    models = {model.pk: model for model in VideoModel.objects.filter(connection=connection)}
    rows = Generation.objects.filter(pk__in=ours, state=State.QUEUED.value)
    news: list[tuple[Generation, str]] = []
    later: dict[datetime, list[int]] = {}
    for row in rows.order_by("pk").only("project", "model", "waiting_for"):
        place = places.get(row.pk)
        later.setdefault(due_again(open_way, now, place or 0), []).append(row.pk)
        text = words(open_way, place) if place is not None else closed(models[row.model_id])
        # Not those that go out at once.
        if text and text != row.waiting_for and (place is None or place >= open_way.free) and len(news) < TOLD_AT_ONCE:
            news.append((row, text))
    for moment, pks in later.items():
        rows.filter(pk__in=pks).update(due_at=moment)
    if news and open_way.closed:
        log.warning("%d queued videos wait: %s", len(news), open_way.why)
    with transaction.atomic():
        # All rows first and the feed last, so that nobody waits in a circle with somebody who moves one of them.
        moved = [row for row, text in news if rows.filter(pk=row.pk).update(waiting_for=text)]
        for row in moved:
            counter.publish(row)
