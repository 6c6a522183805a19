"""Videos in doubt: what an admin, or in the end the policy, decides about them.

Each decision locks the row and looks at it again, so of two people who press at once the second is told what the first
did. Only `enter_task_id` asks the vendor, and it does so before its transaction begins.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Subquery

from sora_portal import clock
from sora_portal.accounts.models import User
from sora_portal.accounts.policies import require_admin
from sora_portal.errors import Refused
from sora_portal.generations import admission
from sora_portal.generations.callbacks.inbox import ask
from sora_portal.generations.domain import IN_DOUBT, LIVE_PHASES, MOVE, WRITE_OFF_AFTER, BoundBy, Phase, State
from sora_portal.generations.enqueue import FETCH, enqueue
from sora_portal.generations.models import Answer, Attempt, Event, Generation
from sora_portal.generations.transitions import Lost, move, move_attempt
from sora_portal.generations.vendor import late_tasks, task_binding
from sora_portal.generations.vendor.create_result import accept
from sora_portal.generations.vendor.status_result import FRESH, record
from sora_portal.ledger.domain import REASON_MIN
from sora_portal.time_scale import scaled
from sora_portal.uptime.counted import ago
from sora_portal.web.text import seen, stripped

REASON_MAX = 250
ADMIN: dict[str, Any] = {"bound_by": BoundBy.ADMIN, "verdict": "admin"}
BY_POLICY = "Written off after three days without news from the vendor; the credits are back"


class Overtaken(Refused):
    """Somebody else, or news from the vendor, was faster."""


class NotPossible(Refused):
    """The decision does not fit what is known of the video."""


class ReasonTooShort(Refused):
    """A write-off without a reason that somebody else could follow."""

    status = 422


class NoSuchTask(Refused):
    """The vendor does not know the task that was typed."""

    status = 422


class TaskTaken(Refused):
    """The task that was typed is another video's."""


class VendorAway(Refused):
    """The vendor could not be asked."""


class Resolution(StrEnum):
    """How a video that needs a decision may go on, by what is known of it."""

    DOWNLOAD = "download"
    WATCH = "watch"
    QUEUE = "queue"


def live_attempt(generation: Generation) -> Attempt | None:
    """Return the attempt that may have a task at the vendor, or None when there is none.

    `said` on it is what the vendor answered last when asked, as far as that was worth keeping.
    """
    phases = [phase.value for phase in LIVE_PHASES]
    said = Answer.objects.filter(attempt=OuterRef("pk"), operation="query").values("text")
    rows = generation.attempts.select_related("connection").annotate(said=Subquery(said))
    return rows.filter(phase__in=phases).first()


def resolution_of(generation: Generation, attempt: Attempt | None) -> Resolution | None:
    """Return how `generation`, whose live attempt is `attempt`, may go on without a task id; None when it may not."""
    if generation.state != State.NEEDS_DECISION:
        return None
    if attempt is None:
        # Sending again is legal from REJECTED only: what was written off may be at the vendor after all.
        return None if generation.attempts.exclude(phase=Phase.REJECTED.value).exists() else Resolution.QUEUE
    if attempt.phase != Phase.ACCEPTED:
        return None
    return Resolution.DOWNLOAD if attempt.result_urls else Resolution.WATCH


@contextmanager
def _turn(generation: Generation, states: Collection[State]) -> Iterator[tuple[Generation, Attempt | None]]:
    """Yield the row, locked and fresh, and its live attempt; raises Overtaken when it has left `states` meanwhile."""
    try:
        with transaction.atomic():
            rows = Generation.objects.select_for_update(no_key=True, of=("self",)).select_related("model")
            row = rows.get(pk=generation.pk)
            if row.state not in states:
                raise Lost(f"{row} is {row.state} by now")
            yield row, live_attempt(row)
    except Lost:
        raise Overtaken(_what_happened(generation)) from None


