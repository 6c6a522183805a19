"""What answers say about the vendor itself: whether it works, and whether it wants to be left alone.

The sweep makes hundreds of queries a second, so it counts what they say (`Tally`) and writes it down once a tick.
Everything here is about the connection; what an answer does to its row is in `answering` and `watching`.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError

from sora_portal.catalog import breaker_state
from sora_portal.catalog.circuit_breaker import Operation
from sora_portal.catalog.models import Breaker
from sora_portal.generations import admission
from sora_portal.generations.domain import RETRY_CAP, backoff
from sora_portal.generations.models import Attempt
from sora_portal.providers import taxonomy
from sora_portal.providers.base import Created, ErrorKind, Job, Verdict
from sora_portal.time_scale import scaled

log = logging.getLogger(__name__)

# A query that was answered by one of these was answered properly: the vendor works, it only says no.
SAYS_NO = frozenset(
    {
        ErrorKind.BAD_KEY,
        ErrorKind.NO_BALANCE,
        ErrorKind.INVALID_REQUEST,
        ErrorKind.CONTENT_POLICY,
        ErrorKind.RATE_LIMITED,
        ErrorKind.MISCONFIGURED,
    }
)
UNCLEAR = frozenset({Verdict.NOT_SENT, Verdict.AMBIGUOUS})


def is_broken(job: Job) -> bool:
    """Return whether a status answer speaks of a vendor that does not work."""
    return not job.usable and (taxonomy.by_code(job.code) if job.code else job.kind) not in SAYS_NO


def read_retry_after(retry_after: float) -> timedelta:
    """Return a vendor's wish to be left alone: in real time, and only bounded."""
    return timedelta(seconds=min(retry_after, RETRY_CAP))


def quiet(unwell: Iterable[Breaker], now: datetime) -> frozenset[int]:
    """Return the connections that get no status query now: their breaker of queries is open, or they asked for it."""
    queries = [row for row in unwell if row.operation == Operation.QUERY.value]
    return frozenset(row.connection_id for row in queries if row.opened_at or (row.wish_until or now) > now)


def cooldown_until(connection_id: int, now: datetime) -> datetime | None:
    """Return until when no status query goes to a connection, or None when one may go now."""
    row = breaker_state.of(connection_id)[Operation.QUERY]
    moments = [row.next_try_at if row.opened_at else None, row.wish_until]
    later = [moment for moment in moments if moment and moment > now]
    # Behind the query that tests whether it works again.
    return max(later) + timedelta(seconds=2) if later else now + timedelta(seconds=2) if row.opened_at else None


def note_query(attempt: Attempt, job: Job, *, began_at: datetime, now: datetime) -> None:
    """Write down what one status query says about the vendor; for callers that make few of them."""
    tally = HealthCounter()
    tally.note(attempt, job, began_at=began_at, now=now)
    tally.write(now)


def note_create(attempt: Attempt, created: Created, now: datetime) -> None:
    """Write down what a create call says about the vendor. Trouble here must not cost the answer, so none is raised."""
    connection_id = attempt.connection_id
    try:
        if created.verdict in UNCLEAR:
            breaker_state.failed(
                connection_id=connection_id,
                operation=Operation.CREATE,
                kind=(created.kind or ErrorKind.UNKNOWN).value,
                text=f"{created.code} {created.message}",
                now=now,
                began_at=attempt.sending_at,
            )
            return
        accepted = created.verdict is Verdict.ACCEPTED
        breaker_state.answered(connection_id=connection_id, operation=Operation.CREATE, now=now, well=accepted)
        if created.verdict is Verdict.WAIT:
            # A 429 speaks to the account: what is queued behind this one would hear the same.
            pause = (
                scaled(backoff(1, jitter=0.5)) if created.retry_after is None else read_retry_after(created.retry_after)
            )
            breaker_state.wished(connection_id=connection_id, operation=Operation.CREATE, until=now + pause)
    except DatabaseError:
        log.exception("what became of attempt %s was not written down for its connection", attempt.pk)


@dataclass
class Count:
    """What the queries to one connection said since it was last written down, in the order in which they came."""

    well: bool = False
    answered: bool = False
    broken: int = 0
    began_at: datetime | None = None
    kind: str = ""
    text: str = ""
    until: datetime | None = None


class HealthCounter:
    """Counts status answers by connection; `note` for each, `write` once a tick in a thread that has the database."""

    def __init__(self) -> None:
        self._counts: dict[int, Count] = {}

    def note(self, attempt: Attempt, job: Job, *, began_at: datetime, now: datetime) -> None:
        """Count one answer to a query that `began_at`, unless it was asked where the connection no longer is."""
        if attempt.base_url != attempt.connection.url or attempt.connection.is_closed:
            return
        count = self._counts.setdefault(attempt.connection_id, Count())
        if is_broken(job):
            count.broken += 1
            count.began_at = began_at
            count.kind, count.text = (job.kind or ErrorKind.UNKNOWN).value, f"{job.code} {job.message}"
            return
        count.answered, count.broken = True, 0
        count.well = count.well or job.usable
        if job.kind is ErrorKind.RATE_LIMITED and job.retry_after:
            # A 429 is about the account, so it holds for all queries; a 503 postpones its own row only.
            count.until = max(now + read_retry_after(job.retry_after), count.until or now)

    def write(self, now: datetime) -> None:
        """Write down what was counted and begin anew."""
        counts, self._counts = self._counts, {}
        for connection_id, count in counts.items():
            _write(connection_id, count, now)


def _write(connection_id: int, count: Count, now: datetime) -> None:
    query = Operation.QUERY
    if count.answered and breaker_state.answered(
        connection_id=connection_id, operation=query, now=now, well=count.well
    ):
        admission.call(connection_id)
    if count.broken:
        breaker_state.failed(
            connection_id=connection_id,
            operation=query,
            kind=count.kind,
            text=count.text,
            now=now,
            began_at=count.began_at,
            count=count.broken,
        )
    if count.until:
        breaker_state.wished(connection_id=connection_id, operation=query, until=count.until)
