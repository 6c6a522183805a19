"""The one decision that ends safe mode: it is the portal, restored or moved; or it is a copy.

Each step may be repeated: who dies in the middle leaves safe mode on, and the decision is taken again.
"""

import logging
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sora_portal.accounts.models import User
from sora_portal.accounts.policies import require_admin
from sora_portal.catalog import queries as catalog
from sora_portal.catalog.models import Connection, Credential
from sora_portal.errors import Refused
from sora_portal.generations.domain import TERMINAL, Phase, State
from sora_portal.generations.models import Attempt, Generation, LateTask
from sora_portal.generations.restored import differences
from sora_portal.generations.restored.replay import Outcome, catch_up, replay
from sora_portal.generations.transitions import move, move_attempt
from sora_portal.installation import identity, journal, safe_mode
from sora_portal.installation.models import Installation

log = logging.getLogger(__name__)

ENDED_HERE = (
    "The portal was restored from a backup, and whether this video was sent before is not known. Its credits are back;"
    " submit it again if you still want it."
)
IN_A_COPY = "This is a copy of the portal, so the video is not made here. Its credits are back."


class DoesNotFit(Refused):
    """Videos that were paid for cannot be taken up before an admin has made room for them."""


class KeysInEnvironment(Refused):
    """A copy cannot take away keys that the environment gives."""


@dataclass(frozen=True)
class Released:
    """What a release did: tries taken up by their video's state, those that could not be, and queued videos ended."""

    taken_up: dict[str, int]
    left: list[Outcome]
    ended: int

    @property
    def text(self) -> str:
        """One sentence for people and logs."""
        parts = [f"{count} {state.replace('_', ' ')}" for state, count in sorted(self.taken_up.items())]
        said = f"Taken up from the journal: {', '.join(parts)}." if parts else "Nothing to take up from the journal."
        for one in self.left:
            said += f" Not taken up: {one.entry.name}, task {one.entry.task_id or 'not known'}: {one.why}"
        return f"{said} Ended here: {self.ended}." if self.ended else said


def restored(*, by: User, send_rest: bool, now: datetime) -> Released:
    """It is the portal: take up what the journal knows, and go on with a new epoch.

    Videos that wait here and that the journal has not are sent (`send_rest`) or ended. Raises NotAllowed, and
    DoesNotFit when credits are missing for what was paid: what fitted is taken up, and safe mode stays.
    """
    require_admin(by)
    return _restored(by, now, send_rest=send_rest)


def by_itself(reasons: list[str], now: datetime) -> None:
    """Take the decision that costs nothing, where no vendor ever did: it is the portal, and practice goes on."""
    log.warning("practice clips go on: %s", " ".join(reasons))
    if Installation.objects.exists():
        _restored(None, now, send_rest=True)
        return
    # A new database in an old data folder: what was practised there belongs to nobody here.
    journal.put_aside("unknown")
    _write(identity.new_uid(), 1, since=now, live=False)


def _restored(by: User | None, now: datetime, *, send_rest: bool) -> Released:
    row, found = Installation.objects.filter(pk=1).first(), _found()
    foreign = found is not None and row is not None and found.uid != row.uid
    with safe_mode.decided():
        outcomes = [] if foreign else _take_up(row, by, now)
        if by is not None and (short := [one for one in outcomes if one.may_later]):
            raise DoesNotFit(
                f"{len(short)} of the videos that only the journal knows cannot be taken up yet. {short[0].why}"
                " Make room on the Credits page and decide again: safe mode stays until then."
            )
        ended = 0 if send_rest else _end_queued(by, now)
        uid = row.uid if row else found.uid if found else identity.new_uid()
        epoch = max(row.epoch if row else 0, found.epoch if found else 0) + 1
        if foreign:
            journal.put_aside(found.uid[:8] if found else "unknown")
        for one in outcomes:
            journal.learn(one.entry.name, {"settled": epoch, "at": now.isoformat(), "state": one.state, "why": one.why})
        complete = row is not None and found is not None and not foreign and not differences.absent(row, now)
        _write(uid, epoch, since=row.since if row and complete else now, live=bool(row and row.live))
        safe_mode.leave()
    released = Released(
        Counter(one.state for one in outcomes if one.state), [o for o in outcomes if not o.state], ended
    )
    log.warning("released by %s as the portal, epoch %s. %s", by or "itself", epoch, released.text)
    return released


def _found() -> identity.Identity | None:
    try:
        return identity.read()
    except identity.Unreadable:
        return None


def _take_up(row: Installation | None, by: User | None, now: datetime) -> list[Outcome]:
    catch_up()
    # A later try of a video goes on from where the one before it came to.
    return [replay(entry, by=by, now=now) for entry in differences.entries(row)]


def _end_queued(by: User | None, now: datetime) -> int:
    rows = list(Generation.objects.filter(state=State.QUEUED.value))
    for row in rows:
        move(row, State.FAILED, now=now, by=by, text=ENDED_HERE, failure_kind="restored", failure_text=ENDED_HERE)
    return len(rows)


def _write(uid: str, epoch: int, *, since: datetime, live: bool) -> None:
    """Write both halves of the identity: the database first, so that a crash between leaves them unlike."""
    values = {"uid": uid, "epoch": epoch, "since": since, "live": live or catalog.has_live_connection()}
    Installation.objects.update_or_create(pk=1, defaults=values)
    identity.write(uid, epoch)


def copied(*, by: User, now: datetime) -> Released:
    """It is a copy: an identity of its own, no vendor keys, and whatever was under way ends here, unpaid and unsent.

    Raises NotAllowed, and KeysInEnvironment before anything has changed.
    """
    require_admin(by)
    given = [row.label for row in Connection.objects.all() if row.key_from_environment]
    if given:
        raise KeysInEnvironment(
            f"The environment gives this copy the keys of {', '.join(given)}. Take them out of it, restart the portal,"
            " and decide again."
        )
    with safe_mode.decided():
        Connection.objects.update(secret_key="")
        Credential.objects.update(secret_key="")
        LateTask.objects.filter(due_at__isnull=False).update(due_at=None, busy=False, outcome="this is a copy")
        ended = sum(_end(row, by, now) for row in Generation.objects.exclude(state__in=TERMINAL))
        found = _found()
        journal.put_aside(found.uid[:8] if found else "unknown")
        _write(identity.new_uid(), 1, since=now, live=False)
        safe_mode.leave()
    released = Released({}, [], ended)
    log.warning("released by %s as a copy. %s", by, released.text)
    return released


def _end(row: Generation, by: User, now: datetime) -> int:
    """End a live video of a copy; its attempt can be nobody's any more."""
    for attempt in Attempt.objects.filter(generation=row, phase__in=["prepared", "sending", "accepted", "unknown"]):
        if attempt.phase == Phase.SENDING:
            move_attempt(attempt, Phase.UNKNOWN)
        move_attempt(attempt, Phase.REJECTED if attempt.phase == Phase.PREPARED else Phase.WRITTEN_OFF)
    if row.state == State.FETCHING:
        move(row, State.NEEDS_DECISION, now=now, by=by, text=IN_A_COPY, due_at=now)
    move(row, State.FAILED, now=now, by=by, text=IN_A_COPY, failure_kind="copy", failure_text=IN_A_COPY, waiting_for="")
    return 1
