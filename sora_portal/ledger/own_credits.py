"""Credits that an admin moves to themselves: allowed, named in the ledger, and told to the other admins."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.urls import reverse

from sora_portal.accounts.models import Role, User
from sora_portal.ledger.alerts import AlertView
from sora_portal.ledger.models import Journal, Kind, OwnCreditsSeen
from sora_portal.web.words import credits_text

# What a person does by hand; a hold on one's own budget is what budgets are for.
BY_HAND = (Kind.GRANT.value, Kind.ADJUST.value, Kind.REFUND.value)
# An admin who has never put the notice away reads of what is not older.
FIRST_LOOK = timedelta(days=30)
SHOWN = 3


def is_own(journal: Journal) -> bool:
    """Return whether its author moved these credits to or from their own budget; scope and hold are loaded."""
    subject = journal.scope or journal.hold
    return journal.kind in BY_HAND and journal.by_id is not None and subject.member_id == journal.by_id  # type: ignore[union-attr]


def told_to(user: User, now: datetime) -> list[AlertView]:
    """Return one notice of what other admins did with their own credits since `user` put the last one away."""
    if not user.is_portal_admin:
        return []
    found = list(_unseen(user, now).order_by("-pk"))
    if not found:
        return []
    whose = "Admins" if len({journal.by_id for journal in found}) > 1 else "An admin"
    text = f"{whose} changed their own credits: " + "; ".join(_words(journal) for journal in found[:SHOWN])
    more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    put_away = reverse("credits:put_away_own", args=[found[0].pk])
    return [AlertView(found[0].pk, "warn", f"{text}{more}.", put_away=put_away, look=reverse("credits:ledger"))]


@transaction.atomic
def put_away(*, by: User, upto: int) -> None:
    """Tell `by` no more of movements up to the journal `upto`."""
    row, _ = OwnCreditsSeen.objects.get_or_create(user=by, defaults={"upto": 0})
    OwnCreditsSeen.objects.filter(pk=row.pk, upto__lt=upto).update(upto=upto)


def _unseen(user: User, now: datetime) -> QuerySet[Journal]:
    # By author, which has an index: the ledger is long, and what admins write in it is short.
    admins = User.objects.filter(role=Role.ADMIN.value).exclude(pk=user.pk)
    others = list(admins.values_list("pk", flat=True))
    own = Q(scope__member=F("by")) | Q(hold__member=F("by"))
    rows = Journal.objects.filter(own, by__in=others, kind__in=BY_HAND).select_related("by", "hold", "scope")
    seen = OwnCreditsSeen.objects.filter(user=user).values_list("upto", flat=True).first()
    return rows.filter(at__gte=now - FIRST_LOOK) if seen is None else rows.filter(pk__gt=seen)


def _words(journal: Journal) -> str:
    """Return who, how much and why: "Mo Lindqvist granted +500 (“For the launch”)"."""
    verb = {Kind.GRANT: "granted", Kind.ADJUST: "corrected by", Kind.REFUND: "refunded"}[Kind(journal.kind)]
    sign = "+" if journal.amount > 0 else ""
    reason = f" (“{journal.reason[:120]}”)" if journal.reason else ""
    name = journal.by.display_name if journal.by else ""
    return f"{name} {verb} {sign}{credits_text(journal.amount)}{reason}"
