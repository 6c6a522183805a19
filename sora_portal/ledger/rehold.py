"""Taking a hold anew at another price: what happens to a video that moves to another model before it is sent."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from sora_portal.catalog.models import Connection
from sora_portal.ledger import actions, domain, posting
from sora_portal.ledger.errors import AlreadySettled
from sora_portal.ledger.models import Hold, HoldLeg


def rehold(*, ref: str, amount: int, connection: Connection, reason: str, now: datetime) -> Hold:
    """Release the unsettled hold `ref` and take `amount` anew for the same work at `connection`; return the new hold.

    Both or neither. A hold ends once and is never rewritten, so the new one has a name of its own (`domain.next_ref`).
    Raises OverBudget, as `hold` does, with the old hold as it was; AlreadySettled for one that has ended.
    """
    old = Hold.objects.select_related("project", "member").get(ref=ref)
    with transaction.atomic():
        # All that the two steps will lock, at once and in order: locked one after the other they could meet somebody
        # who locks them the other way round.
        legs = HoldLeg.objects.filter(hold=old).values("scope")
        posting.lock(Q(pk__in=legs) | Q(project=old.project) | Q(member=old.member) | Q(connection=connection))
        old.refresh_from_db(fields=["state", "captured", "released"])
        if old.is_settled:
            raise AlreadySettled(old)
        actions.release(ref=ref, reason=reason, now=now)
        return actions.hold(
            ref=domain.next_ref(ref),
            amount=amount,
            project=old.project,
            member=old.member,
            connection=connection,
            now=now,
        )
