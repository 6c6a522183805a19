"""From FETCHING to SUCCEEDED: claim, download, verify, store, then say so in one transaction.

Every step is safe to run twice, late, or never. The file is durable under its checksum before any row names it, so a
crash leaves either a part file, which the janitor removes, or a whole file, which the next try finds in its place.
"""

import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import IntegrityError, transaction

from sora_portal import clock, failpoints
from sora_portal.generations.domain import (
    FETCH_LEASE,
    FETCH_LIMIT,
    LOST_LEASES_LIMIT,
    RETRY_CAP,
    SLOW_POLL,
    Phase,
    State,
    backoff,
)
from sora_portal.generations.feed import counter
from sora_portal.generations.models import Attempt, Event, Generation, Review
from sora_portal.generations.transitions import Lost, move
from sora_portal.installation import safe_mode
from sora_portal.outputs.domain import SENTENCES, Reason, Trouble
from sora_portal.outputs.fetching import download_breaker
from sora_portal.outputs.fetching.download import Resolve, resolve_host
from sora_portal.outputs.fetching.ingest import Stored, bring, note_file
from sora_portal.outputs.media import storage
from sora_portal.outputs.models import Download, Output
from sora_portal.time_scale import scaled

log = logging.getLogger(__name__)

# How long files wait at most for a server that is unwell, in real time; a wrong clock planned what is beyond that.
LONGEST_REST = timedelta(hours=2)
# How many steps up the back-off a full disk of ours waits: about a minute.
OURS_PATIENCE = 5


@dataclass(frozen=True)
class Claim:
    """The right to fetch one generation's file, until another worker's claim raises the fence."""

    generation: Generation
    attempt: Attempt


def fetch_step(generation_id: int, *, resolve: Resolve = resolve_host) -> None:
    """Fetch the file of a generation that is FETCHING, unless somebody is at it; record what came of it."""
    storage.clean_parts()
    try:
        claim = _claim(generation_id, clock.now())
        if claim is None:
            return
        began = clock.now()
        connection = claim.attempt.connection
        try:
            stored = bring(claim.attempt, partial(_renew, claim), resolve, tries=claim.generation.tries)
        except Trouble as trouble:
            first = claim.generation.tries == 0
            download_breaker.note(connection, trouble, first_try=first, began_at=began, now=clock.now())
            _failed(claim, trouble, clock.now())
        else:
            download_breaker.note(connection, None, first_try=False, began_at=began, now=clock.now())
            failpoints.reach("file-stored")
            finish(claim, stored, clock.now())
    except Lost as lost:
        log.info("nothing to fetch: %s", lost)


@transaction.atomic
def _claim(generation_id: int, now: datetime) -> Claim | None:
    """Return the claim on a file, or None when there is none to fetch now."""
    rows = Generation.objects.select_for_update(no_key=True, of=("self",))
    generation = rows.get(pk=generation_id)
    if generation.state != State.FETCHING or safe_mode.holds():
        return None
    turn, _ = Download.objects.get_or_create(generation=generation, defaults={"until": now})
    if now < turn.until <= now + scaled(max(FETCH_LEASE, RETRY_CAP)) + LONGEST_REST:
        return None
    lost = generation.lost_leases + 1 if turn.busy else 0
    attempt = generation.attempts.select_related("connection").filter(phase=Phase.ACCEPTED.value).first()
    if lost >= LOST_LEASES_LIMIT:
        _give_up(generation, Trouble(Reason.CRASHES, f"{lost} workers died while they fetched it"), now)
        return None
    if attempt is None or not attempt.result_urls:
        _give_up(generation, Trouble(Reason.GONE, "no address is known"), now)
        return None
    if rest := download_breaker.until(attempt.connection, now):
        download_breaker.rest(generation, attempt.connection, rest)
        return None
    lease = now + scaled(FETCH_LEASE)
    generation.fence += 1
    generation.lost_leases = lost
    rows.filter(pk=generation.pk).update(fence=generation.fence, lost_leases=lost, due_at=lease)
    Download.objects.filter(pk=generation.pk).update(until=lease, busy=True)
    return Claim(generation, attempt)


