"""The only way in which a generation changes its state, or its model."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from sora_portal.accounts.models import User
from sora_portal.catalog.models import VideoModel
from sora_portal.generations import admission
from sora_portal.generations.domain import LATE_WATCH, MOVE, PHASES, SLOW_POLL, TERMINAL, Phase, State
from sora_portal.generations.feed import counter
from sora_portal.generations.models import Attempt, Event, Generation, LateTask
from sora_portal.installation import safe_mode
from sora_portal.ledger import actions as credits
from sora_portal.ledger.rehold import rehold
from sora_portal.time_scale import scaled

MODEL_CHANGED = "switch"
"""The kind of the event that a change of the model leaves."""


class Lost(Exception):
    """Somebody else moved the row first; whoever gets this has nothing more to do with it."""


def lock(attempt_id: int) -> tuple[Generation, Attempt]:
    """Return an attempt and its generation, the generation locked until the end of the transaction.

    The generation's row is the one lock for both: whoever changes either takes it first, so nobody waits in a circle.
    """
    owner = Attempt.objects.values_list("generation_id", flat=True).get(pk=attempt_id)
    generation = Generation.objects.select_for_update(no_key=True).get(pk=owner)
    return generation, Attempt.objects.select_related("connection").get(pk=attempt_id)


@transaction.atomic
def move(
    generation: Generation,
    target: State,
    *,
    now: datetime,
    by: User | None = None,
    text: str = "",
    staff_text: str = "",
    due_at: datetime | None = None,
    **values: Any,
) -> None:
    """Move `generation` to `target`: compare-and-swap on state and fence, ledger, event and feed in one transaction.

    `values` are further columns to write; `text` goes to the history that members read, `staff_text` to staff only.
    `due_at` says when somebody must look again (None only at the end). Raises Lost when the row is no longer as
    `generation` says, InSafeMode for an end or a claim while safe mode holds, and KeyError for a move that the table of
    `domain` does not have.
    """
    source = State(generation.state)
    ledger = MOVE[source, target].ledger
    ended = target in TERMINAL
    if ended or target is State.SUBMITTING:
        safe_mode.require_off()
    columns = {**values, "state": target.value, "due_at": due_at, "finished_at": now if ended else None}
    rows = Generation.objects.filter(pk=generation.pk, state=source.value, fence=generation.fence)
    if not rows.update(**columns):
        raise Lost(f"{generation} is no longer {source}")
    for name, value in columns.items():
        setattr(generation, name, value)
    # Not by the video's name: one that changed its model has a hold of another name.
    if ledger == "release":
        credits.release(ref=generation.hold.ref, reason=text or MOVE[source, target].cause, now=now)
    elif ledger == "capture":
        credits.capture(ref=generation.hold.ref, now=now)
    Event.objects.create(
        generation=generation,
        at=now,
        by=by,
        kind="state",
        source=source.value,
        target=target.value,
        text=text[:500],
        staff_text=staff_text[:4000],
    )
    if ended and target is not State.SUCCEEDED:
        _watch_what_was_begun(generation, now)
    if source in admission.HOLDS_A_SLOT and target not in (*admission.HOLDS_A_SLOT, State.QUEUED):
        admission.call(generation.connection_id)
    counter.publish(generation)


def _watch_what_was_begun(generation: Generation, now: datetime) -> None:
    """Have every task that the vendor is known to have of a video without a file asked after, see `late`."""
    begun = generation.attempts.filter(vendor_task_id__isnull=False, late=None)
    rows = []
    for attempt in begun.only("pace"):
        first = now + scaled(SLOW_POLL * attempt.pace)
        times = {"opened_at": now, "ends_at": now + scaled(LATE_WATCH), "until": first, "due_at": first}
        rows.append(LateTask(attempt=attempt, **times))
    LateTask.objects.bulk_create(rows, ignore_conflicts=True)


@transaction.atomic
def change_model(
    generation: Generation,
    model: VideoModel,
    *,
    choices: Mapping[str, str],
    price: int,
    now: datetime,
    by: User,
    text: str,
) -> None:
    """Give a queued `generation` another model and take its credits anew: compare-and-swap on state and fence, ledger,
    event and feed in one transaction.

    The fence grows, so that whoever read the row before can no longer move it with the old hold in mind. Raises Lost
    when the row is no longer as `generation` says, OverBudget when the new price does not fit; then nothing changed.
    """
    columns = {
        "model": model,
        "connection": model.connection,
        "choices": dict(choices),
        "price_milli": price,
        "fence": generation.fence + 1,
        "due_at": now,
        "held_until": None,
        "waiting_for": "",
        "tries": 0,
    }
    rows = Generation.objects.filter(pk=generation.pk, state=State.QUEUED.value, fence=generation.fence)
    if not rows.update(**columns):
        raise Lost(f"{generation} is no longer queued")
    hold = rehold(ref=generation.hold.ref, amount=price, connection=model.connection, reason=text, now=now)
    Generation.objects.filter(pk=generation.pk).update(hold=hold)
    for name, value in {**columns, "hold": hold}.items():
        setattr(generation, name, value)
    note(generation, now=now, by=by, kind=MODEL_CHANGED, text=text)
    counter.publish(generation)


def move_attempt(attempt: Attempt, target: Phase, **values: Any) -> None:
    """Move `attempt` to `target` phase by compare-and-swap; raises Lost when it is no longer where it was.

    To be called inside the transaction that moves the generation, or before it.
    """
    source = Phase(attempt.phase)
    if target not in PHASES[source]:
        raise ValueError(f"an attempt cannot go from {source} to {target}")
    columns = {**values, "phase": target.value}
    if not Attempt.objects.filter(pk=attempt.pk, phase=source.value).update(**columns):
        raise Lost(f"attempt {attempt} is no longer {source}")
    for name, value in columns.items():
        setattr(attempt, name, value)


def note(
    generation: Generation, *, now: datetime, kind: str, text: str, by: User | None = None, staff_text: str = ""
) -> None:
    """Write an event that moves nothing."""
    Event.objects.create(generation=generation, at=now, by=by, kind=kind, text=text[:500], staff_text=staff_text[:4000])
