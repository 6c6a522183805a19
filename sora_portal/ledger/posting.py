"""How journals get written: lock the scopes, find or open their periods, post. `actions` says what and why.

Locks. Whoever changes accounts first locks the scopes concerned, in id order, the organisation's always among them:
two actions that could meet in an account meet in a scope before, and a period that nobody opened yet is opened once.
PostgreSQL: FOR NO KEY UPDATE, so that inserts which merely refer to a scope do not wait, let alone deadlock.
SQLite: transactions begin IMMEDIATE (settings), which is one lock for all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q

from sora_portal.accounts.models import User
from sora_portal.ledger import domain, periods
from sora_portal.ledger.models import Account, Bucket, Journal, Kind, Scope, Transfer


def zone() -> ZoneInfo:
    """Return the organisation's time zone, in which periods begin and end."""
    return ZoneInfo(settings.TIME_ZONE)


def today(now: datetime) -> date:
    """Return the day that `now` is in the organisation's time zone."""
    return periods.day_of(now, zone())


@dataclass
class PeriodAccounts:
    """The accounts of one scope in one period, by bucket. Their balances follow what is posted through `post`."""

    scope: Scope
    period: str
    accounts: dict[str, Account] = field(default_factory=dict)

    def __getitem__(self, bucket: Bucket) -> Account:
        return self.accounts[bucket]

    def balance(self, bucket: Bucket) -> int:
        """Return the balance of a bucket, 0 where the period was never opened."""
        account = self.accounts.get(bucket)
        return account.balance if account else 0

    @property
    def granted(self) -> int:
        """What this period has had to spend: what is left of it, and what became of the remainder."""
        return sum(account.balance for bucket, account in self.accounts.items() if bucket != Bucket.SOURCE)


@dataclass
class SpendableBudget:
    """All that one scope can spend now: its current period, and grants that end by themselves, soonest first."""

    main: PeriodAccounts
    envelopes: list[PeriodAccounts] = field(default_factory=list)

    @property
    def scope(self) -> Scope:
        """Whose it is."""
        return self.main.scope

    @property
    def pages(self) -> list[PeriodAccounts]:
        """Where holds take from, in this order: what ends first is spent first."""
        return [*self.envelopes, self.main]

    def balance(self, bucket: Bucket) -> int:
        """Return what a bucket holds in all of its pages."""
        return sum(page.balance(bucket) for page in self.pages)

    @property
    def granted(self) -> int:
        """What it has had to spend altogether."""
        return sum(page.granted for page in self.pages)

    def take(self, amount: int) -> list[tuple[PeriodAccounts, int]]:
        """Return from which pages a hold of `amount` takes how much; there has to be enough."""
        parts = domain.fill([page.balance(Bucket.AVAILABLE) for page in self.pages], amount)
        taken = [(page, part) for page, part in zip(self.pages, parts, strict=True) if part]
        return taken or [(self.main, 0)]


def tightness(purse: SpendableBudget) -> tuple[int, int]:
    """Return the sort key by which the limit that binds comes first."""
    return domain.tightness(purse.scope.kind, purse.balance(Bucket.AVAILABLE))


Move = tuple[Account, Account, int]


@dataclass
class Posting:
    """A journal to be written and its moves (debit account, credit account, amount); moves of 0 are left out."""

    journal: Journal
    moves: list[Move] = field(default_factory=list)


def lock(subjects: Q) -> list[Scope]:
    """Return the organisation's scope and those that match `subjects`, locked, in id order. Needs a transaction."""
    wanted = Scope.objects.filter(Q(kind="organisation") | subjects).order_by("id").select_for_update(no_key=True)
    scopes = list(wanted)
    if not any(scope.kind == "organisation" for scope in scopes):
        Scope.objects.organisation()
        scopes = list(wanted.all())
    return scopes


Found = dict[tuple[int, str], PeriodAccounts]


