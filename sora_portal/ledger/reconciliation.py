"""What becomes of the last reconciliation: books that do not add up take no new videos until somebody has mended them.

Who looks (`operations.verifying`) stands above, because some of the rules are about videos.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from sora_portal.accounts.models import User
from sora_portal.errors import Refused
from sora_portal.ledger.models import Reconciliation
from sora_portal.ledger.verify import Difference

EVERY = timedelta(hours=1)
STOPPED = (
    "No new videos are taken at the moment, because the credits do not add up. The admins know. Videos under way go on,"
    " and nothing is lost."
)


class BooksBroken(Refused):
    """The last reconciliation found a difference."""

    def __init__(self) -> None:
        super().__init__(STOPPED)


def record(differences: Sequence[Difference], now: datetime) -> None:
    """Keep what a reconciliation found, in place of what the one before it did."""
    found = [difference.as_dict() for difference in differences]
    Reconciliation.objects.update_or_create(pk=1, defaults={"at": now, "differences": found})


def last() -> Reconciliation | None:
    """Return what was found last, or None before the first time."""
    return Reconciliation.objects.filter(pk=1).first()


def require_sound() -> None:
    """Raise BooksBroken when the last reconciliation found a difference."""
    if Reconciliation.objects.filter(pk=1).exclude(differences=[]).exists():
        raise BooksBroken


def claim_turn(now: datetime) -> bool:
    """Return whether it is time for the next reconciliation and the caller is the one to see to it."""
    row = last()
    if row is None:
        row, _ = Reconciliation.objects.get_or_create(pk=1)
    if row.asked_at is not None and row.asked_at > now - EVERY:
        return False
    waiting = Q(asked_at=None) | Q(asked_at__lte=now - EVERY)
    return bool(Reconciliation.objects.filter(waiting, pk=1).update(asked_at=now))


def notice(user: User) -> str:
    """Return the line above everybody's studio while the books are broken, or the empty string; admins learn more."""
    row = last()
    if row is None or not row.differences:
        return ""
    if not user.is_portal_admin:
        return STOPPED
    first = row.differences[0]
    return (
        f"The credits do not add up, so no new videos are taken. Differences: {len(row.differences)}; the first is"
        f" {first['invariant']}, {first['where']}: {first['text']}. Mend it and run manage.py ledger_verify."
    )
