"""Moving what is in flight to another address: of a vendor whose domain moved, or whose key was replaced.

Each task is asked about at the new address, with the new key, and moves only when the vendor knows it there.
"""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from sora_portal.accounts.models import User
from sora_portal.accounts.policies import require_admin
from sora_portal.catalog.models import Connection
from sora_portal.generations.callbacks.inbox import judged
from sora_portal.generations.domain import TERMINAL, Phase, State
from sora_portal.generations.models import Attempt, Generation
from sora_portal.generations.transitions import lock, note
from sora_portal.generations.vendor.client import is_at_home, repin, status_call
from sora_portal.generations.vendor.status_result import FRESH
from sora_portal.providers import http
from sora_portal.providers.base import Job
from sora_portal.providers.registry import provider

AT_ONCE = 8
TIMEOUT = 10.0
# Seconds for all questions of one press; the rest is for the next, which the report says.
PATIENCE = 20.0


@dataclass
class Report:
    """What became of the videos in flight, by their public ids; `unasked` is for the next time."""

    moved: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    unasked: int = 0

    @property
    def text(self) -> str:
        """The report in words."""
        parts = [f"{len(self.moved)} of {len(self.moved) + self.left} moved"]
        if self.unknown:
            parts.append(f"not known at the new address, so left where they are: {', '.join(self.unknown)}")
        if self.unclear:
            parts.append(f"no clear answer about {', '.join(self.unclear)}")
        if self.unasked:
            parts.append(f"{self.unasked} not asked yet: press again")
        return "; ".join(parts)

    @property
    def left(self) -> int:
        """How many stay where they are."""
        return len(self.unknown) + len(self.unclear) + self.unasked


def _in_flight(connections: Collection[int]) -> QuerySet[Attempt]:
    """Return the attempts whose task is still asked about, practice clips left out."""
    live = Q(phase=Phase.ACCEPTED.value) & ~Q(generation__state__in=[state.value for state in TERMINAL])
    rows = Attempt.objects.filter(live | Q(late__due_at__isnull=False), connection__in=connections)
    rows = rows.exclude(vendor_task_id=None).exclude(base_url__startswith=f"{settings.SORA_PORTAL_SANDBOX_URL}/")
    return rows.select_related("connection", "credential", "generation").defer("request").order_by("pk")


def elsewhere(connections: Collection[int]) -> dict[int, list[Attempt]]:
    """Return, by connection, the attempts in flight at another address or with another key than it has now."""
    found: dict[int, list[Attempt]] = {}
    for attempt in _in_flight(connections):
        if not is_at_home(attempt):
            found.setdefault(attempt.connection_id, []).append(attempt)
    return found


def move_in_flight(*, by: User, connection: Connection, now: datetime) -> Report:
    """Ask the connection's present address about every task in flight elsewhere, and move those that it knows.

    Never call it inside a transaction. Raises NotAllowed, and Closed when the connection has no usable key.
    """
    require_admin(by)
    endpoint = connection.endpoint()
    adapter = provider(connection.vendor)
    report, until = Report(), monotonic() + PATIENCE

    def ask(attempt: Attempt) -> Job | None:
        left = until - monotonic()
        if left < 1:
            return None
        task_id = attempt.vendor_task_id or ""
        answer = http.send(status_call(attempt, task_id, endpoint), timeout=min(TIMEOUT, left))
        return adapter.read_status(answer).of(task_id)

    rows = elsewhere([connection.pk]).get(connection.pk, [])
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for attempt, job in zip(rows, pool.map(ask, rows), strict=True):
            _settle(by, attempt, job and judged(attempt, job), report, now)
    return report


def _settle(by: User, attempt: Attempt, job: Job | None, report: Report, now: datetime) -> None:
    name = attempt.generation.public_id
    if job is None:
        report.unasked += 1
    elif job.usable and not job.found:
        report.unknown.append(name)
        _note(by, attempt, f"{attempt.connection.url} does not know this task; it is asked about as before", now)
    elif not job.usable or (job.state is None and not job.vendor_state):
        report.unclear.append(name)
    else:
        report.moved.append(name)
        _move(by, attempt, now)


def _note(by: User, attempt: Attempt, staff_text: str, now: datetime) -> None:
    text = "Asked about at the vendor's new address"
    note(attempt.generation, now=now, by=by, kind="address", text=text, staff_text=staff_text)


@transaction.atomic
def _move(by: User, attempt: Attempt, now: datetime) -> None:
    generation, fresh = lock(attempt.pk)
    before = fresh.base_url
    repin(fresh, now)
    Attempt.objects.filter(pk=fresh.pk).update(**FRESH)
    watched = Generation.objects.filter(pk=generation.pk, state__in=[State.RUNNING.value, State.NEEDS_DECISION.value])
    watched.update(due_at=now)
    _note(by, fresh, f"from {before} to {fresh.base_url}, which knows the task", now)
