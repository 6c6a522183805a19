"""What budgets hold and where credits went. Amounts in milli-credits; nothing here writes.

A period that no hold has opened yet is shown as its opening would make it: the full quota, and with carry-over what
earlier ones left.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from sora_portal.accounts.models import User
from sora_portal.catalog.models import Connection
from sora_portal.ledger import domain, periods, posting, settling
from sora_portal.ledger.errors import credits_words
from sora_portal.ledger.models import Bucket, Hold, Journal, Kind, Scope, ScopeKind
from sora_portal.projects.models import Project
from sora_portal.web.query_parameters import number
from sora_portal.web.words import credits_text


@dataclass(frozen=True)
class Ending:
    """Some of what is available that ends before the rest does."""

    available: int
    last: date

    @property
    def text(self) -> str:
        """It in words, to stand in a list."""
        return f"{credits_words(self.available)} of it until {periods.day_text(self.last)}"


@dataclass(frozen=True)
class Budget:
    """What one scope may spend in one period, and where it stands: granted = spent + held + available (+ expired).

    `overhang` is what was spent or reserved before the quota was lowered below that.
    """

    scope: Scope
    label: str
    period: str
    day: date
    granted: int
    spent: int
    held: int
    available: int
    overhang: int = 0
    endings: tuple[Ending, ...] = ()

    @property
    def granted_text(self) -> str:
        """The whole, in credits."""
        return credits_text(self.granted)

    @property
    def spent_text(self) -> str:
        """What is gone, in credits."""
        return credits_text(self.spent)

    @property
    def held_text(self) -> str:
        """What is reserved for work that has not ended, in credits."""
        return credits_text(self.held)

    @property
    def available_text(self) -> str:
        """What can still be reserved, in credits."""
        return credits_text(self.available)

    @property
    def spent_pct(self) -> int:
        """Spent, in full percent of the whole."""
        return domain.percent(self.spent, self.granted)

    @property
    def held_pct(self) -> int:
        """Reserved, in full percent of the whole."""
        return domain.percent(self.held, self.granted)

    @property
    def used_pct(self) -> int:
        """Spent or reserved, in full percent of the whole."""
        return domain.percent(self.spent + self.held, self.granted)

    @property
    def span_text(self) -> str:
        """What it is for: "November 2026"."""
        return periods.span_text(self.scope.terms, self.day)

    @property
    def rhythm_text(self) -> str:
        """How often it gives its quota, in a word or two, and whether the rest stays."""
        often = {periods.MONTHLY: "a month", periods.ONCE: "once"}
        text = often.get(self.scope.rhythm) or periods.within_text(self.scope.terms)
        return f"{text}, carried over" if self.scope.carry_over else text

    @property
    def resets_text(self) -> str:
        """When more comes, in a sentence."""
        return periods.resets_text(self.scope.terms, self.day)

    @property
    def left_text(self) -> str:
        """What follows the figure of what is left."""
        if self.overhang:
            return f"credits left; {self.granted_text} are used, and the quota was lowered to {self.quota_text}"
        return f"of {self.granted_text} credits left"

    @property
    def quota_text(self) -> str:
        """What each period gives."""
        return credits_text(self.scope.quota)


def budgets_for(user: User, project: Project | None, now: datetime) -> list[Budget]:
    """Return the budgets that `user` draws on, nearest first: their own, the project's (without one: those of all
    projects they belong to), the organisation's. Scopes without a limit are left out.

    The organisation's is for admins, and for members whom nothing nearer limits.
    """
    return spending_limits(user, project, now).budgets


@dataclass(frozen=True)
class SpendingLimits:
    """What a person may draw on: the `budgets` that they are shown (see `budgets_for`), and the least that is
    available to them whatever the project and the vendor; None where nothing limits that.
    """

    budgets: list[Budget]
    anywhere: int | None


def spending_limits(user: User, project: Project | None, now: datetime) -> SpendingLimits:
    """Return what `user` may draw on, as `budgets_for` and `available_for` without a place say it, in two queries."""
    projects = Q(project=project) if project else Q(project__memberships__user=user, project__archived_at=None)
    budgets = _budgets(_limiting(user, projects), now, viewer=user)
    nearer = [budget for budget in budgets if budget.scope.kind != ScopeKind.ORGANISATION]
    tight = _tightest([budget for budget in budgets if budget.scope.kind != ScopeKind.PROJECT])
    return SpendingLimits(budgets if user.is_portal_admin or not nearer else nearer, tight.available if tight else None)


def tightest(user: User, project: Project | None, connection: Connection | None, now: datetime) -> Budget | None:
    """Return the budget that would bind first if `user` made a video there, or None where nothing limits."""
    subjects = Q(pk=None)
    if project is not None:
        subjects |= Q(project=project)
    if connection is not None:
        subjects |= Q(connection=connection)
    return _tightest(_budgets(_limiting(user, subjects), now, viewer=user))


def _tightest(budgets: Iterable[Budget]) -> Budget | None:
    return min(budgets, key=lambda budget: domain.tightness(budget.scope.kind, budget.available), default=None)


def available_for(user: User, project: Project | None, connection: Connection | None, now: datetime) -> int | None:
    """Return the least that is available in any budget which `user` would draw on, or None where nothing limits."""
    tight = tightest(user, project, connection, now)
    return tight.available if tight else None


def all_budgets(now: datetime) -> list[tuple[Scope, Budget | None]]:
    """Return every scope there is or could be (organisation, open projects, people, vendors) with its budget if it
    has one.
    """
    known = list(Scope.objects.select_related("project", "member", "connection"))
    by_address = {scope.address: scope for scope in known}
    organisation = by_address.get("organisation") or Scope(kind="organisation")
    subjects = [organisation]
    subjects += [Scope(kind="project", project=project) for project in Project.objects.open()]
    subjects += [_newcomer(user, organisation) for user in User.objects.filter(is_active=True).order_by("username")]
    subjects += [Scope(kind="connection", connection=connection) for connection in Connection.objects.all()]
    scopes = [by_address.get(scope.address, scope) for scope in subjects]
    budgets = {budget.scope.address: budget for budget in _budgets(scopes, now)}
    return [(scope, budgets.get(scope.address)) for scope in scopes]


def scope_at(address: str) -> Scope | None:
    """Return the scope that URLs call `address` ("project-3"), unsaved if it has never been needed; None if there is
    no such project, person or vendor.
    """
    kind, _, pk = address.partition("-")
    if kind == ScopeKind.ORGANISATION and not pk:
        return Scope.objects.filter(kind=kind).first() or Scope(kind=kind)
    if kind not in ("project", "member", "connection") or not number(pk):
        return None
    found = Scope.objects.filter(**{f"{kind}_id": int(pk)}).select_related("project", "member", "connection").first()
    if found is not None:
        return found
    if kind == ScopeKind.PROJECT:
        project = Project.objects.filter(pk=int(pk)).first()
        return Scope(kind=kind, project=project) if project else None
    if kind == ScopeKind.MEMBER:
        member = User.objects.filter(pk=int(pk)).first()
        organisation = Scope.objects.filter(kind="organisation").first() or Scope(kind="organisation")
        return _newcomer(member, organisation) if member else None
    connection = Connection.objects.filter(pk=int(pk)).first()
    return Scope(kind=kind, connection=connection) if connection else None


def budget_of(scope: Scope, now: datetime) -> Budget | None:
    """Return where one scope stands, or None if it has no limit."""
    return next(iter(_budgets([scope], now)), None)


def budgets_of(scopes: Iterable[Scope], viewer: User | None, now: datetime) -> list[Budget]:
    """Return the budgets of those of `scopes` that have one, as `viewer` calls them."""
    return _budgets(scopes, now, viewer=viewer)


def _newcomer(user: User, organisation: Scope) -> Scope:
    """Return the scope that `user` would get with their first hold."""
    return Scope(kind="member", member=user, quota=organisation.default_member_quota)


def _limiting(user: User, others: Q) -> list[Scope]:
    """Return the limiting scopes of `user`, of `others` and of the organisation, nearest first."""
    wanted = Q(kind="organisation") | Q(member=user) | others
    found = list(Scope.objects.filter(wanted).select_related("project", "connection").distinct())
    organisation = next((scope for scope in found if scope.kind == ScopeKind.ORGANISATION), None)
    if organisation and not any(scope.member_id for scope in found):
        found.append(_newcomer(user, organisation))
    return sorted((scope for scope in found if scope.limits), key=lambda scope: domain.tightness(scope.kind, 0))


def _budgets(scopes: Iterable[Scope], now: datetime, *, viewer: User | None = None) -> list[Budget]:
    """Return the budgets of those of `scopes` that have one, in their order, in one query."""
    limiting = [scope for scope in scopes if scope.limits]
    day = posting.today(now)
    carried = Q(bucket=Bucket.AVAILABLE.value, balance__gt=0, scope__carry_over=True)
    found = posting.accounts_of(
        limiting, posting.spendable(limiting, day) | carried & ~Q(period__startswith=periods.UNTIL)
    )
    return [_budget(scope, day, found, viewer) for scope in limiting]


def _budget(scope: Scope, day: date, found: posting.Found, viewer: User | None) -> Budget:
    label = "Your budget" if viewer is not None and scope.member_id == viewer.pk else scope.label
    page = posting.newest(scope, day, found) if scope.pk else None
    envelopes = posting.expiring_grants(scope, day, found) if scope.pk else []
    unopened = 0
    if page is None:
        page = posting.PeriodAccounts(scope, posting.current_key(scope, day))
        if periods.pays(page.period):
            rests = [rest.balance(Bucket.AVAILABLE) for (pk, _), rest in found.items() if pk == scope.pk]
            unopened = (scope.quota or 0) + sum(rests) - sum(each.balance(Bucket.AVAILABLE) for each in envelopes)
    purse = posting.SpendableBudget(page, envelopes)
    left = [
        Ending(each.balance(Bucket.AVAILABLE), last) for each in envelopes if (last := periods.last_day(each.period))
    ]
    return Budget(
        scope,
        label,
        page.period,
        day,
        granted=purse.granted + unopened,
        spent=purse.balance(Bucket.SPENT),
        held=purse.balance(Bucket.HELD),
        available=purse.balance(Bucket.AVAILABLE) + unopened,
        overhang=settling.overhang(purse) if scope.pk and not unopened else 0,
        endings=tuple(ending for ending in left if ending.available),
    )


@dataclass(frozen=True)
class Day:
    """What was spent on one day."""

    day: date
    spent: int


@dataclass(frozen=True)
class Spent:
    """What a piece of work has cost, and what was given back of it."""

    hold: Hold
    refunds: list[Journal]

    @property
    def work(self) -> str:
        """What it is, by the name that pages know."""
        return domain.work_of(self.hold.ref)

    @property
    def refunded(self) -> int:
        """What was given back."""
        return sum(journal.amount for journal in self.refunds)

    @property
    def left(self) -> int:
        """What can still be given back."""
        return self.hold.captured - self.refunded


def spent_on(ref: str) -> Spent | None:
    """Return what the work `ref` has cost, with its refunds in their order; None if nothing was spent on it.

    Work may have had several holds (domain.next_ref), of which one at most was spent.
    """
    holds = Hold.objects.select_related("member", "project", "connection").filter(captured__gt=0)
    hold = holds.filter(Q(ref=ref) | Q(ref__startswith=f"{ref}~")).first()
    if hold is None:
        return None
    refunds = Journal.objects.filter(hold=hold, kind=Kind.REFUND.value).select_related("by").order_by("pk")
    return Spent(hold, list(refunds))
