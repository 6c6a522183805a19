"""Which accounts move when a hold ends, when something is refunded, and when a quota changes. `books` posts."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count, Q, Sum

from sora_portal.accounts.models import User
from sora_portal.ledger import domain, periods, posting
from sora_portal.ledger.models import Bucket, Hold, HoldLeg, Journal, Kind, Scope
from sora_portal.web.words import credits_text


def legs_of(hold: Hold) -> dict[int, list[HoldLeg]]:
    """Return the legs of `hold` by scope id, in the order in which they are spent: what ends first comes first."""
    found: dict[int, list[HoldLeg]] = {}
    for leg in sorted(hold.legs.all(), key=lambda leg: (periods.last_day(leg.period) is None, leg.period)):
        found.setdefault(leg.scope_id, []).append(leg)
    return found


def end_moves(hold: Hold, scopes: Sequence[Scope], *, captured: int, now: datetime) -> list[posting.Move]:
    """Return the moves that settle `hold`: `captured` is spent, the rest goes back to where it was taken.

    In a period that is over, the rest does not stay available there: it expires at once, or moves on to the current
    period where the scope carries over (if that is not open yet, its opening will take it along).
    """
    day = posting.today(now)
    by_scope = legs_of(hold)
    legs = [leg for own in by_scope.values() for leg in own]
    own_periods = Q(period__in={leg.period for leg in legs} | {periods.next_month(leg.period) for leg in legs})
    found = posting.accounts_of(scopes, own_periods | posting.spendable(scopes, day))
    moves: list[posting.Move] = []
    for own in by_scope.values():
        for leg, spent in zip(own, domain.fill([leg.amount for leg in own], captured), strict=True):
            page = found[leg.scope_id, leg.period]
            moves.append((page[Bucket.HELD], page[Bucket.SPENT], spent))
            moves.append((page[Bucket.HELD], page[Bucket.AVAILABLE], leg.amount - spent))
            moves += _left_behind(page, leg.amount - spent, found, now)
    return moves


def _left_behind(page: posting.PeriodAccounts, rest: int, found: posting.Found, now: datetime) -> list[posting.Move]:
    """Return what becomes of `rest`, given back to `page`, if that page is over; nothing if it is not."""
    day, scope = posting.today(now), page.scope
    last = periods.last_day(page.period)
    if last is not None:
        return [(page[Bucket.AVAILABLE], page[Bucket.EXPIRED], rest)] if last < day else []
    following = periods.next_month(page.period)
    opened = following != page.period and (scope.pk, following) in found
    if page.period >= posting.current_key(scope, day) and not opened:
        return []
    if not scope.carry_over:
        return [(page[Bucket.AVAILABLE], page[Bucket.EXPIRED], rest)]
    target = posting.newest(scope, day, found)
    if target is None or target.period == page.period or not periods.pays(target.period):
        return []
    return [(page[Bucket.AVAILABLE], target[Bucket.AVAILABLE], rest)]


def refund_moves(hold: Hold, scopes: Sequence[Scope], *, before: int, amount: int, now: datetime) -> list[posting.Move]:
    """Return the moves that give back `amount` of what `hold` spent: to the current period of each of its scopes.

    `before` is what earlier refunds gave back. A scope that has no limit any more, or whose term is over, has no period
    to spend it in: there it goes back to where it came from, and expires if that is over.
    """
    by_scope = legs_of(hold)
    here = posting.current([scope for scope in scopes if scope.limits and scope.pk in by_scope], now)
    every = {leg.period for own in by_scope.values() for leg in own}
    found = posting.accounts_of(scopes, Q(period__in=every))
    moves: list[posting.Move] = []
    for pk, own in by_scope.items():
        spent = domain.fill([leg.amount for leg in own], hold.captured)
        for leg, part in zip(own, domain.given_back(spent, before, amount), strict=True):
            page = found[pk, leg.period]
            if pk in here and periods.pays(here[pk].main.period):
                moves.append((page[Bucket.SPENT], here[pk].main[Bucket.AVAILABLE], part))
                continue
            moves.append((page[Bucket.SPENT], page[Bucket.AVAILABLE], part))
            moves += _left_behind(page, part, found, now)
    return moves


def given(scope: Scope, period: str) -> Q:
    """Return the journals by which the quota of `scope` has given something in `period`, or taken it back."""
    return Q(scope=scope) & (Q(key=f"grant:{scope.pk}:{period}") | Q(key__startswith=f"quota:{scope.pk}:{period}:"))


def overhang(purse: posting.SpendableBudget) -> int:
    """Return by how much what the quota has given this period exceeds it: it was lowered after that was used up."""
    quota = purse.scope.quota
    if quota is None or purse.balance(Bucket.AVAILABLE) or purse.main.granted <= quota:
        return 0
    total = Journal.objects.filter(given(purse.scope, purse.main.period)).aggregate(sum=Sum("amount"))["sum"] or 0
    return max(0, total - quota)


def follow_quota(page: posting.PeriodAccounts, *, by: User, reason: str, now: datetime) -> None:
    """Bring a period in line with its scope's new terms, and write down who changed them and how (`reason`).

    What counts is what the quota has given this period so far, so that lowering and raising again gives nothing twice.
    """
    scope = page.scope
    total = Journal.objects.filter(given(scope, page.period)).aggregate(sum=Sum("amount"), count=Count("pk"))
    change = 0
    if scope.quota is not None and periods.pays(page.period):
        change = max(scope.quota - (total["sum"] or 0), -page.balance(Bucket.AVAILABLE))
    source, available = page[Bucket.SOURCE], page[Bucket.AVAILABLE]
    move = (source, available, change) if change >= 0 else (available, source, -change)
    key = f"quota:{scope.pk}:{page.period}:{total['count']}"
    journal = Journal(key=key, kind=Kind.ADJUST.value, amount=change, at=now, by=by, scope=scope, reason=reason)
    posting.post([posting.Posting(journal, [move])])


def change_text(before: periods.Terms, after: periods.Terms) -> str:
    """Return in words what changed from one set of terms to the next, for the ledger."""
    words = [credits_text(terms.quota) if terms.quota is not None else "no limit" for terms in (before, after)]
    changes = [] if before.quota == after.quota else [f"Quota changed from {words[0]} to {words[1]}"]
    if before.carry_over != after.carry_over:
        changes.append("what is left is carried over" if after.carry_over else "what is left expires")
    if after.ends is not None and before.ends != after.ends:
        changes.append(f"runs until {periods.long_day_text(after.ends)}")
    text = ", ".join(changes)
    return text[:1].upper() + text[1:]
