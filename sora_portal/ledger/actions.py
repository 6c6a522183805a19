"""Every movement of credits.

All are atomic, join the transaction of their caller, and take amounts in milli-credits (1 credit = 1000) and `now` as
an aware datetime. A refusal is raised only after nothing was written and leaves the caller's transaction usable. Who
holds a row lock of their own takes it before calling, never after: the ledger's locks come last.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import TypeVar

from django.db import transaction
from django.db.models import Q, Sum

from sora_portal.accounts.models import Role, User
from sora_portal.accounts.policies import require_admin
from sora_portal.catalog.models import Connection
from sora_portal.errors import Refused
from sora_portal.ledger import alerts, domain, periods, posting, settling
from sora_portal.ledger.errors import (
    AlreadySettled,
    DateIsOver,
    KeyUsed,
    NothingToTake,
    OverBudget,
    ReasonTooShort,
    TooMuchBack,
    Unlimited,
)
from sora_portal.ledger.models import Bucket, Hold, HoldLeg, HoldState, Journal, Kind, Scope, ScopeKind
from sora_portal.ledger.periods import Terms
from sora_portal.projects.models import Project
from sora_portal.web.text import seen

Outcome = TypeVar("Outcome")


def organisation_scope() -> Scope:
    """Return the organisation's scope, making it on first use."""
    return Scope.objects.organisation()


def scope_for_project(project: Project) -> Scope:
    """Return the scope of `project`, making it without a limit on first use."""
    return Scope.objects.of_project(project)


def scope_for_member(user: User) -> Scope:
    """Return the scope of `user`, making it with the quota for newcomers on first use."""
    return Scope.objects.of_member(user)


def scope_for_connection(connection: Connection) -> Scope:
    """Return the scope of a vendor connection, making it without a limit on first use."""
    return Scope.objects.of_connection(connection)


def hold(*, ref: str, amount: int, project: Project, member: User, connection: Connection, now: datetime) -> Hold:
    """Set `amount` aside in every scope that limits, all or nothing, and return the hold; the same `ref` again
    returns the same hold.

    Raises OverBudget, naming the limit with the least left. A period is opened by the first hold in it.
    """
    if amount < 0:
        raise ValueError("a hold cannot be negative")
    with transaction.atomic(savepoint=False):
        outcome = _hold(ref, amount, project, member, connection, now)
    return _or_raise(outcome)


def _hold(
    ref: str, amount: int, project: Project, member: User, connection: Connection, now: datetime
) -> Hold | Refused:
    scopes = posting.lock(Q(project=project) | Q(member=member) | Q(connection=connection))
    existing = Hold.objects.filter(ref=ref).first()
    if existing is not None:
        return existing
    organisation = next(scope for scope in scopes if scope.kind == ScopeKind.ORGANISATION)
    if organisation.default_member_quota is not None and not any(scope.member_id for scope in scopes):
        scopes.append(scope_for_member(member))
    purses = list(posting.current([scope for scope in scopes if scope.limits], now).values())
    refusal = _over_budget(purses, amount, member, now)
    if refusal is not None:
        return refusal
    taken = Hold.objects.create(
        ref=ref, amount=amount, member=member, project=project, connection=connection, created_at=now
    )
    journal = Journal(key=f"hold:{ref}", kind=Kind.HOLD.value, amount=amount, at=now, by=member, ref=ref, hold=taken)
    parts = [part for purse in purses for part in purse.take(amount)]
    posting.post(
        [posting.Posting(journal, [(page[Bucket.AVAILABLE], page[Bucket.HELD], part) for page, part in parts])]
    )
    HoldLeg.objects.bulk_create(
        HoldLeg(hold=taken, scope=page.scope, period=page.period, amount=part) for page, part in parts
    )
    alerts.notice(purses, more=amount, now=now)
    return taken


def _over_budget(
    purses: Iterable[posting.SpendableBudget], amount: int, member: User, now: datetime
) -> OverBudget | None:
    """Return the refusal by the budget with the least left, or None where every one suffices."""
    tight = min(purses, key=posting.tightness, default=None)
    if tight is None or tight.balance(Bucket.AVAILABLE) >= amount:
        return None
    admins = User.objects.filter(role=Role.ADMIN.value, is_active=True).order_by("pk")
    if member.is_portal_admin:
        ask = "You can raise it on the Credits page."
    else:
        admin = admins.first()
        ask = f"Ask {admin.display_name}." if admin else "Ask an admin."
    return OverBudget(
        tight.scope,
        label="Your budget" if tight.scope.kind == ScopeKind.MEMBER else tight.scope.label,
        left=tight.balance(Bucket.AVAILABLE),
        granted=tight.granted,
        overhang=settling.overhang(tight),
        needed=amount,
        day=posting.today(now),
        ask=ask,
    )


def capture(*, ref: str, now: datetime, amount: int | None = None) -> Hold:
    """Settle a hold by spending `amount` of it (all, if not given); the rest goes back. Returns the hold.

    Doing the same again changes nothing. Raises AlreadySettled if it ended differently, Hold.DoesNotExist if there is
    none, ValueError for more than was held.
    """
    return _settle(ref, amount, Kind.CAPTURE, "", now)


