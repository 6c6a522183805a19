"""Alerts: that a budget is used to 50, 80, 95 or 100 %. Each is written once for its level and period, by whatever
transaction crosses the level; `outlook` says who reads it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from sora_portal.accounts.models import User
from sora_portal.ledger import domain, posting
from sora_portal.ledger.models import Alert, AlertSeen, Bucket


@dataclass(frozen=True)
class AlertView:
    """An alert as a page shows it: the highest level of one budget, with how it stands now.

    `put_away` is the address that shows it no more, `look` the page that has the rest, if there is one.
    """

    pk: int
    tone: str
    text: str
    put_away: str
    look: str = ""


def notice(purses: Iterable[posting.SpendableBudget], *, more: int | None, now: datetime) -> None:
    """Write the alerts of budgets of which `more` (milli-credits) has just been used; None: look at them afresh."""
    alerts = []
    for purse in purses:
        used = purse.balance(Bucket.SPENT) + purse.balance(Bucket.HELD)
        before = used - more if more is not None else -1
        levels = domain.levels_passed(before, used, purse.granted)
        alerts += [Alert(scope=purse.scope, period=purse.main.period, level=level, at=now) for level in levels]
    if alerts:
        Alert.objects.bulk_create(alerts, ignore_conflicts=True)


@transaction.atomic
def put_away(*, by: User, alert: Alert) -> None:
    """Show `by` neither this alert nor lower ones of the same budget and period again."""
    lower = Alert.objects.filter(scope=alert.scope_id, period=alert.period, level__lte=alert.level)
    AlertSeen.objects.bulk_create((AlertSeen(alert=each, user=by) for each in lower), ignore_conflicts=True)