def _what_happened(generation: Generation) -> str:
    event = Event.objects.filter(generation=generation, kind="state").select_related("by").latest("pk")
    cause = MOVE[State(event.source), State(event.target)].cause if event.source else ""
    who = f"{event.by.display_name} was faster" if event.by else "there was news meanwhile"
    return f"Nothing was changed, because {who}: “{(event.text or cause).rstrip('.')}”."


def write_off(*, by: User, generation: Generation, reason: str, now: datetime) -> None:
    """Give up a video in doubt and return its credits; what the vendor still makes of it is kept and not charged.

    Raises NotAllowed, ReasonTooShort, Overtaken when it is not in doubt any more.
    """
    require_admin(by)
    reason = stripped(reason)
    if seen(reason) < REASON_MIN:
        raise ReasonTooShort(f"Give a reason of at least {REASON_MIN} characters: it stays in the history.")
    with _turn(generation, IN_DOUBT) as (row, attempt):
        _end(row, attempt, now=now, by=by, text=f"Written off: {reason[:REASON_MAX]}")


def write_off_overdue(generation_id: int, now: datetime) -> bool:
    """Write off, by nobody, a request whose fate has been unknown for three days; return whether it was one.

    Not one to which the vendor said yes, or for which a task was named, in its answer or by a callback, though nobody
    could say that it is its own.
    Harmless at any time and in any state.
    """
    limit = ago(scaled(WRITE_OFF_AFTER), now)
    unknown = Attempt.objects.filter(phase=Phase.UNKNOWN.value, sending_at__lt=limit)
    found = unknown.filter(generation_id=generation_id).select_related("generation").first()
    if found is None or task_binding.may_exist(found):
        return False
    try:
        with _turn(found.generation, IN_DOUBT) as (row, attempt):
            if attempt is None or attempt.phase != Phase.UNKNOWN:
                return False
            _end(row, attempt, now=now, by=None, text=BY_POLICY)
    except Overtaken:
        return False
    return True


def _end(row: Generation, attempt: Attempt | None, *, now: datetime, by: User | None, text: str) -> None:
    if attempt is not None:
        move_attempt(attempt, Phase.WRITTEN_OFF)
        if attempt.vendor_task_id:
            late_tasks.watch(generation=row, attempt=attempt, now=now)
    kind = Phase.WRITTEN_OFF.value
    move(row, State.FAILED, now=now, by=by, text=text, failure_kind=kind, failure_text=text, waiting_for="")


def enter_task_id(*, by: User, generation: Generation, task_id: str) -> State:
    """Bind the vendor's task to a video whose answer was lost, once the vendor confirms it; return the state it led to.

    Raises NotAllowed, NoSuchTask, TaskTaken, VendorAway, NotPossible, Overtaken; then nothing has changed.
    """
    require_admin(by)
    with _turn(generation, IN_DOUBT) as (_, attempt):
        pass  # only a look: the vendor is asked between two transactions
    if attempt is None or attempt.phase != Phase.UNKNOWN:
        raise NotPossible("The portal knows what became of the request, so there is no task id to enter.")
    label = attempt.connection.label
    _refuse_taken(attempt, task_id)
    job = ask(attempt, task_id)
    if not job.usable:
        raise VendorAway(f"{label} cannot be asked right now, so nothing was changed. Try again in a few minutes.")
    if not job.found:
        raise NoSuchTask(f"{label} does not know this task, so nothing was changed. Look at the id once more.")
    now = clock.now()
    with _turn(generation, IN_DOUBT) as (row, fresh):
        if fresh is None or (fresh.pk, fresh.phase) != (attempt.pk, Phase.UNKNOWN):
            raise Lost(f"{attempt} is {fresh} by now")
        text = "An admin knew the vendor's task; the vendor is working on it"
        if not accept(generation=row, attempt=fresh, task_id=task_id, now=now, by=by, text=text, **ADMIN):
            raise _taken(fresh)
    record(attempt_id=attempt.pk, job=job, now=now)
    return State(Generation.objects.values_list("state", flat=True).get(pk=generation.pk))


