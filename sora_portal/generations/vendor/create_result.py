"""What the answer to a create call does to a row, whenever and however it comes: at once, late, or from the disk."""

import hashlib
import json
import logging
import random
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from sora_portal import clock
from sora_portal.accounts.models import User
from sora_portal.catalog import actions as catalog
from sora_portal.generations.domain import (
    ON_CREATE,
    SENTENCES,
    TROUBLES,
    UNKNOWN_GRACE,
    BoundBy,
    Phase,
    State,
    backoff,
    ended_sentence,
)
from sora_portal.generations.enqueue import CALLBACK, enqueue
from sora_portal.generations.feed import counter
from sora_portal.generations.models import Attempt, CallbackInbox, Generation
from sora_portal.generations.transitions import lock, move, move_attempt, note
from sora_portal.generations.vendor import body_style, late_tasks, receipts, task_binding
from sora_portal.generations.vendor.client import is_at_home
from sora_portal.generations.vendor.health import read_retry_after
from sora_portal.providers.base import Created, ErrorKind, Verdict
from sora_portal.time_scale import scaled

log = logging.getLogger(__name__)


@transaction.atomic
def record_created(*, attempt_id: int, created: Created) -> None:
    """Write what a create call came to. The attempt's phase decides, not the lease: a late answer is still the truth.

    Of an attempt that was settled meanwhile (a callback was faster, an admin wrote it off) only a task id is kept.
    """
    now = clock.now()
    if created.verdict is Verdict.ACCEPTED:
        task_binding.take_back(attempt_id, created.task_id, now)
    generation, attempt = lock(attempt_id)
    _keep_named(attempt, created.named, now)
    if attempt.phase not in (Phase.SENDING, Phase.UNKNOWN):
        if created.verdict is Verdict.ACCEPTED:
            keep_late_task(
                generation=generation, attempt=attempt, task_id=created.task_id, now=now, bound_by=BoundBy.ANSWER
            )
        return
    outcome = ON_CREATE[created.verdict]
    answer: dict[str, Any] = {
        "verdict": created.verdict.value,
        "vendor_code": created.code[:80],
        "vendor_message": created.message[:4000],
        "answered_at": now,
    }
    if outcome.phase is Phase.ACCEPTED:
        if accept(generation=generation, attempt=attempt, task_id=created.task_id, now=now, **answer):
            body_style.remember(attempt)
            return
        answer["vendor_message"] = _whose(attempt, created.task_id)
        _keep_named(attempt, (created.task_id,), now)
    if outcome.phase is not Phase.REJECTED:
        if attempt.phase == Phase.SENDING:
            give_up_waiting(generation, attempt, now, answer["vendor_message"], **answer)
        return
    move_attempt(attempt, Phase.REJECTED, **answer)
    if outcome.state is State.FAILED and body_style.may_rewrite(attempt, created):
        body_style.rewrite(generation=generation, created=created, now=now)
    elif outcome.state is State.FAILED:
        _refuse(generation, created, now)
    else:
        _requeue(generation, attempt, created, now, latch=outcome.latch)


def _whose(attempt: Attempt, task_id: str) -> str:
    """Say which video holds a task that the vendor has now named for another."""
    rows = Attempt.objects.filter(connection=attempt.connection_id, vendor_task_id=task_id)
    holder = rows.select_related("generation").first()
    where = f"video {holder.generation.public_id} has, on the word of: {holder.bound_by}" if holder else "is another's"
    return f"The vendor named task {task_id}, which {where}"


def _keep_named(attempt: Attempt, named: tuple[str, ...], now: datetime) -> None:
    """Have the vendor asked about the ids that an unclear answer named, at once and until it says something of them."""
    if not named or attempt.vendor_task_id:
        return
    body = json.dumps({"named": named}).encode()
    values = {"source": "answer", "body": body, "received_at": now, "due_at": now}
    digest = hashlib.sha256(body).hexdigest()
    row, created = CallbackInbox.objects.get_or_create(attempt=attempt, body_hash=digest, defaults=values)
    if created:
        enqueue(CALLBACK, row.pk)


def accept(
    *,
    generation: Generation,
    attempt: Attempt,
    task_id: str,
    now: datetime,
    by: User | None = None,
    bound_by: BoundBy = BoundBy.ANSWER,
    text: str = "The vendor is working on it",
    **answer: object,
) -> bool:
    """Bind a vendor's task to the attempt and start watching it; False when another attempt has that task already.

    `by` is the admin who knew the task, if it was one, `bound_by` on whose word it is bound. To be called inside a
    transaction, with both rows locked.
    """
    try:
        with transaction.atomic():
            move_attempt(attempt, Phase.ACCEPTED, vendor_task_id=task_id, bound_by=bound_by.value, **answer)
    except IntegrityError:
        log.error("task %s of attempt %s is bound to another attempt", task_id, attempt.pk)
        return False
    # Spread over one interval of the model: videos that were submitted together would be asked about together for ever.
    rules = generation.model.rules
    first = (rules.first_poll + rules.interval * random.random()) * attempt.pace
    move(
        generation,
        State.RUNNING,
        now=now,
        due_at=now + scaled(first),
        by=by,
        text=text,
        started_at=now,
        tries=0,
        waiting_for="",
        fence=generation.fence,
    )
    return True


