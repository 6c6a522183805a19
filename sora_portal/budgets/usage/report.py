"""Where credits went: by person, project, model, vendor or day. Amounts in milli-credits, lengths in milliseconds.

Everything is summed from the holds and journals of the ledger, so the totals are the ledger's, whatever they are
grouped by. What is spent counts on the day on which its video was finished, a refund on the day it was given.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import TruncDate

from sora_portal.accounts.models import User
from sora_portal.budgets.usage import vendor_costs
from sora_portal.budgets.usage.vendor_costs import Cost
from sora_portal.catalog.models import Connection, VideoModel
from sora_portal.generations.models import Generation
from sora_portal.ledger import periods, posting
from sora_portal.ledger import spending as credits
from sora_portal.ledger.models import Hold, Journal, Kind, Scope
from sora_portal.projects.models import Project
from sora_portal.web.query_parameters import day

GROUPS = {"person": "Person", "project": "Project", "model": "Model", "vendor": "Vendor", "day": "Day"}
_COLUMNS = {"person": "member_id", "project": "project_id", "vendor": "connection_id"}
_SUBJECTS = {"person": "member", "project": "project", "vendor": "connection"}
LONGEST = 366


@dataclass(frozen=True)
class Span:
    """Days of the organisation's calendar, both included."""

    first: date
    last: date

    @classmethod
    def of_month(cls, day: date) -> "Span":
        """Return the month of `day`, up to and including it."""
        return cls(day.replace(day=1), day)

    @classmethod
    def read(cls, first: str, last: str, today: date) -> "Span":
        """Return what an address asks for; what makes no sense is this month. At most LONGEST days."""
        usual = cls.of_month(today)
        begin, end = day(first) or usual.first, day(last) or usual.last
        if end < begin or end.year > today.year + 1 or begin.year < 2000:
            return usual
        return cls(max(begin, end - timedelta(days=LONGEST - 1)), end)

    def bounds(self) -> tuple[datetime, datetime]:
        """Return the moments at which it begins (included) and ends (excluded)."""
        tz = posting.zone()
        return periods.midnight(self.first, tz), periods.midnight(self.last + timedelta(days=1), tz)

    @property
    def days(self) -> list[date]:
        """Every day of it."""
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]


