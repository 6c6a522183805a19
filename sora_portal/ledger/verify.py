"""The invariants of the ledger, recomputed from its tables (docs/lifecycle.md, I1-I4, I7, I8).

The database keeps them by constraints and triggers; this looks whether it did.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from django.db import connection, transaction
from django.db.models import Count, F, Q, Sum

from sora_portal.ledger import periods
from sora_portal.ledger.guards import tables, triggers
from sora_portal.ledger.models import Account, Bucket, Hold, HoldLeg, Journal, Kind, Transfer


@dataclass(frozen=True)
class Difference:
    """One invariant that does not hold, and where."""

    invariant: str
    where: str
    text: str

    def as_dict(self) -> dict[str, str]:
        """Return it for JSON."""
        return asdict(self)


def differences() -> list[Difference]:
    """Return everything that is wrong with the ledger: nothing, if all is well. Reads one moment's state."""
    with _one_moment():
        return [*_accounts(), *_held(), *_holds(), *_legs(), *_grants(), *_guards()]


@contextmanager
def _one_moment() -> Iterator[None]:
    """Let all queries inside see the same state, so that work going on meanwhile does not look like a difference."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _accounts() -> Iterator[Difference]:
    """I1: an account is the sum of its transfers. I2: only the source goes below zero."""
    out = dict(Transfer.objects.values_list("debit").annotate(sum=Sum("amount")))
    into = dict(Transfer.objects.values_list("credit").annotate(sum=Sum("amount")))
    for account in Account.objects.all().iterator():
        debits, credits = out.get(account.pk, 0), into.get(account.pk, 0)
        where = f"scope {account.scope_id}, {account.period}, {account.bucket}"
        if (account.debits, account.credits, account.balance) != (debits, credits, credits - debits):
            text = f"balance {account.balance}, transfers say {credits - debits}"
            yield Difference("I1", where, text)
        if account.balance < 0 and account.bucket != Bucket.SOURCE:
            yield Difference("I2", where, f"balance {account.balance}")


def _held() -> Iterator[Difference]:
    """I3: what is held in a scope and period is what unsettled holds took from it."""
    unsettled: dict[tuple[int, str], int] = {
        (scope, period): amount
        for scope, period, amount in HoldLeg.objects.filter(hold__state="held")
        .values_list("scope", "period")
        .annotate(sum=Sum("amount"))
    }
    held = {
        (account.scope_id, account.period): account.balance
        for account in Account.objects.filter(bucket=Bucket.HELD.value)
    }
    for key in sorted(held.keys() | unsettled.keys()):
        if held.get(key, 0) != unsettled.get(key, 0):
            text = f"{held.get(key, 0)} held, unsettled holds say {unsettled.get(key, 0)}"
            yield Difference("I3", f"scope {key[0]}, {key[1]}", text)


def _holds() -> Iterator[Difference]:
    """I4: a hold has its beginning in the ledger, and its end exactly if it is settled; nothing is lost in between."""
    ends = Q(journals__kind__in=[Kind.CAPTURE.value, Kind.RELEASE.value])
    counted = Hold.objects.annotate(
        begun=Count("journals", filter=Q(journals__kind=Kind.HOLD.value), distinct=True),
        ended=Count("journals", filter=ends, distinct=True),
    )
    wrong = ~Q(begun=1) | Q(state="held", ended__gt=0) | Q(state="settled") & ~Q(ended=1)
    unequal = Q(state="settled") & ~Q(amount=F("captured") + F("released"))
    for hold in counted.filter(wrong | unequal):
        text = f"{hold.state}, {hold.captured} + {hold.released} of {hold.amount}"
        yield Difference("I4", hold.ref, f"{text}; journals: {hold.begun} of its begin, {hold.ended} of its end")


def _legs() -> Iterator[Difference]:
    """I4: in every scope that limits a hold, its legs add up to its amount."""
    sums = HoldLeg.objects.values("hold__ref", "scope", "hold__amount").annotate(sum=Sum("amount"))
    for row in sums.exclude(hold__amount=F("sum")):
        text = f"legs say {row['sum']} of {row['hold__amount']}"
        yield Difference("I4", f"{row['hold__ref']}, scope {row['scope']}", text)


def _grants() -> Iterator[Difference]:
    """I7: a scope's period was opened by one grant."""
    opened = set(Account.objects.filter(bucket=Bucket.SOURCE.value).values_list("scope", "period"))
    granted = set(Journal.objects.filter(kind=Kind.GRANT.value, key__startswith="grant:").values_list("key", flat=True))
    for scope, period in sorted(opened):
        key = f"grant:{scope}:{period}"
        if key not in granted and not period.startswith(periods.UNTIL):
            yield Difference("I7", f"scope {scope}, {period}", "open without a grant")
        granted.discard(key)
    for key in sorted(granted):
        yield Difference("I7", key, "a grant without its period")
    # A grant that ends by itself is a period of its own, which nothing else may fill.
    sources = Account.objects.filter(bucket=Bucket.SOURCE.value, period__startswith=periods.UNTIL)
    once = Q(debited__journal__kind=Kind.GRANT.value)
    filled = sources.annotate(grants=Count("debited", filter=once), moves=Count("debited"))
    for account in filled.exclude(grants=1, moves=1, credits=0):
        yield Difference("I7", f"scope {account.scope_id}, {account.period}", "not filled by one grant")


def _guards() -> Iterator[Difference]:
    """I8: rows never change. That cannot be seen in them, but whether the triggers are there that refuse it can."""
    for name in triggers.missing(connection, *tables.LEDGER):
        yield Difference("I8", name, "this trigger is missing")