def give_up_waiting(generation: Generation, attempt: Attempt, now: datetime, why: str, **answer: object) -> None:
    """Nobody knows whether the vendor has it: keep the hold, send nothing again, wait for news."""
    move_attempt(attempt, Phase.UNKNOWN, **answer)
    move(
        generation,
        State.UNCONFIRMED,
        now=now,
        due_at=now + scaled(UNKNOWN_GRACE),
        text="The vendor gave no clear answer. The credits stay reserved until we know; nothing is sent twice.",
        staff_text=why,
    )


@transaction.atomic
def withhold(attempt_id: int, why: str, now: datetime) -> None:
    """Leave an attempt that must not be sent in doubt; `why` is for staff."""
    generation, attempt = lock(attempt_id)
    if attempt.phase == Phase.SENDING:
        give_up_waiting(generation, attempt, now, why)


def _refuse(generation: Generation, created: Created, now: datetime) -> None:
    kind = created.kind or ErrorKind.INVALID_REQUEST
    sentence = ended_sentence(kind, code=created.code, message=created.message)
    move(
        generation,
        State.FAILED,
        now=now,
        text=sentence,
        staff_text=f"{created.code} {created.message}",
        failure_kind=kind.value,
        failure_text=sentence,
    )


WAITING = "The vendor does not serve this model at the moment. The video waits and its credits stay reserved."


def _requeue(generation: Generation, attempt: Attempt, created: Created, now: datetime, *, latch: bool) -> None:
    """Put it back in line; the vendor made nothing. Trouble that waiting does not mend pauses the way to the vendor."""
    kind = created.kind or ErrorKind.TRANSIENT
    if latch:
        auto_pause(generation, attempt, created.coded_kind or kind, f"{created.code} {created.message}")
    if generation.cancel_wanted_at:
        text = "Cancelled as was asked: the vendor had not begun"
        move(generation, State.CANCELLED, now=now, text=text, waiting_for="", failure_text="")
        return
    # The vendor's wish is in real time and only bounded; our own back-off is one of our intervals.
    wait = max(
        read_retry_after(created.retry_after or 0.0), scaled(backoff(generation.tries + 1, jitter=random.random()))
    )
    sentence = WAITING if kind is ErrorKind.MODEL_UNAVAILABLE else SENTENCES[kind]
    move(
        generation,
        State.QUEUED,
        now=now,
        due_at=now + wait,
        held_until=now + wait,
        text=sentence,
        staff_text=f"{created.verdict} {created.code} {created.message}",
        waiting_for=sentence,
        failure_text="",
        tries=generation.tries + 1,
    )


def auto_pause(generation: Generation, attempt: Attempt, kind: ErrorKind, said: str) -> None:
    """Pause the model or the connection because of trouble that waiting does not mend; `said` is the vendor's text."""
    if not is_at_home(attempt):
        # The vendor refused an address or key that an admin has replaced meanwhile.
        return
    reason = f"{TROUBLES.get(kind, 'it refused us')} ({said})"[:200]
    if kind is ErrorKind.MODEL_UNAVAILABLE:
        catalog.latch_model(model=generation.model, reason=reason)
    else:
        catalog.latch_connection(connection=attempt.connection, reason=reason)


def keep_late_task(*, generation: Generation, attempt: Attempt, task_id: str, now: datetime, bound_by: BoundBy) -> None:
    """Write down a task id that came when its attempt was settled, and watch the task; it moves no state and no money.

    To be called inside a transaction, with the generation locked. Does nothing for an id that is known already.
    """
    if attempt.vendor_task_id == task_id:
        return
    if attempt.vendor_task_id is None:
        try:
            with transaction.atomic():
                Attempt.objects.filter(pk=attempt.pk).update(vendor_task_id=task_id, bound_by=bound_by.value)
        except IntegrityError:
            return
        late_tasks.watch(generation=generation, attempt=attempt, now=now)
    log.error("task %s came for attempt %s, which is %s by now", task_id, attempt.pk, attempt.phase)
    text = "The vendor's answer came after this was decided. No credits move; if a video comes of it, it is kept."
    staff_text = f"late task {task_id} for attempt {attempt.number}, {attempt.phase} {attempt.vendor_task_id or ''}"
    note(generation, now=now, kind="late", text=text, staff_text=staff_text)
    counter.publish(generation)


def import_receipts() -> int:
    """Bind every task id that is on disk but not in its row; return how many receipts were looked at."""
    count = 0
    for receipt in receipts.waiting():
        count += 1
        try:
            _import(receipt)
        except Exception:
            # It stays on disk and is tried again; the receipts behind it must not wait for that.
            log.exception("the receipt of attempt %s could not be imported", receipt.attempt_id)
    return count


def _import(receipt: receipts.Receipt) -> None:
    whose = Attempt.objects.filter(pk=receipt.attempt_id).values_list("token_hash", flat=True).first()
    if whose is None or receipt.whose not in ("", whose):
        kept = receipts.put_aside(receipt.attempt_id)
        log.error("no attempt %s for task %s; kept as %s", receipt.attempt_id, receipt.task_id, kept.name)
        return
    verdict = Verdict.ACCEPTED if receipt.task_id else Verdict.AMBIGUOUS
    record_created(
        attempt_id=receipt.attempt_id, created=Created(verdict, task_id=receipt.task_id, named=receipt.named)
    )
    receipts.discard(receipt.attempt_id)
