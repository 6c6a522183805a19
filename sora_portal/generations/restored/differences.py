"""What the send journal knows and the database does not, and the other way round."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sora_portal.generations.models import Attempt
from sora_portal.installation import journal
from sora_portal.installation.journal import Entry
from sora_portal.installation.models import Installation

AT_ONCE = 500
# How many of the newest sent videos must be in the journal, and how old their sending must be: a folder that several
# hosts share may show a file late.
LOOKED_FOR = 20
SHOWN_BY = timedelta(seconds=30)


def entries(row: Installation | None, newest: int | None = None) -> list[Entry]:
    """Return the tries that left, by the journal, and that the database does not know; oldest video first.

    Without those that a release up to this epoch dealt with, and those of another installation.
    """
    names = journal.names(newest)
    known = set(_known(names))
    found = [journal.read(name) for name in reversed(names) if name not in known]
    return [entry for entry in found if row is None or _counts(entry, row)]


def _known(names: list[str]) -> Iterable[str]:
    for start in range(0, len(names), AT_ONCE):
        videos = {name.rpartition("-")[0] for name in names[start : start + AT_ONCE]}
        rows = Attempt.objects.filter(generation__public_id__in=videos, sending_at__isnull=False)
        for public_id, number in rows.values_list("generation__public_id", "number"):
            yield journal.name_of(public_id, number)


def _counts(entry: Entry, row: Installation) -> bool:
    foreign = entry.request.get("installation", row.uid) != row.uid
    return not foreign and all(epoch > row.epoch for epoch in entry.settled)


def absent(row: Installation, now: datetime) -> list[str]:
    """Return those of the newest videos that have a task at a vendor, and so were sent, that the journal lacks."""
    rows = Attempt.objects.filter(vendor_task_id__isnull=False, sending_at__gte=row.since)
    newest = rows.filter(sending_at__lt=now - SHOWN_BY).order_by("-pk")
    sent = newest.values_list("generation__public_id", "number")[:LOOKED_FOR]
    return [name for name in (journal.name_of(*pair) for pair in sent) if not journal.has(name)]