def accounts_of(scopes: Iterable[Scope], accounts: Q) -> Found:
    """Return the `accounts` of `scopes` gathered into pages, by (scope id, period)."""
    by_id = {scope.pk: scope for scope in scopes if scope.pk}
    found: Found = {}
    for account in Account.objects.filter(accounts, scope__in=by_id):
        key = (account.scope_id, account.period)
        page = found.setdefault(key, PeriodAccounts(by_id[account.scope_id], account.period))
        page.accounts[account.bucket] = account
    return found


def spendable(scopes: Iterable[Scope], day: date) -> Q:
    """Return the accounts that count on `day`: current periods, those after them, and grants that have not ended."""
    keys = {key for scope in scopes for key in (current_key(scope, day), periods.following(scope.terms, day))}
    ending = Q(period__startswith=periods.UNTIL, period__gt=periods.grant_keys_from(day))
    return Q(period__in=keys) | ending


def current_key(scope: Scope, day: date) -> str:
    """Return the name of the scope's period on `day`."""
    return periods.period_at(scope.terms, day).key


def newest(scope: Scope, day: date, found: Found) -> PeriodAccounts | None:
    """Return the page that is current on `day`, or None if it has yet to be opened.

    A period that has begun does not end again: a process whose clock is a moment late books into the one that
    another process opened meanwhile.
    """
    later = found.get((scope.pk, periods.following(scope.terms, day)))
    return later or found.get((scope.pk, current_key(scope, day)))


def expiring_grants(scope: Scope, day: date, found: Found) -> list[PeriodAccounts]:
    """Return the grants of `scope` that end by themselves and have not, soonest first."""
    own = [page for (pk, period), page in found.items() if pk == scope.pk and _counts(period, day)]
    return sorted(own, key=lambda page: page.period)


def _counts(period: str, day: date) -> bool:
    last = periods.last_day(period)
    return last is not None and last >= day


def post(entries: Sequence[Posting]) -> None:
    """Write journals with their transfers, in two statements however many there are.

    The database moves the balances (ledger_guards.py); the accounts in memory are kept in step.
    """
    if len(entries) == 1:
        entries[0].journal.save(force_insert=True)
    else:
        Journal.objects.bulk_create(entry.journal for entry in entries)
    transfers = []
    for entry in entries:
        for debit, credit, amount in entry.moves:
            if amount:
                transfers.append(Transfer(journal=entry.journal, debit=debit, credit=credit, amount=amount))
                debit.balance -= amount
                credit.balance += amount
    Transfer.objects.bulk_create(transfers)


def open_periods(wanted: Sequence[tuple[Scope, str]]) -> list[PeriodAccounts]:
    """Return pages for these periods, with empty accounts."""
    made = [PeriodAccounts(scope, period) for scope, period in wanted]
    rows = [Account(scope=page.scope, period=page.period, bucket=bucket.value) for page in made for bucket in Bucket]
    by_key = {(page.scope.pk, page.period): page for page in made}
    for account in Account.objects.bulk_create(rows):
        by_key[account.scope_id, account.period].accounts[account.bucket] = account
    return made


def new_expiring_grant(scope: Scope, last: date) -> PeriodAccounts:
    """Return the page of a grant to the locked `scope` that ends with the day `last`."""
    same_day = Account.objects.filter(scope=scope, bucket=Bucket.SOURCE.value)
    number = same_day.filter(period__startswith=periods.grant_keys_from(last)).count() + 1
    return open_periods([(scope, periods.grant_key(last, number))])[0]


def current(scopes: Sequence[Scope], now: datetime, *, by: User | None = None) -> dict[int, SpendableBudget]:
    """Return what every one of the locked, limiting `scopes` can spend, by scope id.

    Opens what is not open and closes what has ended: this is how months begin and grants expire.
    """
    day = today(now)
    found = accounts_of(scopes, spendable(scopes, day) | _ended(day))
    result = {scope.pk: page for scope in scopes if (page := newest(scope, day, found))}
    unopened = [scope for scope in scopes if scope.pk not in result]
    closing = _closings(found, day, now)
    if unopened:
        result.update(_open(unopened, day, now=now, by=by))
    if closing:
        post(closing)
    return {scope.pk: SpendableBudget(result[scope.pk], expiring_grants(scope, day, found)) for scope in scopes}


