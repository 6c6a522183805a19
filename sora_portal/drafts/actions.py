"""Keeping drafts and letting go of them."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction

from sora_portal.drafts.form_fields import Showing
from sora_portal.drafts.models import Draft
from sora_portal.references import actions as references
from sora_portal.references.actions import Unusable

# Whoever has not come back to a text for this long has made other plans.
KEPT_FOR = timedelta(days=30)
LARGEST = 64 * 1024


@transaction.atomic
def keep(*, shown: Showing, values: Mapping[str, str], now: datetime) -> bool:
    """Keep what was typed in the form `shown`, with the pictures it names; False where the form was sent already.

    Removes what the person has not come back to for a month.
    """
    row, _ = Draft.objects.get_or_create(
        person_id=shown.person, place=shown.place, defaults={"updated_at": now, "values": {}}
    )
    row = Draft.objects.select_for_update(no_key=True).get(pk=row.pk)
    if row.spent == shown.number:
        return False
    row.values, row.updated_at = dict(values), now
    row.save(update_fields=["values", "updated_at"])
    # A picture that has gone is said beside its field when the form is shown again.
    with suppress(Unusable):
        references.need(for_what=row.needs, values=values.values(), now=now)
    for old in Draft.objects.filter(person_id=shown.person, updated_at__lt=now - KEPT_FOR):
        references.need_no_more(for_what=old.needs)
        old.delete()
    return True


@transaction.atomic
def done(*, shown: Showing | None, now: datetime) -> None:
    """Let go of the draft of a form that was sent."""
    if shown is None:
        return
    row, _ = Draft.objects.update_or_create(
        person_id=shown.person,
        place=shown.place,
        defaults={"values": {}, "spent": shown.number, "updated_at": now},
    )
    references.need_no_more(for_what=row.needs)
