"""Deadlines that count only time in which the portal was at work.

A server that was off for four days, or whose clock jumped by four days, has not looked at anything for these days. What
ends by time alone (a lost request is written off, a video that waited too long fails) therefore waits for as much time
at work, and nobody has to say which of the two it was.
"""

import logging
import time
from datetime import datetime, timedelta

from django.db import transaction

from sora_portal.uptime import domain
from sora_portal.uptime.models import Span

log = logging.getLogger(__name__)

EVERY = timedelta(seconds=30)
BACKWARDS = timedelta(minutes=1)
"""Clocks of two hosts on one database may differ by less than this."""
KEPT = 200
"""Spans that are kept: more than any deadline spans."""


def ago(wanted: timedelta, now: datetime) -> datetime:
    """Return the moment since which the portal has been at work for `wanted`: `domain.ago` by the table."""
    newest = Span.objects.order_by("-began_at").values_list("began_at", "ended_at")[:KEPT]
    return domain.ago(wanted, now, list(reversed(newest)))


class Keeper:
    """Keeps the table; one in each sweeper, which calls it every second."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, now: datetime) -> bool:
        """Note that the portal is at work; return whether time went backwards, so that rows may be due far too late."""
        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + EVERY.total_seconds() / 2
        return keep(now)


@transaction.atomic
def keep(now: datetime) -> bool:
    """Let the newest span grow until `now`, or begin another after a silence; return whether time went backwards."""
    newest = Span.objects.select_for_update(no_key=True).order_by("-began_at").first()
    if newest is None or now - newest.ended_at > domain.GAP:
        if newest is not None:
            log.warning("the time from %s to %s counts for no deadline", newest.ended_at, now)
        Span.objects.create(began_at=now, ended_at=now)
        old = Span.objects.order_by("-began_at").values_list("pk", flat=True)[KEPT:]
        Span.objects.filter(pk__in=list(old)).delete()
        return False
    if newest.ended_at - now > BACKWARDS:
        log.warning("time went back from %s to %s", newest.ended_at, now)
        Span.objects.filter(began_at__gt=now).delete()
        Span.objects.filter(ended_at__gt=now).update(ended_at=now)
        if not Span.objects.exists():
            Span.objects.create(began_at=now, ended_at=now)
        return True
    if now - newest.ended_at >= EVERY:
        Span.objects.filter(pk=newest.pk).update(ended_at=now)
    return False