def _ended(day: date) -> Q:
    """Return the accounts in which something is still available of grants that have ended."""
    ended = Q(period__startswith=periods.UNTIL, period__lt=periods.grant_keys_from(day))
    return ended & Q(bucket=Bucket.AVAILABLE.value, balance__gt=0)


def _closings(found: Found, day: date, now: datetime) -> list[Posting]:
    """Return what expires of the grants among `found` that ended before `day`."""
    over = [page for page in found.values() if not _counts(page.period, day) and periods.last_day(page.period)]
    return [_expiry(page[Bucket.AVAILABLE], page.scope, page.period, now) for page in over]


def _expiry(rest: Account, scope: Scope, period: str, now: datetime) -> Posting:
    to = Account.objects.get(scope=scope, period=period, bucket=Bucket.EXPIRED.value)
    journal = Journal(key=f"expire:{scope.pk}:{period}", kind=Kind.EXPIRE.value, amount=rest.balance, at=now)
    journal.scope, journal.reason = scope, f"Left over from {periods.rest_text(period)}"
    return Posting(journal, [(rest, to, rest.balance)])


def _open(scopes: Sequence[Scope], day: date, *, now: datetime, by: User | None) -> dict[int, PeriodAccounts]:
    """Open the current period of `scopes`: grant the quota, and close what earlier ones left over."""
    opened = {page.scope.pk: page for page in open_periods([(scope, current_key(scope, day)) for scope in scopes])}
    entries = []
    for page in opened.values():
        terms = page.scope.terms
        quota = (terms.quota or 0) if periods.period_at(terms, day).pays else 0
        granting = Journal(key=grant_key(page), kind=Kind.GRANT.value, amount=quota, at=now, by=by)
        granting.scope, granting.reason = page.scope, f"Quota: {periods.span_text(terms, day)}"
        entries.append(Posting(granting, [(page[Bucket.SOURCE], page[Bucket.AVAILABLE], quota)]))
    post(entries + _leftovers(opened, day, now))
    return opened


def grant_key(page: PeriodAccounts) -> str:
    """Return the key of the journal that opens a period: there is one."""
    return f"grant:{page.scope.pk}:{page.period}"


def _leftovers(opened: dict[int, PeriodAccounts], day: date, now: datetime) -> list[Posting]:
    """Return what happens to the rest of earlier periods: it moves on where a scope carries over, else it expires.

    What carries over waits where it is while nothing can be spent anyway, before and after a fixed term.
    """
    older = Q(pk=None)
    for page in opened.values():
        older |= Q(scope=page.scope, period__lt=page.period)
    earlier = Account.objects.filter(older).exclude(period__startswith=periods.UNTIL)
    rests = list(earlier.filter(bucket=Bucket.AVAILABLE.value, balance__gt=0))
    if not rests:
        return []
    places = earlier.filter(bucket=Bucket.EXPIRED.value, period__in={rest.period for rest in rests})
    expired = {(account.scope_id, account.period): account for account in places}
    entries = []
    for rest in rests:
        page = opened[rest.scope_id]
        kind, to = Kind.EXPIRE, expired[rest.scope_id, rest.period]
        if page.scope.carry_over:
            kind, to = Kind.CARRY, page[Bucket.AVAILABLE]
            if not periods.period_at(page.scope.terms, day).pays:
                continue
        journal = Journal(key=f"{kind.value}:{page.scope.pk}:{rest.period}:{page.period}", kind=kind.value, at=now)
        journal.scope, journal.amount = page.scope, rest.balance
        journal.reason = f"Left over from {periods.rest_text(rest.period)}"
        entries.append(Posting(journal, [(rest, to, rest.balance)]))
    return entries