def release(*, ref: str, reason: str, now: datetime) -> Hold:
    """Settle a hold by giving all of it back; returns the hold. Same rules as `capture`: a hold ends once."""
    return _settle(ref, 0, Kind.RELEASE, reason, now)


def _settle(ref: str, captured: int | None, kind: Kind, reason: str, now: datetime) -> Hold:
    with transaction.atomic(savepoint=False):
        scopes = posting.lock(Q(pk__in=HoldLeg.objects.filter(hold__ref=ref).values("scope")))
        taken = Hold.objects.get(ref=ref)
        spent = taken.amount if captured is None else captured
        if not 0 <= spent <= taken.amount:
            raise ValueError("more than was held")
        ended = taken.is_settled
        if not ended:
            moves = settling.end_moves(taken, scopes, captured=spent, now=now)
            amount = spent if kind == Kind.CAPTURE else taken.amount
            journal = Journal(key=f"end:{ref}", kind=kind.value, amount=amount, at=now, ref=ref, hold=taken)
            journal.reason = reason[:500]
            posting.post([posting.Posting(journal, moves)])
            taken.state, taken.settled_at = HoldState.SETTLED.value, now
            taken.captured, taken.released = spent, taken.amount - spent
            taken.save(update_fields=["state", "settled_at", "captured", "released"])
    if ended and taken.captured != spent:
        raise AlreadySettled(taken)
    return taken


def grant(*, by: User, scope: Scope, amount: int, reason: str, key: str, now: datetime) -> Journal:
    """Add `amount` to what `scope` can spend in its current period, once per `key`; returns the journal.

    Raises NotAllowed unless `by` is an admin, Unlimited for a scope without a budget, KeyUsed.
    """
    require_admin(by)
    if amount <= 0:
        raise ValueError("a grant adds something")
    return _move(by, scope, amount, Kind.GRANT, reason, key, now)


def grant_until(*, by: User, scope: Scope, amount: int, last: date, reason: str, key: str, now: datetime) -> Journal:
    """Give `scope` `amount` that can be spent up to and including the day `last`, once per `key`; returns the journal.

    It is spent before everything else, outlives the period it was given in, and what is left of it expires without
    anybody doing anything. Raises DateIsOver for a day that has passed, and as `grant` does.
    """
    require_admin(by)
    if amount <= 0:
        raise ValueError("a grant adds something")
    if last < posting.today(now):
        raise DateIsOver(last)
    return _move(by, scope, amount, Kind.GRANT, reason, key, now, last=last)


def adjust(*, by: User, scope: Scope, amount: int, reason: str, key: str, now: datetime) -> Journal:
    """Correct by `amount`, up or down, what `scope` can spend in its current period, once per `key`.

    Returns the journal. Raises ReasonTooShort below 10 characters, NothingToTake for more than is available, and as
    `grant` does.
    """
    require_admin(by)
    if seen(reason) < domain.REASON_MIN:
        raise ReasonTooShort()
    if not amount:
        raise ValueError("an adjustment moves something")
    return _move(by, scope, amount, Kind.ADJUST, reason, key, now)


def _move(
    by: User, scope: Scope, amount: int, kind: Kind, reason: str, key: str, now: datetime, last: date | None = None
) -> Journal:
    if last is not None:
        reason = f"Until {periods.long_day_text(last)}. {reason}"
    with transaction.atomic(savepoint=False):
        outcome = _moved(by, scope, amount, kind, reason.strip(), key, now, last)
    return _or_raise(outcome)


def _moved(
    by: User, scope: Scope, amount: int, kind: Kind, reason: str, key: str, now: datetime, last: date | None
) -> Journal | Refused:
    pk = Scope.objects.kept(scope).pk
    scope = next(row for row in posting.lock(Q(pk=pk)) if row.pk == pk)
    done = Journal.objects.filter(key=f"client:{key}").first()
    if done is not None:
        same = (done.kind, done.scope_id, done.amount, done.reason) == (kind, scope.pk, amount, reason[:500])
        return done if same else KeyUsed()
    if not scope.limits:
        return Unlimited(scope)
    purse = posting.current([scope], now, by=by)[scope.pk]
    page = purse.main if last is None else posting.new_expiring_grant(scope, last)
    if -amount > page.balance(Bucket.AVAILABLE):
        return NothingToTake(scope, left=page.balance(Bucket.AVAILABLE))
    journal = Journal(key=f"client:{key}", kind=kind.value, amount=amount, at=now, by=by, scope=scope)
    journal.reason = reason[:500]
    posting.post([posting.Posting(journal, [_from_source(page, amount)])])
    return journal


def _from_source(page: posting.PeriodAccounts, amount: int) -> posting.Move:
    """Return the move that adds `amount` to what is available, or takes it away when negative."""
    source, available = page[Bucket.SOURCE], page[Bucket.AVAILABLE]
    return (source, available, amount) if amount > 0 else (available, source, -amount)


