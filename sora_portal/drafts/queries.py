"""Reading drafts, for the person who typed them."""

from datetime import datetime, timedelta

from sora_portal.accounts.models import User
from sora_portal.drafts.models import Draft

LATELY = timedelta(days=30)


def of(person: User, place: str) -> dict[str, str]:
    """Return what `person` has typed at `place` and not sent; nothing if there is nothing."""
    found = Draft.objects.filter(person=person, place=place).values_list("values", flat=True).first()
    return dict(found or {})


def begun(person: User, beginning: tuple[str, ...], now: datetime) -> dict[str, dict[str, str]]:
    """Return what `person` has typed in the last days at places that begin so, by place, newest first."""
    rows = Draft.objects.filter(person=person, updated_at__gt=now - LATELY).order_by("-updated_at")
    return {place: values for place, values in rows.values_list("place", "values") if place.startswith(beginning)}
