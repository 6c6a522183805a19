"""Time that counts: only while the portal was at work. Pure: no Django, no clock."""

from collections.abc import Sequence
from datetime import datetime, timedelta

GAP = timedelta(minutes=10)
"""A silence as long as this was no work: the portal was off, or the clock jumped. A shorter one is a restart."""

Span = tuple[datetime, datetime]


def ago(wanted: timedelta, now: datetime, spans: Sequence[Span]) -> datetime:
    """Return the moment since which `wanted` has been worked; what began earlier than that has lasted longer.

    `spans` are the times of work, the oldest first and none overlapping. What came after the newest one counts if it is
    short, as it is being worked now; all that came before the oldest one counts, as nothing is known of it.
    """
    left, at = wanted, now
    for began, ended in reversed(spans):
        if began >= at:
            continue
        if at - ended > GAP:
            at = ended
        if at - began >= left:
            return at - left
        left -= at - began
        at = began
    return at - left