def refund(*, by: User, ref: str, amount: int, reason: str, key: str, now: datetime) -> Journal:
    """Give back `amount` of what was captured for `ref`, once per `key`; returns the journal.

    It comes back to the current period, also for a video of an earlier one: in a closed one it would be worth nothing.
    Raises TooMuchBack beyond what was captured and not yet refunded, ReasonTooShort, KeyUsed, NotAllowed.
    """
    require_admin(by)
    if seen(reason) < domain.REASON_MIN:
        raise ReasonTooShort()
    if amount <= 0:
        raise ValueError("a refund gives something back")
    with transaction.atomic(savepoint=False):
        outcome = _refunded(by, ref, amount, reason.strip(), key, now)
    return _or_raise(outcome)


def _refunded(by: User, ref: str, amount: int, reason: str, key: str, now: datetime) -> Journal | Refused:
    scopes = posting.lock(Q(pk__in=HoldLeg.objects.filter(hold__ref=ref).values("scope")))
    taken = Hold.objects.get(ref=ref)
    done = Journal.objects.filter(key=f"client:{key}").first()
    if done is not None:
        same = (done.kind, done.ref, done.amount, done.reason) == (Kind.REFUND, ref, amount, reason)
        return done if same else KeyUsed()
    back = Journal.objects.filter(hold=taken, kind=Kind.REFUND.value).aggregate(sum=Sum("amount"))["sum"] or 0
    if amount > taken.captured - back:
        return TooMuchBack(left=taken.captured - back)
    moves = settling.refund_moves(taken, scopes, before=back, amount=amount, now=now)
    journal = Journal(key=f"client:{key}", kind=Kind.REFUND.value, amount=amount, at=now, by=by, reason=reason)
    journal.ref, journal.hold = ref, taken
    posting.post([posting.Posting(journal, moves)])
    return journal


def set_quota(*, by: User, scope: Scope, monthly: int | None, now: datetime) -> Scope:
    """Set what `scope` gets every month (None: no limit) and return it; this month follows at once.

    A raise adds what this month lacks; a cut takes from what is available, at most all of it. Raises NotAllowed.
    """
    return _change_terms(by, scope, lambda before: Terms(periods.MONTHLY, monthly, carry_over=before.carry_over), now)


def set_budget(*, by: User, scope: Scope, terms: Terms, now: datetime) -> Scope:
    """Set what `scope` gets and when (the edition in `terms` is not read) and return it; it counts at once.

    Another amount changes the running period as `set_quota` says. Another rhythm, another first day, or a change after
    a term has ended begins a new period with the whole quota, and the rest of the old one expires or is carried over.
    Raises NotAllowed.
    """
    return _change_terms(by, scope, lambda before: terms, now)


def raise_quota(*, by: User, scope: Scope, amount: int, now: datetime) -> Scope:
    """Add `amount` to what each period of `scope` gives and return it; nothing where it has no limit (any more)."""
    if amount <= 0:
        raise ValueError("a raise adds something")
    return _change_terms(
        by, scope, lambda before: replace(before, quota=None if before.quota is None else before.quota + amount), now
    )


@transaction.atomic
def _change_terms(by: User, scope: Scope, change: Callable[[Terms], Terms], now: datetime) -> Scope:
    require_admin(by)
    pk = Scope.objects.kept(scope).pk
    scope = next(row for row in posting.lock(Q(pk=pk)) if row.pk == pk)
    before = scope.terms
    terms = change(before)
    if terms.quota is not None and terms.quota < 0:
        raise ValueError("a quota cannot be negative")
    # Without any limit its rhythm stays what it was, in case a limit comes back.
    terms = replace(before, quota=None) if terms.quota is None else replace(terms, edition=before.edition)
    if terms == before:
        return scope
    anew = before.begins_anew(terms) or before.ended(posting.today(now))
    terms = replace(terms, edition=before.edition + anew)
    scope.quota, scope.rhythm, scope.carry_over = terms.quota, terms.rhythm, terms.carry_over
    scope.starts_on, scope.ends_on, scope.edition = terms.starts, terms.ends, terms.edition
    scope.save(update_fields=["quota", "rhythm", "carry_over", "starts_on", "ends_on", "edition"])
    purse = posting.current([scope], now, by=by)[scope.pk]
    if not anew:
        settling.follow_quota(purse.main, by=by, reason=settling.change_text(before, terms), now=now)
    if scope.limits:
        alerts.notice([purse], more=None, now=now)
    return scope


@transaction.atomic
def set_default_member_quota(*, by: User, monthly: int | None) -> Scope:
    """Set the monthly quota that newcomers start with (None: no limit); nobody's own quota changes."""
    require_admin(by)
    scope = organisation_scope()
    scope.default_member_quota = monthly
    scope.save(update_fields=["default_member_quota"])
    return scope


def _or_raise(outcome: Outcome | Refused) -> Outcome:
    """Return `outcome`, or raise it. A refusal raised inside atomic would spoil the caller's transaction."""
    if isinstance(outcome, Refused):
        raise outcome
    return outcome
