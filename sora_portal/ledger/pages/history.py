"""The ledger as pages show it: journals, newest first, with what they left of one budget.

Pages are cut by key (`before` = the oldest id already shown), never by offset, so the thousandth costs as the first.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet, Sum

from sora_portal.accounts.models import User
from sora_portal.ledger import domain, own_credits, periods, posting
from sora_portal.ledger.models import Account, Bucket, Journal, Kind, Scope, ScopeKind, Transfer
from sora_portal.web.words import credits_text

PAGE = 50
# What a journal of this kind does to what is available; the others neither give nor take.
_SIGNS = {Kind.GRANT: "+", Kind.RELEASE: "+", Kind.REFUND: "+", Kind.HOLD: "−", Kind.EXPIRE: "−"}
_ICONS = {
    Kind.GRANT: "plus", Kind.HOLD: "hourglass", Kind.CAPTURE: "film", Kind.RELEASE: "undo-2",
    Kind.ADJUST: "sliders-horizontal", Kind.REFUND: "rotate-ccw", Kind.EXPIRE: "calendar", Kind.CARRY: "arrow-right",
}  # fmt: skip


@dataclass(frozen=True)
class HistoryEntry:
    """One journal, in words. `left` is what it left available in the budget that the page follows, if any."""

    number: int
    at: datetime
    kind: str
    label: str
    icon: str
    about: str
    who: str
    reason: str
    ref: str
    refundable: bool
    amount_text: str
    incoming: bool
    left_text: str = ""


@dataclass(frozen=True)
class Sheet:
    """A page of the ledger. `older` is the key of the next one, 0 on the last; `followed` the budget of `left_text`."""

    lines: list[HistoryEntry]
    older: int
    followed: str


@dataclass(frozen=True)
class Filter:
    """What of the ledger is asked for: a kind, days of the organisation's calendar (both included), a video, an author.

    `before` is the key of the page, 0 for the newest.
    """

    kind: str = ""
    first: date | None = None
    last: date | None = None
    ref: str = ""
    by: int = 0
    before: int = 0

    @property
    def gapless(self) -> bool:
        """Whether no line is missing between two that are shown, so that what each one left can be told."""
        return not (self.kind or self.ref or self.by)

    @property
    def narrowed(self) -> bool:
        """Whether anything but the kind is filtered."""
        return bool(self.first or self.last or self.ref or self.by)

    def journals(self, scope: Scope) -> QuerySet[Journal]:
        """Return what concerns `scope` (the organisation: everything) and passes."""
        wanted = Journal.objects.filter(_concerning(scope))
        if self.kind:
            wanted = wanted.filter(kind=self.kind)
        if self.ref:
            wanted = wanted.filter(Q(ref=self.ref) | Q(ref__startswith=f"{self.ref}~"))
        if self.by:
            wanted = wanted.filter(by=self.by)
        if self.first:
            wanted = wanted.filter(at__gte=periods.midnight(self.first, posting.zone()))
        if self.last:
            wanted = wanted.filter(at__lt=periods.midnight(self.last + timedelta(days=1), posting.zone()))
        return wanted.filter(pk__lt=self.before) if self.before else wanted


def sheet(scope: Scope, asked: Filter) -> Sheet:
    """Return a page of the ledger of `scope`. What is left is shown where no line is missing in between."""
    journals = list(_with_names(asked.journals(scope)).order_by("-pk")[: PAGE + 1])
    shown = journals[:PAGE]
    left = _left_after(scope, shown) if asked.gapless and scope.pk else {}
    lines = [_line(journal, left.get(journal.pk)) for journal in shown]
    return Sheet(lines, older=shown[-1].pk if len(journals) > PAGE else 0, followed=scope.label if left else "")


def all_lines(scope: Scope, asked: Filter) -> Iterator[tuple[Journal, HistoryEntry]]:
    """Yield every journal that passes, newest first, with its words."""
    for journal in _with_names(asked.journals(scope)).order_by("-pk").iterator(chunk_size=500):
        yield journal, _line(journal, None)


def movements_of(user: User, *, limit: int = 20) -> list[HistoryEntry]:
    """Return the newest lines about the holds of `user` and their own budget."""
    about = Journal.objects.filter(Q(hold__member=user) | Q(scope__member=user))
    return [_line(journal, None) for journal in _with_names(about).order_by("-pk")[:limit]]


def _with_names(journals: QuerySet[Journal]) -> QuerySet[Journal]:
    return journals.select_related(
        "by", "hold__member", "hold__project", "scope__project", "scope__member", "scope__connection"
    )


def _concerning(scope: Scope) -> Q:
    """Return the journals about `scope`: its own, and those of holds by, in or through its subject."""
    if scope.kind == ScopeKind.ORGANISATION:
        return Q()
    subject = getattr(scope, scope.kind)
    return Q(**{f"hold__{scope.kind}": subject}) | Q(**{f"scope__{scope.kind}": subject})


def _left_after(scope: Scope, journals: list[Journal]) -> dict[int, int]:
    """Return what was available in `scope` after each of consecutive `journals` (newest first), by journal id."""
    now = Account.objects.filter(scope=scope, bucket=Bucket.AVAILABLE.value).aggregate(sum=Sum("balance"))["sum"]
    if now is None or not journals:
        return {}
    newest, oldest = journals[0].pk, journals[-1].pk
    later = [sign * (moves.aggregate(sum=Sum("amount"))["sum"] or 0) for sign, moves in _moves(scope, newest + 1)]
    left: int = now - sum(later)
    changes: dict[int, int] = defaultdict(int)
    for sign, moves in _moves(scope, oldest):
        for journal, amount in moves.filter(journal__lte=newest).values_list("journal").annotate(sum=Sum("amount")):
            changes[journal] += sign * amount
    after = {}
    for shown in journals:
        after[shown.pk] = left
        left -= changes[shown.pk]
    return after


def _moves(scope: Scope, first: int) -> list[tuple[int, QuerySet[Transfer]]]:
    """Return the transfers into (+1) and out of (-1) what is available in `scope`, from journal id `first` on."""
    since = Transfer.objects.filter(journal__gte=first)
    into = since.filter(credit__scope=scope, credit__bucket=Bucket.AVAILABLE.value)
    out = since.filter(debit__scope=scope, debit__bucket=Bucket.AVAILABLE.value)
    return [(1, into), (-1, out)]


def change_of(journal: Journal) -> int:
    """Return what a journal did to what is available (milli-credits): what is spent was taken when it was reserved."""
    return signed(journal) if journal.kind in (*_SIGNS, Kind.ADJUST) else 0


def signed(journal: Journal) -> int:
    """Return the amount of a journal with the sign that pages show."""
    return -journal.amount if _SIGNS.get(Kind(journal.kind)) == "−" else journal.amount


def _line(journal: Journal, left: int | None) -> HistoryEntry:
    kind = Kind(journal.kind)
    sign = _SIGNS.get(kind, "+" if kind == Kind.ADJUST and journal.amount > 0 else "")
    return HistoryEntry(
        number=journal.pk,
        at=journal.at,
        kind=kind.value,
        label=kind.label,
        icon=_ICONS[kind],
        about=_about(journal),
        who=_who(journal),
        reason=journal.reason,
        ref=domain.work_of(journal.ref),
        refundable=kind == Kind.CAPTURE and journal.amount > 0,
        amount_text=(sign if journal.amount else "") + credits_text(journal.amount),
        incoming=sign == "+",
        left_text=credits_text(left),
    )


def _who(journal: Journal) -> str:
    name = journal.by.display_name if journal.by else "the portal"
    return f"{name}, for themselves" if own_credits.is_own(journal) else name


def _about(journal: Journal) -> str:
    if journal.hold is not None:
        return f"{journal.hold.member.display_name}, {journal.hold.project.name}"
    return journal.scope.label if journal.scope else ""
