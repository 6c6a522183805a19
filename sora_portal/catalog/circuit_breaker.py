"""Breakers: when the portal stops asking a vendor that does not answer properly, and when it tries again.

Pure: no Django, no clock. Each connection has one breaker for each operation. It opens after some failures in a row and
then rests, longer each time. A failure is trouble on the way or a broken server; a vendor that says no (429, 400, 402)
answers properly. A paid create is never the test whether a vendor is well again: while its breaker is open nothing is
created, a status query that comes through makes it half-open, and then one create may go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


class Operation(StrEnum):
    """What we ask of a vendor; one kind can be broken while the others work."""

    CREATE = "create"
    QUERY = "query"
    DOWNLOAD = "download"


class Position(StrEnum):
    """What a breaker lets through: everything, nothing, or one try."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


# Failures in a row that open a breaker. Each unclear create may cost a person a decision, so of these it takes fewer.
THRESHOLD: Mapping[Operation, int] = {Operation.CREATE: 3, Operation.QUERY: 5, Operation.DOWNLOAD: 5}
# Seconds, before SORA_PORTAL_TIME_SCALE: the first rest, and the longest.
FIRST_COOLDOWN = 30.0
LONGEST_COOLDOWN = 900.0
FRESH = timedelta(minutes=1)
"""How exact `last_success_at` is: a success that follows another is written down no more often than this."""


@dataclass(frozen=True)
class BreakerState:
    """How one operation at one connection stands.

    `failures` in a row; `rests` counts how often it was put to rest since it opened; `next_try_at` is when the vendor
    may be tried again; `trial` says that a status query came through, so that one create may go.
    """

    failures: int = 0
    opened_at: datetime | None = None
    rests: int = 0
    next_try_at: datetime | None = None
    trial: bool = False

    @property
    def position(self) -> Position:
        """What it lets through."""
        if self.opened_at is None:
            return Position.CLOSED
        return Position.HALF_OPEN if self.trial else Position.OPEN

    def try_due(self, now: datetime) -> bool:
        """Return whether it is open and the vendor may be tried again."""
        return self.position is Position.OPEN and self.next_try_at is not None and self.next_try_at <= now


def cooldown(rests: int, *, jitter: float) -> float:
    """Return the seconds of a rest after `rests` earlier ones: doubling, capped, spread by `jitter` in [0, 1)."""
    longest: float = min(FIRST_COOLDOWN * 2.0 ** min(rests, 20), LONGEST_COOLDOWN)
    return longest * (0.75 + jitter / 4)


def failed(
    breaker: BreakerState,
    operation: Operation,
    *,
    now: datetime,
    wait: timedelta,
    began_at: datetime | None = None,
    count: int = 1,
) -> BreakerState:
    """Return the breaker after `count` more failures; `wait` is the rest that follows where one is due.

    A call that `began_at` before the breaker opened says nothing new: twenty that were under way when the vendor broke
    down must not make the rest twenty times longer.
    """
    counted = replace(breaker, failures=breaker.failures + count)
    if breaker.opened_at is None:
        if counted.failures < THRESHOLD[operation]:
            return counted
        return replace(counted, opened_at=now, rests=1, next_try_at=now + wait)
    if began_at is not None and began_at <= breaker.opened_at:
        return counted
    return rested(counted, now=now, wait=wait)


def rested(breaker: BreakerState, *, now: datetime, wait: timedelta) -> BreakerState:
    """Return an open breaker put to rest again, as a try was in vain. A closed one stays closed."""
    return (
        breaker if breaker.opened_at is None else replace(taken(breaker, now=now, wait=wait), rests=breaker.rests + 1)
    )


def taken(breaker: BreakerState, *, now: datetime, wait: timedelta) -> BreakerState:
    """Return an open breaker whose one try is under way: whoever makes it and is never heard of is followed by another.

    A closed one stays closed.
    """
    return breaker if breaker.opened_at is None else replace(breaker, next_try_at=now + wait, trial=False)


def half_opened(breaker: BreakerState) -> BreakerState:
    """Return the breaker of creates after a status query came through: one create may go."""
    return breaker if breaker.opened_at is None else replace(breaker, trial=True)


def closed() -> BreakerState:
    """Return the breaker after a proper answer, even if it was a refusal: nothing is counted."""
    return BreakerState()
