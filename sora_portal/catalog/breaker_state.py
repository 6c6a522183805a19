"""What became of calls to vendors, written down for all processes. Every call went well until somebody says otherwise.

Cheap on the good way: one read, and no write as long as nothing changes (a success is noted once a minute). Whoever
makes hundreds of calls a second (the sweep) counts them first and tells them here once a tick.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from sora_portal.catalog import circuit_breaker
from sora_portal.catalog.circuit_breaker import FRESH, Operation, Position
from sora_portal.catalog.models import Breaker
from sora_portal.providers.redaction import redact
from sora_portal.time_scale import scaled

RULES = ("failures", "opened_at", "rests", "next_try_at", "trial")


def of(connection_id: int) -> dict[Operation, Breaker]:
    """Return the breakers of a connection by operation; all three, whether they are stored or not."""
    found = {Operation(row.operation): row for row in Breaker.objects.filter(connection_id=connection_id)}
    return {
        operation: found.get(operation) or Breaker(connection_id=connection_id, operation=operation.value)
        for operation in Operation
    }


def tripped() -> list[Breaker]:
    """Return every breaker that is open or half-open, and every vendor's wish that may still hold; few rows."""
    return list(Breaker.objects.filter(Q(opened_at__isnull=False) | Q(wish_until__isnull=False)).order_by("pk"))


def failed(
    *,
    connection_id: int,
    operation: Operation,
    kind: str,
    text: str,
    now: datetime,
    began_at: datetime | None = None,
    count: int = 1,
) -> bool:
    """Count `count` failures of calls that `began_at`; return whether this opened the breaker.

    `kind` is the word of an ErrorKind, `text` the vendor's own words for staff; secrets are taken out.
    """

    def change(row: Breaker) -> None:
        _set(
            row, circuit_breaker.failed(row.rules, operation, now=now, wait=_rest(row), began_at=began_at, count=count)
        )
        row.last_error_at, row.last_error_kind = now, kind[:20]
        row.last_error_text = redact(" ".join(text.split()))[:300]

    before, after = _change(connection_id, operation, change)
    return before is Position.CLOSED and after is not Position.CLOSED


def answered(*, connection_id: int, operation: Operation, now: datetime, well: bool = True) -> bool:
    """Note that a call was answered properly, and `well` (not by a refusal); return whether this closed the breaker."""
    row = Breaker.objects.filter(connection_id=connection_id, operation=operation.value).first()
    stale = row is None or row.last_success_at is None or row.last_success_at <= now - FRESH
    if not (well and stale) and (row is None or row.rules == circuit_breaker.closed()):
        return False

    def change(row: Breaker) -> None:
        _set(row, circuit_breaker.closed())
        if well:
            row.last_success_at = now

    before, _ = _change(connection_id, operation, change)
    return before is not Position.CLOSED


def wished(*, connection_id: int, operation: Operation, until: datetime) -> None:
    """Note until when the vendor asked us to leave it alone; an earlier wish that goes further stays."""

    def change(row: Breaker) -> None:
        row.wish_until = max(until, row.wish_until or until)

    _change(connection_id, operation, change)


def take_try(*, connection_id: int, operation: Operation, now: datetime) -> bool:
    """Return whether the caller may make the next try of an open breaker; of many who ask, one may."""
    return _take(connection_id, operation, now, lambda row: row.rules.try_due(now))


def take_trial(*, connection_id: int, now: datetime) -> bool:
    """Return whether the caller may send the one create of a half-open breaker; of many who ask, one may."""
    return _take(connection_id, Operation.CREATE, now, lambda row: row.rules.position is Position.HALF_OPEN)


def half_open(*, connection_id: int) -> None:
    """A status query came through: let one create go where the breaker of creates is open."""

    def change(row: Breaker) -> None:
        _set(row, circuit_breaker.half_opened(row.rules))

    _change(connection_id, Operation.CREATE, change)


def still_tripped(*, connection_id: int, operation: Operation, now: datetime) -> None:
    """A try was in vain: leave the vendor alone for longer."""

    def change(row: Breaker) -> None:
        _set(row, circuit_breaker.rested(row.rules, now=now, wait=_rest(row)))

    _change(connection_id, operation, change)


def _rest(row: Breaker) -> timedelta:
    return scaled(circuit_breaker.cooldown(row.rests, jitter=random.random()))


def _take(connection_id: int, operation: Operation, now: datetime, may: Callable[[Breaker], bool]) -> bool:
    taken = False

    def change(row: Breaker) -> None:
        nonlocal taken
        taken = may(row)
        if taken:
            _set(row, circuit_breaker.taken(row.rules, now=now, wait=_rest(row)))

    _change(connection_id, operation, change)
    return taken


def _set(row: Breaker, rules: circuit_breaker.BreakerState) -> None:
    for name in RULES:
        setattr(row, name, getattr(rules, name))


def _change(connection_id: int, operation: Operation, change: Callable[[Breaker], None]) -> tuple[Position, Position]:
    """Apply `change` to the row, locked and fresh, and store it; return what it let through before and after."""
    with transaction.atomic():
        Breaker.objects.get_or_create(connection_id=connection_id, operation=operation.value)
        rows = Breaker.objects.select_for_update(no_key=True)
        row = rows.get(connection_id=connection_id, operation=operation.value)
        before = row.rules.position
        change(row)
        row.save()
    return before, row.rules.position
