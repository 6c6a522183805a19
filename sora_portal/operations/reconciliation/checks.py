"""Reconciliation: every rule that tables can show (docs/architecture.md, I1 to I8), and what has waited how long."""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django_q.tasks import async_task

from sora_portal import clock
from sora_portal.generations.domain import IN_DOUBT, LIVE_PHASES, TERMINAL
from sora_portal.generations.enqueue import WORK
from sora_portal.generations.models import Attempt, Generation
from sora_portal.ledger import reconciliation, verify
from sora_portal.ledger.models import Hold, Journal
from sora_portal.ledger.verify import Difference

AGES = (
    ("under an hour", timedelta(hours=1)),
    ("under a day", timedelta(days=1)),
    ("under three days", timedelta(days=3)),
)
OLDER = "older"
_IN_A_TABLE = re.compile(r'CONSTRAINT "(\w+)"')
ENDED = [state.value for state in TERMINAL]


@dataclass(frozen=True)
class Age:
    """How many things have waited so long, and how many milli-credits are reserved for them."""

    age: str
    count: int
    milli: int


def differences() -> list[Difference]:
    """Return everything that does not hold, in the ledger and between it and the videos; nothing, if all is well."""
    return [*verify.differences(), *missing_constraints(), *_ends(), *_attempts()]


def reconcile(now: datetime) -> list[Difference]:
    """Look, keep what was found, and return it. With a difference no new videos are taken until a look finds none."""
    found = differences()
    reconciliation.record(found, now)
    return found


def missing_constraints() -> Iterator[Difference]:
    """I8: what the models promise, the database refuses. A copy that was restored by hand may have lost some of it."""
    there = _named_constraints()
    for model in apps.get_models():
        if model.__module__.startswith("sora_portal."):
            options = model._meta  # noqa: SLF001 - documented: docs.djangoproject.com, "Model _meta API"
            for constraint in options.constraints:
                if constraint.name not in there:
                    yield Difference("I8", options.db_table, f"the constraint {constraint.name} is missing")


def _named_constraints() -> set[str]:
    """Return the names of all constraints and indexes. Django's own introspection takes a second on SQLite."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT conname FROM pg_constraint UNION SELECT indexname FROM pg_indexes")
            return {name for (name,) in cursor.fetchall()}
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL")
        found = cursor.fetchall()
    return {name for name, _ in found} | {name for _, sql in found for name in _IN_A_TABLE.findall(sql)}


def _ends() -> Iterator[Difference]:
    """I5: a video has ended exactly if its hold has, and is finished exactly if captured and stored."""
    captured = Exists(Journal.objects.filter(hold=OuterRef("hold"), kind="capture"))
    rows = Generation.objects.select_related("hold")
    unequal = Q(state__in=ENDED, hold__state="held") | ~Q(state__in=ENDED) & Q(hold__state="settled")
    for row in rows.filter(unequal):
        yield Difference("I5", row.public_id, f"the video is {row.state}, its hold {row.hold.state}")
    for row in rows.filter(~captured, state="succeeded"):
        yield Difference("I5", row.public_id, "the video succeeded, its credits were not spent")
    for row in rows.filter(captured).exclude(state="succeeded"):
        yield Difference("I5", row.public_id, f"the video is {row.state}, its credits were spent")
    for row in rows.filter(state="succeeded", output=None):
        yield Difference("I5", row.public_id, "succeeded without a stored file")
    for row in rows.filter(recovered_at__isnull=False, output=None):
        yield Difference("I5", row.public_id, "recovered without a stored file")
    back = Sum("journals__amount", filter=Q(journals__kind="refund"))
    for hold in Hold.objects.annotate(back=back).filter(back__gt=F("captured")):
        yield Difference("I5", hold.ref, f"{hold.back} given back of {hold.captured}")


def _attempts() -> Iterator[Difference]:
    """I6: at most one live attempt for a video; a vendor's task belongs to one attempt."""
    live = Attempt.objects.filter(phase__in=[phase.value for phase in LIVE_PHASES])
    for row in live.values("generation__public_id").annotate(count=Count("pk")).filter(count__gt=1):
        yield Difference("I6", row["generation__public_id"], f"{row['count']} live attempts")
    bound = Attempt.objects.exclude(vendor_task_id=None).values("connection", "vendor_task_id")
    for task in bound.annotate(count=Count("pk")).filter(count__gt=1):
        yield Difference("I6", f"task {task['vendor_task_id']}", f"belongs to {task['count']} attempts")


def waiting(now: datetime) -> dict[str, list[dict[str, Any]]]:
    """Return what is reserved and what waits for a decision, by age, for JSON."""
    doubtful = Generation.objects.filter(state__in=[state.value for state in IN_DOUBT])
    return {
        "holds": [asdict(age) for age in _by_age(Hold.objects.filter(state="held"), "amount", now)],
        "decisions": [asdict(age) for age in _by_age(doubtful, "price_milli", now)],
    }


def _by_age(rows: QuerySet[Any], amount: str, now: datetime) -> Iterator[Age]:
    youngest = now + timedelta(days=1)
    for name, limit in AGES:
        yield _age(name, rows.filter(created_at__gt=now - limit, created_at__lte=youngest), amount)
        youngest = now - limit
    yield _age(OLDER, rows.filter(created_at__lte=youngest), amount)


def _age(name: str, rows: QuerySet[Any], amount: str) -> Age:
    total = rows.aggregate(count=Count("pk"), milli=Sum(amount))
    return Age(name, total["count"], total["milli"] or 0)


def reconcile_if_due() -> None:
    """Queue the hourly reconciliation when its time has come; one of all who ask does it."""
    if reconciliation.claim_turn(clock.now()):
        async_task("sora_portal.operations.tasks.reconcile", cluster=WORK)
