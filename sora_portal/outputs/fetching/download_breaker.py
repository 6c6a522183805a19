"""The breaker of downloads: a vendor's file server that is down is left alone, and no file uses up its tries meanwhile.

A download costs nothing, so unlike a create it may be the test itself: when the rest is over, one file is tried.
"""

import random
from datetime import datetime, timedelta

from sora_portal.catalog import breaker_state
from sora_portal.catalog.circuit_breaker import Operation, Position
from sora_portal.catalog.models import Connection
from sora_portal.generations.feed import counter
from sora_portal.generations.models import Generation
from sora_portal.outputs.domain import Reason, Trouble
from sora_portal.outputs.models import Download

# What the server or the way there is to blame for; anything else is about the one file.
BROKEN = frozenset({Reason.UNREACHABLE, Reason.INCOMPLETE, Reason.TOO_SLOW})
SPREAD = 5.0
# The sweep takes rows a second before they are due; what it wakes must then not be too early for the pause.
SWEEP_AHEAD = timedelta(seconds=1.5)


def until(connection: Connection, now: datetime) -> datetime | None:
    """Return until when no file of `connection` is fetched, or None when this one may be: at once, or as the test."""
    row = breaker_state.of(connection.pk)[Operation.DOWNLOAD]
    if row.rules.position is Position.CLOSED:
        return None
    if row.rules.try_due(now) and breaker_state.take_try(
        connection_id=connection.pk, operation=Operation.DOWNLOAD, now=now
    ):
        return None
    # Not all at the same moment: one of them is the test, and the others need to hear what came of it.
    return max(row.next_try_at or now, now) + timedelta(seconds=1 + SPREAD * random.random())


def rest(generation: Generation, connection: Connection, until: datetime) -> None:
    """Let a file wait for its server, in words, without using up one of its tries. Call it with the row locked."""
    text = f"The download server of {connection.label} does not answer right now. The video waits; nothing is lost."
    Download.objects.filter(pk=generation.pk).update(until=until)
    Generation.objects.filter(pk=generation.pk).update(due_at=until + SWEEP_AHEAD, failure_text=text)
    if generation.failure_text != text:
        counter.publish(generation)


def note(
    connection: Connection, trouble: Trouble | None, *, first_try: bool, began_at: datetime, now: datetime
) -> None:
    """Write down what a download says about the server; `trouble` is None for a file that came."""
    if trouble is None or trouble.reason not in (*BROKEN, Reason.OURS, Reason.CRASHES):
        well = trouble is None
        breaker_state.answered(connection_id=connection.pk, operation=Operation.DOWNLOAD, now=now, well=well)
        return
    known = breaker_state.of(connection.pk)[Operation.DOWNLOAD].rules.position is not Position.CLOSED
    # One file on a dead host may fail twelve times; the server is unwell when files fail that are tried for the first.
    if trouble.reason in BROKEN and (known or first_try):
        breaker_state.failed(
            connection_id=connection.pk,
            operation=Operation.DOWNLOAD,
            kind=trouble.reason.value,
            text=trouble.detail,
            now=now,
            began_at=began_at,
        )