def _renew(claim: Claim, now: datetime) -> None:
    """Keep the claim for another lease; raises Lost when somebody else has the row by now."""
    lease = now + scaled(FETCH_LEASE)
    row = claim.generation
    with transaction.atomic():
        held = Generation.objects.filter(pk=row.pk, state=State.FETCHING.value, fence=row.fence)
        if not held.update(due_at=lease):
            raise Lost(f"another worker fetches {row}")
        Download.objects.filter(pk=row.pk).update(until=lease)


def finish(claim: Claim, stored: Stored, now: datetime) -> None:
    """Record the file and end the generation with its credits captured, in one transaction; raises Lost."""
    got, facts = stored.downloaded, stored.facts
    try:
        with transaction.atomic():
            _lock(claim.generation)
            note_file(claim.generation, stored, now)
            Download.objects.filter(pk=claim.generation.pk).delete()
            move(
                claim.generation,
                State.SUCCEEDED,
                now=now,
                text="Stored and verified",
                staff_text=f"{got.size:,} bytes from {got.host}",
                sha256=got.sha256,
                duration_ms=facts.duration_ms,
                width=facts.width,
                height=facts.height,
                review=Review.WAITING.value,
                failure_kind="",
                failure_text="",
                lost_leases=0,
            )
            failpoints.reach("capture-uncommitted")
    except IntegrityError as error:
        if not Output.objects.filter(generation=claim.generation).exists():
            raise
        raise Lost(f"{claim.generation} has its file already") from error


def _lock(generation: Generation) -> None:
    """Lock the row before anything that hangs on it, as a claim does: two workers must not wait in a circle."""
    Generation.objects.select_for_update(no_key=True).get(pk=generation.pk)


def _failed(claim: Claim, trouble: Trouble, now: datetime) -> None:
    """Plan the next try, or hand the row to people after the last one; raises Lost.

    Trouble of our own, such as a full disk, is no reason to give up: it does not count as a try.
    """
    generation = claim.generation
    tries = generation.tries + (trouble.reason is not Reason.OURS)
    if tries >= FETCH_LIMIT:
        generation.tries = tries
        _give_up(generation, trouble, now)
        return
    patience = OURS_PATIENCE if trouble.reason is Reason.OURS else max(1, tries)
    pause = scaled(backoff(patience, jitter=random.random()) * claim.attempt.pace)
    sentence = f"{SENTENCES[trouble.reason]} We keep trying; nothing is lost."
    with transaction.atomic():
        rows = Generation.objects.filter(pk=generation.pk, state=State.FETCHING.value, fence=generation.fence)
        due = now + pause + download_breaker.SWEEP_AHEAD
        if not rows.update(tries=tries, due_at=due, lost_leases=0, failure_text=sentence):
            raise Lost(f"{generation} is no longer ours")
        turn = Download.objects.filter(pk=generation.pk)
        known = turn.values_list("trouble", flat=True).get()
        turn.update(until=now + pause, busy=False, trouble=trouble.detail)
        # The same trouble once more is no news: without this, a dead link fills the history.
        if known != trouble.detail:
            _tell(generation, sentence, trouble, now)
            counter.publish(generation)


def _tell(generation: Generation, text: str, trouble: Trouble, now: datetime) -> None:
    Event.objects.create(
        generation=generation, at=now, kind="fetch", text=text, staff_text=f"{trouble.reason}: {trouble.detail}"[:4000]
    )


def _give_up(generation: Generation, trouble: Trouble, now: datetime) -> None:
    """Ask people; the watch goes on slowly and brings the row back when the vendor gives an address that works."""
    text = f"{SENTENCES[trouble.reason]} An admin has to look at it; your credits stay reserved until then."
    with transaction.atomic():
        _lock(generation)
        Download.objects.filter(pk=generation.pk).update(until=now, busy=False)
        move(
            generation,
            State.NEEDS_DECISION,
            now=now,
            due_at=now + scaled(SLOW_POLL),
            text=text,
            staff_text=f"{trouble.reason}: {trouble.detail}",
            tries=generation.tries,
            lost_leases=0,
            failure_text=text,
        )
