"""Asking a vendor behind an open breaker whether it works again: one status query, which costs nothing.

Never a create: that one costs money, and when its answer gets lost, a person's decision. Once the query comes through,
one create may go (`turns.way`), and its answer closes the breaker or opens it again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sora_portal.catalog import breaker_state
from sora_portal.catalog.circuit_breaker import Operation
from sora_portal.catalog.models import Breaker, Connection
from sora_portal.generations import admission
from sora_portal.generations.models import Attempt
from sora_portal.generations.vendor.health import is_broken
from sora_portal.providers.base import Call, ErrorKind, Job
from sora_portal.providers.registry import provider

# What one query finds out about. A download is tried by a download, see `outputs.fetching`.
TESTED = (Operation.CREATE.value, Operation.QUERY.value)
NO_TASK = "none"


@dataclass(frozen=True)
class Probe:
    """One query to make for the breakers of `operations` at a connection."""

    connection: Connection
    operations: tuple[Operation, ...]
    call: Call


def due(unwell: Iterable[Breaker], now: datetime) -> list[Probe]:
    """Take the tries that are due among the `unwell` breakers and return the queries to make; of two sweepers one."""
    taken: dict[int, list[Operation]] = {}
    for row in unwell:
        operation = Operation(row.operation)
        wanted = row.operation in TESTED and row.rules.try_due(now)
        if wanted and breaker_state.take_try(connection_id=row.connection_id, operation=operation, now=now):
            taken.setdefault(row.connection_id, []).append(operation)
    connections = Connection.objects.filter(pk__in=taken)
    return [Probe(row, tuple(taken[row.pk]), _call(row)) for row in connections if not row.is_closed]


def _call(connection: Connection) -> Call:
    """Return a query for the newest task that is known, or for none: "no such task" is a proper answer as well."""
    newest = Attempt.objects.filter(connection=connection, vendor_task_id__isnull=False).order_by("-pk").first()
    if newest is not None:
        model, task_id = newest.wire_model, newest.vendor_task_id or NO_TASK
    else:
        model, task_id = connection.models.values_list("wire_id", flat=True).first() or "", NO_TASK
    return provider(connection.vendor).status_call(connection.endpoint(), model, task_id)


def settle(probe: Probe, job: Job, now: datetime) -> None:
    """Write down what the query came to: the way is open for queries and for one create, or closed for longer."""
    connection_id = probe.connection.pk
    if job.usable:
        breaker_state.answered(connection_id=connection_id, operation=Operation.QUERY, now=now)
        breaker_state.half_open(connection_id=connection_id)
        admission.call(connection_id)
        return
    for operation in probe.operations:
        if operation is Operation.CREATE or not is_broken(job):
            breaker_state.still_tripped(connection_id=connection_id, operation=operation, now=now)
    if is_broken(job):
        kind, text = (job.kind or ErrorKind.UNKNOWN).value, f"{job.code} {job.message}"
        breaker_state.failed(connection_id=connection_id, operation=Operation.QUERY, kind=kind, text=text, now=now)
