"""Who may send a generation: claimed under a lock, with a lease and a fence, up to the point of no return."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.db.models import Q

from sora_portal import clock
from sora_portal.catalog import actions as catalog
from sora_portal.catalog import breaker_state
from sora_portal.catalog.callback_origin import callback_origin
from sora_portal.catalog.models import Connection
from sora_portal.catalog.vendor_costs import PRACTICE
from sora_portal.generations import admission
from sora_portal.generations.domain import (
    LEASE,
    LOST_LEASES_LIMIT,
    REPORTED,
    RETRY_CAP,
    WAIT,
    Phase,
    State,
)
from sora_portal.generations.feed import counter
from sora_portal.generations.ids import new_token, token_hash
from sora_portal.generations.models import Attempt, Generation
from sora_portal.generations.transitions import MODEL_CHANGED, move, move_attempt
from sora_portal.generations.vendor import body_style
from sora_portal.generations.vendor.create_result import give_up_waiting
from sora_portal.providers.base import ErrorKind, Verdict
from sora_portal.references import using
from sora_portal.references.actions import Unusable
from sora_portal.time_scale import scaled

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Claim:
    """A generation that this worker may send, its attempt, and the secret for the callback address."""

    generation: Generation
    attempt: Attempt
    token: str


@transaction.atomic
def claim(generation_id: int, now: datetime) -> Claim | None:
    """Return a claim on the generation with attempt PREPARED, or None when it is not for sending now."""
    # Without its model: a row that changed its model while we waited for the lock would not be found by such a join.
    generation = Generation.objects.select_for_update(no_key=True).get(pk=generation_id)
    if generation.state not in (State.QUEUED, State.SUBMITTING):
        return None
    if generation.held_until and generation.held_until > now:
        # Whoever was woken too early (clocks differ) sees to it that somebody comes when the time is there.
        early = Generation.objects.filter(pk=generation.pk, due_at__gt=generation.held_until)
        early.update(due_at=generation.held_until)
        return None
    if generation.state == State.SUBMITTING:
        return _reclaim(generation, now)
    if _ended_in_line(generation, now):
        return None
    # The connection's row is the turnstile: two workers cannot both take the last free slot.
    connection = Connection.objects.select_for_update(no_key=True).get(pk=generation.connection_id)
    if shut := _shut(generation, connection, now):
        # Before what it names is judged: an admin decides what becomes of it, and may give it to another vendor.
        _wait(generation, shut, now + scaled(WAIT))
        return None
    choices = _what_it_names(generation, connection, now)
    if choices is None or not _may_go(generation, connection, now):
        return None
    return _take(generation, connection, choices, now)


@dataclass(frozen=True)
class Turn:
    """What the next in turn came to: a claim, or its end without one."""

    claim: Claim | None = None


@transaction.atomic
def claim_next(connection_id: int, now: datetime) -> Turn | None:
    """Claim whoever is next in turn at a connection; None when nobody is, or it takes no more now.

    The connection is locked first here, so no generation that is locked by somebody else is waited for.
    """
    connection = Connection.objects.select_for_update(no_key=True).get(pk=connection_id)
    way = admission.capacity(connection, now)
    generation, passed = None, set[int]()
    skips = database.features.has_select_for_update_skip_locked
    while way.free > 0 and generation is None and (pk := admission.first(connection_id, now, passed)) is not None:
        passed.add(pk)
        rows = Generation.objects.select_for_update(no_key=True, skip_locked=skips)
        generation = rows.filter(pk=pk, state=State.QUEUED.value, connection=connection).first()
    if generation is None:
        return None
    if _ended_in_line(generation, now):
        return Turn()
    if shut := _shut(generation, connection, now):
        _wait(generation, shut, now + scaled(WAIT))
        return None
    choices = _what_it_names(generation, connection, now)
    if choices is None:
        return Turn()
    if way.trial and not breaker_state.take_trial(connection_id=connection.pk, now=now):
        return None
    return Turn(_take(generation, connection, choices, now))


def _ended_in_line(generation: Generation, now: datetime) -> bool:
    """End a queued row that is not to go out any more, and return whether it was one."""
    if generation.cancel_wanted_at:
        move(generation, State.CANCELLED, now=now, text="Cancelled before it went out, as was asked", waiting_for="")
        return True
    if _waited_too_long(generation, now):
        text = "It waited a day for a free place at the vendor. Try again, or choose another model."
        move(generation, State.FAILED, now=now, text=text, failure_kind=ErrorKind.TIMED_OUT.value, failure_text=text)
        return True
    return False


def _take(generation: Generation, connection: Connection, choices: dict[str, str], now: datetime) -> Claim:
    """Claim a queued row whose turn it is; with both rows locked."""
    token = new_token()
    lease = _lease(now)
    fence = generation.fence + 1
    values: dict[str, Any] = {"held_until": lease, "fence": fence, "lost_leases": 0, "waiting_for": ""}
    move(generation, State.SUBMITTING, now=now, due_at=lease, **values)
    attempt = _prepare(generation, connection, choices, token, now)
    admission.served(attempt, generation.author_id)
    return Claim(generation, attempt, token)


def _lease(now: datetime) -> datetime:
    """Return until when a claim made `now` holds; never shorter than a worker needs to get from claiming to sending."""
    return now + max(scaled(LEASE), timedelta(seconds=2))


def _may_go(generation: Generation, connection: Connection, now: datetime) -> bool:
    """Return whether it is this row's turn; if not, it waits and says why. To be called with the connection locked."""
    way, line = admission.capacity(connection, now), admission.queue_order(connection.pk, now)
    place = line.index(generation.pk) if generation.pk in line else 0
    goes = place < way.free and not (way.trial and not breaker_state.take_trial(connection_id=connection.pk, now=now))
    if not goes:
        _wait(generation, admission.words(way, place), admission.due_again(way, now, place))
    if way.free - goes > 0 and len(line) > goes:
        admission.call(connection.pk)
    return goes


