"""Is this the installation that its journal belongs to? Looked at by every process that sends, often and cheaply."""

import logging
import time
from datetime import datetime
from pathlib import Path

from django.db import DatabaseError, connections

from sora_portal import clock
from sora_portal.catalog import queries as catalog
from sora_portal.generations.domain import State
from sora_portal.generations.feed import counter
from sora_portal.generations.models import Generation
from sora_portal.generations.restored import differences, release
from sora_portal.installation import identity, journal, safe_mode
from sora_portal.installation.identity import Identity
from sora_portal.installation.models import Installation

log = logging.getLogger(__name__)

EVERY = 5.0
# At its first look a process reads all names in the journal, later these.
NEWEST = 300
TOLD_AT_ONCE = 50
_looked: dict[Path, float] = {}


def closed(now: datetime) -> bool:
    """Return whether nothing may be sent or ended now; looks for a reason, but not more than once in EVERY seconds.

    Raises OSError and database errors: what cannot be looked at lets nothing out.
    """
    if safe_mode.holds():
        return True
    folder = journal.folder()
    last = _looked.get(folder)
    if last is not None and time.monotonic() - last < EVERY:
        return False
    reasons = look(now, newest=None if last is None else NEWEST)
    if not reasons:
        _looked[folder] = time.monotonic()
        return False
    if costs_nothing():
        release.by_itself(reasons, now)
        return False
    safe_mode.enter(tuple(reasons), now)
    return True


def look_at_start() -> None:
    """Look once, as a process does that begins; trouble with it is only logged, as whoever sends looks again."""
    try:
        closed(clock.now())
    except (OSError, DatabaseError):
        log.exception("whether this is the installation of its journal could not be looked at")
    finally:
        connections.close_all()


def costs_nothing() -> bool:
    """Whether this installation has no vendor that costs money and never had one: then there is nothing to guard."""
    row = Installation.objects.filter(pk=1).first()
    if (row is not None and row.live) or catalog.has_live_connection():
        return False
    # The database may be older than its first key.
    return not any(journal.read(name).request.get("live", True) for name in journal.names())


def look(now: datetime, newest: int | None = None) -> list[str]:
    """Return why this may not be the installation that the journal belongs to, a sentence each; none if it is.

    An installation that does not know itself yet, with no journal of another, gets its identity here.
    """
    try:
        found = identity.read()
    except identity.Unreadable as error:
        return [f"The identity file of this installation is damaged: {error}."]
    row = Installation.objects.filter(pk=1).first()
    if row is None:
        return _adopt(found, now)
    if found is None:
        return [f"{journal.folder()} has no identity, and the database has one: another folder, or a copy."]
    if found.uid != row.uid:
        return ["The database belongs to one installation and the send journal to another."]
    return [*_moved(found), *_ahead(row, found, newest), *_behind(row, now)]


def _adopt(found: Identity | None, now: datetime) -> list[str]:
    """Give a database without an identity one, unless the journal shows that it had one already."""
    if journal.names(1):
        return ["The send journal has videos of an installation that this database does not know."]
    if found is None:
        identity.write(identity.new_uid(), 1, only_if_new=True)
        found = identity.read()
        assert found is not None
    if not found.is_here:
        return _moved(found)
    values = {"uid": found.uid, "epoch": found.epoch, "since": now, "live": catalog.has_live_connection()}
    Installation.objects.get_or_create(pk=1, defaults=values)
    return []


def _moved(found: Identity) -> list[str]:
    if found.is_here:
        return []
    return [f"{journal.folder()} was copied or moved: its identity was written at {found.path}, and not as this file."]


def _ahead(row: Installation, found: Identity, newest: int | None) -> list[str]:
    reasons = []
    if found.epoch != row.epoch:
        reasons.append(f"The database is of epoch {row.epoch} and the send journal of epoch {found.epoch}.")
    if unknown := len(differences.entries(row, newest)):
        videos = "a request" if unknown == 1 else f"{unknown} requests"
        reasons.append(f"The send journal has {videos} to vendors that the database does not know: it is an older one.")
    return reasons


def _behind(row: Installation, now: datetime) -> list[str]:
    absent = len(differences.absent(row, now))
    return [f"The send journal lacks videos that the database has sent ({absent} of the newest)."] if absent else []


def tell_waiting() -> None:
    """Let the queued videos say that the portal is in safe mode; some at a time."""
    rows = Generation.objects.filter(state=State.QUEUED.value).exclude(waiting_for=safe_mode.WORDS)
    for row in rows.order_by("pk").only("project")[:TOLD_AT_ONCE]:
        if rows.filter(pk=row.pk).update(waiting_for=safe_mode.WORDS):
            counter.publish(row)