@dataclass(frozen=True)
class UsageLine:
    """What one person, project, model, vendor or day used. `available` is None where no budget limits."""

    label: str
    videos: int = 0
    spent: int = 0
    refunded: int = 0
    held: int = 0
    length: int = 0
    available: int | None = None
    vendor: Cost = field(default_factory=Cost)

    @property
    def net(self) -> int:
        """What was spent and not given back."""
        return self.spent - self.refunded

    @property
    def per_second(self) -> int | None:
        """What a finished second has cost, rounded to the milli-credit; None where nothing was finished."""
        return (self.net * 1000 + self.length // 2) // self.length if self.length > 0 else None


@dataclass(frozen=True)
class Report:
    """Lines with the most spent first (days in their order), and their totals."""

    by: str
    lines: list[UsageLine]
    total: UsageLine = field(default_factory=lambda: UsageLine("All"))


def holds_for(user: User, whose: str) -> Q:
    """Return the holds that `user` asked to see and may: their own, of the projects they lead, an admin everybody's."""
    if whose == "everyone" and user.is_portal_admin:
        return Q()
    if whose == "led":
        return Q(project__memberships__user=user, project__memberships__lead=True)
    return Q(member=user)


def leads(user: User) -> bool:
    """Whether `user` leads a project, and so may see what it uses."""
    return Project.objects.filter(memberships__user=user, memberships__lead=True).exists()


def report(holds: Q, span: Span, by: str, now: datetime, *, with_vendor: bool = False) -> Report:
    """Return what the matching holds used in `span`, grouped by a key of GROUPS; `with_vendor` what vendors charged."""
    lines: dict[Any, UsageLine] = {}

    def add(key: Any, **values: Any) -> None:
        line = lines.get(key, UsageLine(""))
        lines[key] = replace(line, **{name: getattr(line, name) + (value or 0) for name, value in values.items()})

    for row in _spent(holds, span, by):
        add(row["group"], videos=row["videos"], spent=row["spent"], length=row["length"])
    for row in _refunded(holds, span, by):
        add(row["group"], refunded=row["back"])
    for row in _charged(holds, span, by) if with_vendor else ():
        add(row["group"], vendor=Cost.of(row["vendor_currency"], row["micro"], row["videos"] - row["known"]))
    if by != "day":
        for row in _keyed(Hold.objects.filter(holds, state="held"), by, "created_at").annotate(held=Sum("amount")):
            add(row["group"], held=row["held"])
    labels = _labels(by, list(lines), now)
    named = [replace(line, label=labels[key][0], available=labels[key][1]) for key, line in lines.items()]
    total = _total(named)
    if by == "day":
        named = [replace(lines.get(day, UsageLine("")), label=periods.day_text(day)) for day in span.days]
    else:
        named.sort(key=lambda line: (-line.spent, line.label))
    return Report(by, named, total)


def _total(lines: list[UsageLine]) -> UsageLine:
    names = ("videos", "spent", "refunded", "held", "length")
    sums = {name: sum(getattr(line, name) for line in lines) for name in names}
    return UsageLine("All", **sums, vendor=sum((line.vendor for line in lines), Cost()))


def held(holds: Q) -> int:
    """Return what is reserved at this moment by matching holds."""
    return Hold.objects.filter(holds, state="held").aggregate(sum=Sum("amount"))["sum"] or 0


def _spent(holds: Q, span: Span, by: str) -> Iterable[dict[str, Any]]:
    begins, ends = span.bounds()
    made = Generation.objects.filter(hold=OuterRef("pk"), state="succeeded")
    rows = Hold.objects.filter(holds, settled_at__gte=begins, settled_at__lt=ends, captured__gt=0)
    rows = rows.annotate(ms=Subquery(made.values("duration_ms")[:1]))
    sums = {"spent": Sum("captured"), "videos": Count("pk"), "length": Sum("ms")}
    found: Iterable[dict[str, Any]] = _keyed(rows, by, "settled_at").annotate(**sums)
    return found


def _refunded(holds: Q, span: Span, by: str) -> Iterable[dict[str, Any]]:
    begins, ends = span.bounds()
    concerned = Hold.objects.filter(holds).values("pk")
    rows = Journal.objects.filter(kind=Kind.REFUND.value, at__gte=begins, at__lt=ends, hold__in=concerned)
    found: Iterable[dict[str, Any]] = _keyed(rows, by, "at", through="hold__").annotate(back=Sum("amount"))
    return found


def _charged(holds: Q, span: Span, by: str) -> Iterable[dict[str, Any]]:
    rows = _keyed(vendor_costs.attempts(holds, *span.bounds()), by, "ended_at", through="generation__hold__")
    sums = {"micro": Sum("cost"), "known": Count("cost"), "videos": Count("pk")}
    found: Iterable[dict[str, Any]] = rows.values("group", "vendor_currency").annotate(**sums)
    return found


def _keyed(rows: QuerySet[Any], by: str, at: str, through: str = "") -> Any:
    """Return `rows` (holds, or what leads to them `through` a path) ready to be summed by `group`."""
    if by == "day":
        keyed = rows.annotate(group=TruncDate(at, tzinfo=posting.zone()))
    elif by == "model":
        hold = OuterRef(f"{through}pk" if through else "pk")
        keyed = rows.annotate(group=Subquery(Generation.objects.filter(hold=hold).values("model_id")[:1]))
    else:
        keyed = rows.annotate(group=F(through + _COLUMNS[by]))
    return keyed.values("group").order_by("group")


def _labels(by: str, keys: list[Any], now: datetime) -> dict[Any, tuple[str, int | None]]:
    """Return for each key what it is called, and what its budget has left."""
    if by == "day":
        return {key: (periods.day_text(key), None) for key in keys}
    if by == "model":
        models = VideoModel.objects.select_related("connection").in_bulk([key for key in keys if key])
        return {key: (str(models[key]) if key in models else "Not a video", None) for key in keys}
    found: dict[Any, Any] = {}
    if by == "person":
        found = {pk: user.display_name for pk, user in User.objects.in_bulk(keys).items()}
    elif by == "project":
        found = {pk: project.name for pk, project in Project.objects.in_bulk(keys).items()}
    else:
        found = {pk: connection.label for pk, connection in Connection.objects.in_bulk(keys).items()}
    scopes = Scope.objects.filter(**{f"{_SUBJECTS[by]}__in": keys}).select_related("project", "member", "connection")
    left = {
        getattr(each.scope, f"{_SUBJECTS[by]}_id"): each.available for each in credits.budgets_of(scopes, None, now)
    }
    return {key: (found[key], left.get(key)) for key in keys}


def movements(holds: Q, span: Span) -> Iterator[Journal]:
    """Yield what was spent and refunded in `span`, oldest first: line by line what `report` sums."""
    begins, ends = span.bounds()
    rows = Journal.objects.filter(
        kind__in=[Kind.CAPTURE.value, Kind.REFUND.value],
        at__gte=begins,
        at__lt=ends,
        hold__in=Hold.objects.filter(holds).values("pk"),
    )
    yield from rows.select_related("by", "hold__member", "hold__project", "hold__connection").order_by("pk").iterator()