def _refuse_taken(attempt: Attempt, task_id: str) -> None:
    """Raise TaskTaken when the task is known as another video's: then the vendor need not be asked."""
    if Attempt.objects.filter(connection=attempt.connection, vendor_task_id=task_id).exclude(pk=attempt.pk).exists():
        raise _taken(attempt)


def _taken(attempt: Attempt) -> TaskTaken:
    return TaskTaken(f"This task of {attempt.connection.label} belongs to another video already; nothing was changed.")


def keep_watching(*, by: User, generation: Generation, now: datetime) -> None:
    """Watch a video that the vendor took as if it had begun now. Raises NotAllowed, NotPossible, Overtaken."""
    require_admin(by)
    with _turn(generation, [State.NEEDS_DECISION]) as (row, attempt):
        if attempt is None or attempt.phase != Phase.ACCEPTED:
            raise NotPossible("No task of this video is known at the vendor, so there is nothing to watch.")
        # With the old counts, the next "no such task" would bring it straight back here.
        Attempt.objects.filter(pk=attempt.pk).update(**FRESH)
        text = "Watched again from the start"
        move(row, State.RUNNING, now=now, by=by, due_at=now, text=text, started_at=now, tries=0, failure_text="")


def try_download(*, by: User, generation: Generation, now: datetime) -> None:
    """Fetch the file again, with a full number of tries. Raises NotAllowed, NotPossible, Overtaken."""
    require_admin(by)
    with _turn(generation, [State.NEEDS_DECISION]) as (row, attempt):
        if resolution_of(row, attempt) is not Resolution.DOWNLOAD:
            raise NotPossible("The vendor has not named a file of this video, so there is nothing to download.")
        text = "The download is tried again"
        values: dict[str, Any] = {"tries": 0, "lost_leases": 0, "failure_text": ""}
        move(row, State.FETCHING, now=now, by=by, due_at=now, text=text, **values)
        enqueue(FETCH, row.pk)


def fetch_from(*, by: User, generation: Generation, address: str, reason: str, staff_text: str, now: datetime) -> None:
    """Fetch the file from an address that a person named; the caller has checked where it leads.

    Raises NotAllowed, NotPossible, Overtaken.
    """
    require_admin(by)
    with _turn(generation, [State.NEEDS_DECISION]) as (row, attempt):
        if attempt is None or attempt.phase != Phase.ACCEPTED:
            raise NotPossible("No task of this video is known at the vendor, so no address can be its file.")
        Attempt.objects.filter(pk=attempt.pk).update(result_urls=[address], result_seen_at=now, **FRESH)
        text = f"The address of the file was given by hand: {reason[:REASON_MAX]}"
        values: dict[str, Any] = {"tries": 0, "lost_leases": 0, "failure_text": ""}
        move(row, State.FETCHING, now=now, by=by, due_at=now, text=text, staff_text=staff_text, **values)
        enqueue(FETCH, row.pk)


def put_back(*, by: User, generation: Generation, now: datetime) -> None:
    """Queue a video again that provably never left the portal. Raises NotAllowed, NotPossible, Overtaken."""
    require_admin(by)
    with _turn(generation, [State.NEEDS_DECISION]) as (row, attempt):
        if resolution_of(row, attempt) is not Resolution.QUEUE:
            raise NotPossible("The vendor may have this video, so it is not sent a second time.")
        values: dict[str, Any] = {
            "tries": 0,
            "lost_leases": 0,
            "failure_text": "",
            "waiting_for": "",
            "cancel_wanted_at": None,
        }
        text = "Put back in the queue"
        move(row, State.QUEUED, now=now, by=by, due_at=now, held_until=now, text=text, **values)
        admission.call(row.connection_id)
