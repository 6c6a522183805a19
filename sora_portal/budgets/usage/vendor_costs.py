"""What vendors charged us, from the prices that were frozen with each attempt. For admins.

An attempt that a vendor accepted costs its price when a file came of it, also of a video that was recovered. One that
the vendor failed costs nothing, unless the vendor charges for failures. Everything else is not known: no price had been
entered, or a request was written off and nobody can say what became of it. It counts on the day on which its video
ended, or was recovered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from sora_portal.catalog.vendor_costs import micro_text
from sora_portal.generations.models import Attempt
from sora_portal.ledger.models import Hold

NOT_KNOWN = "not known"
MADE = Q(generation__state="succeeded", phase="accepted") | Q(late__outcome="recovered")
FAILED = Q(phase="accepted", generation__state__in=["failed", "cancelled"])
PRICED = Q(vendor_cost_micro__isnull=False)
# A price of nothing in no currency.
PRACTICE = Q(vendor_cost_micro=0, vendor_currency="")


@dataclass(frozen=True)
class Cost:
    """Millionths by currency, and for how many videos nobody knows."""

    micro: Mapping[str, int] = field(default_factory=dict)
    unknown: int = 0

    def __add__(self, other: Cost) -> Cost:
        currencies = [*self.micro, *(name for name in other.micro if name not in self.micro)]
        micro = {name: self.micro.get(name, 0) + other.micro.get(name, 0) for name in currencies}
        return Cost(micro, self.unknown + other.unknown)

    @classmethod
    def of(cls, currency: str, micro: int | None, unknown: int) -> Cost:
        """Return the cost of what was summed in one currency; the empty one is practice, which costs nothing."""
        return cls({currency: micro} if currency and micro is not None else {}, unknown)

    @property
    def text(self) -> str:
        """The cost in words: "12.40 USD + 300 credits, 2 not known"; "none" when nothing was charged."""
        sums = " + ".join(f"{micro_text(micro)} {name}" for name, micro in sorted(self.micro.items()))
        if not self.unknown:
            return sums or "none"
        return f"{sums}, {self.unknown} {NOT_KNOWN}" if sums else NOT_KNOWN


def attempts(holds: Q, begins: datetime, ends: datetime) -> QuerySet[Any]:
    """Return the attempts behind matching holds that a vendor accepted, or may have, and that ended in these days.

    Each has its `ended_at` and its `cost` in millionths, None where it is not known.
    """
    concerned = Hold.objects.filter(holds).values("pk")
    rows: QuerySet[Any] = Attempt.objects.filter(
        Q(phase__in=["accepted", "written_off"]) | Q(vendor_task_id__isnull=False), generation__hold__in=concerned
    )
    costs = Case(
        When(PRACTICE, then=Value(0)),
        When(MADE, then=F("vendor_cost_micro")),
        When(FAILED & PRICED & Q(vendor_charges_failures=False), then=Value(0)),
        When(FAILED, then=F("vendor_cost_micro")),
        default=None,
        output_field=BigIntegerField(),
    )
    ended = Coalesce("generation__recovered_at", "generation__finished_at")
    rows = rows.annotate(ended_at=ended, cost=costs)
    return rows.filter(ended_at__gte=begins, ended_at__lt=ends)


def charged(holds: Q, begins: datetime, ends: datetime) -> Iterator[Any]:
    """Yield the same attempts for a table, oldest first, with their video, person, project and model."""
    rows = attempts(holds, begins, ends).select_related(
        "connection", "generation__model", "generation__author", "generation__project"
    )
    yield from rows.order_by("ended_at", "pk").iterator()