def _wait(generation: Generation, why: str, until: datetime) -> None:
    """Let the row wait, and say why; whoever frees a place wakes the next in turn before `until`."""
    Generation.objects.filter(pk=generation.pk).update(due_at=until, waiting_for=why)
    if why != generation.waiting_for:
        log.info("video %s waits: %s", generation, why)
        counter.publish(generation)


def _waited_too_long(generation: Generation, now: datetime) -> bool:
    """Return whether nobody could send it for a day; an admin who puts a row back or moves it to another model gives it
    another one."""
    limit = admission.deadline(now)
    if generation.created_at >= limit:
        return False
    put_back = Q(source=State.NEEDS_DECISION.value, target=State.QUEUED.value) | Q(kind=MODEL_CHANGED)
    return not generation.events.filter(put_back, at__gte=limit).exists()


def _shut(generation: Generation, connection: Connection, now: datetime) -> str:
    """Return why nothing goes out to its model or connection for now, or the empty string; with the latter locked."""
    # Read only now, behind the turnstile: a model that was retired a moment ago sends nothing any more.
    return admission.closed(generation.model) or (admission.capacity(connection, now).why if connection.is_shut else "")


def _what_it_names(generation: Generation, connection: Connection, now: datetime) -> dict[str, str] | None:
    """Return the choices with what the vendor gets for pictures and characters; None, and it fails, if that is gone."""
    try:
        return using.resolved(rules=generation.model.rules, connection=connection, choices=generation.choices, now=now)
    except Unusable as problem:
        text, kind = str(problem), ErrorKind.INVALID_REQUEST.value
        move(generation, State.FAILED, now=now, text=text, failure_kind=kind, failure_text=text, waiting_for="")
        return None


def _prepare(
    generation: Generation, connection: Connection, choices: dict[str, str], token: str, now: datetime
) -> Attempt:
    """Freeze the request, with `choices` as the vendor gets them; today's settings no longer matter to this attempt."""
    rules = generation.model.rules
    # Whether the vendor is given an address to report to; if so, asking is only the net.
    reports = connection.callbacks and bool(callback_origin(connection.url))
    number = generation.attempts.count() + 1
    name = f"{generation.public_id}-{number}"
    encoded = rules.encode(choices, prompt=generation.prompt, attempt=name)
    endpoint = connection.endpoint()
    cost = PRACTICE if connection.is_sandbox else generation.model.vendor_cost(generation.choices)
    return Attempt.objects.create(
        generation=generation,
        number=number,
        connection=connection,
        credential=catalog.pin_credential(connection=connection, now=now),
        base_url=endpoint.base_url,
        path_prefix=endpoint.path_prefix,
        body_style=body_style.style_of(generation, connection),
        wire_model=generation.model.wire_id,
        request={"fields": encoded.fields, "top": encoded.top},
        pace=connection.pace,
        interval=rules.interval * (REPORTED if reports else 1.0),
        vendor_cost_micro=cost.micro,
        vendor_currency=cost.currency,
        vendor_charges_failures=cost.charges_failures,
        token_hash=token_hash(token),
        prepared_at=now,
    )


def _reclaim(generation: Generation, now: datetime) -> Claim | None:
    """Go on where a worker died: send what provably never left, and call the rest unknown."""
    attempt = generation.attempts.get(phase__in=[Phase.PREPARED.value, Phase.SENDING.value])
    if attempt.phase == Phase.SENDING:
        give_up_waiting(generation, attempt, now, "a worker died while the request was under way")
        return None
    if generation.lost_leases + 1 >= LOST_LEASES_LIMIT:
        text = "Sending it failed three times on our side. An admin has to look at it."
        due = now + scaled(RETRY_CAP)
        move(generation, State.NEEDS_DECISION, now=now, due_at=due, text=text, failure_text=text)
        move_attempt(attempt, Phase.REJECTED, verdict="poison")
        return None
    connection = Connection.objects.select_for_update(no_key=True).get(pk=generation.connection_id)
    if reason := _shut(generation, connection, now):
        later = now + scaled(WAIT)
        move_attempt(attempt, Phase.REJECTED, verdict=Verdict.NOT_SENT.value)
        move(generation, State.QUEUED, now=now, due_at=later, text=reason, held_until=None, waiting_for=reason)
        return None
    token = new_token()
    lease = _lease(now)
    Generation.objects.filter(pk=generation.pk).update(
        fence=generation.fence + 1, lost_leases=generation.lost_leases + 1, due_at=lease, held_until=lease
    )
    generation.refresh_from_db()
    # Nothing was sent with the old token, so nobody knows it: a fresh one costs nothing and its text is at hand.
    Attempt.objects.filter(pk=attempt.pk).update(token_hash=token_hash(token))
    attempt.refresh_from_db()
    return Claim(generation, attempt, token)


@transaction.atomic
def mark_sending(held: Claim) -> bool:
    """Cross the point of no return: SENDING is committed before a byte leaves; only the holder of the fence may."""
    now = clock.now()
    rows = Generation.objects.filter(
        pk=held.generation.pk, state=State.SUBMITTING.value, fence=held.generation.fence, held_until__gt=now
    )
    if not rows.select_for_update(no_key=True).exists():
        return False
    move_attempt(held.attempt, Phase.SENDING, sending_at=now)
    return True
