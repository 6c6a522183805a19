"""Callbacks: a hint that there is news, worth one status query of our own. Their bodies move no state and no money."""

import hashlib
import json
import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from sora_portal import clock, failpoints
from sora_portal.catalog.credentials import Closed
from sora_portal.generations.domain import TERMINAL, BoundBy, Phase, State, backoff
from sora_portal.generations.enqueue import CALLBACK, enqueue
from sora_portal.generations.ids import token_hash
from sora_portal.generations.models import Attempt, CallbackInbox, Generation
from sora_portal.generations.transitions import lock
from sora_portal.generations.vendor import late_tasks, task_binding
from sora_portal.generations.vendor.client import renewed, repin, status_call, unasked
from sora_portal.generations.vendor.create_result import accept, keep_late_task
from sora_portal.generations.vendor.health import cooldown_until, note_query
from sora_portal.generations.vendor.response_log import keep_query
from sora_portal.generations.vendor.status_result import record
from sora_portal.installation import safe_mode
from sora_portal.providers import http
from sora_portal.providers.base import Endpoint, ErrorKind, Job, JobState, NoReply, Reply
from sora_portal.providers.registry import provider
from sora_portal.time_scale import scaled
from sora_portal.uptime.counted import ago

log = logging.getLogger(__name__)

BODY_LIMIT = 64 * 1024
PER_TOKEN = 20
TRIES = 8
# A task that the vendor does not list yet is asked about this often; a forged one must not keep its place for long.
NOT_LISTED_TRIES = 3
STATUS_TIMEOUT = 20.0
# A flood on one token brings the look at its video forward no closer than this.
FLOOD_PAUSE = timedelta(seconds=2)
KEPT = 7 * 24 * 3600.0
PRUNED_AT_ONCE = 500
# Of these the portal believes that no task is worth watching; one that exists after all has to be told.
DECIDED = (Phase.WRITTEN_OFF, Phase.REJECTED)


def receive(*, token: str, body: bytes, now: datetime) -> bool:
    """Keep one callback for later; False when the token is none of ours.

    A repeated body is kept once, and no more than 20 bodies a token, so a flood fills nothing. While the task of the
    attempt is unknown, news takes the place of the oldest that was read, or else of the one that was asked about most
    often in vain: a flood of noise, or of made-up tasks, must not shut it out.
    """
    attempt = Attempt.objects.filter(token_hash=token_hash(token)).only("pk", "generation_id", "phase").first()
    if attempt is None:
        return False
    with transaction.atomic():
        if not _place_for_news(attempt):
            # Not worth keeping: of a task that is known, any callback only says "look now".
            soon = now + FLOOD_PAUSE
            rows = Generation.objects.filter(pk=attempt.generation_id, state=State.RUNNING.value, due_at__gt=soon)
            rows.update(due_at=soon)
            return True
        row, created = CallbackInbox.objects.get_or_create(
            attempt=attempt,
            body_hash=hashlib.sha256(body).hexdigest(),
            defaults={"body": body, "received_at": now, "due_at": now},
        )
        if created:
            enqueue(CALLBACK, row.pk)
        failpoints.reach("callback-uncommitted")
    failpoints.reach("callback-kept")
    return True


def _place_for_news(attempt: Attempt) -> bool:
    """Return whether one more callback may be kept; makes room where it may hold the id of a lost task."""
    kept = CallbackInbox.objects.filter(attempt=attempt)
    if kept.count() < PER_TOKEN:
        return True
    if attempt.phase == Phase.ACCEPTED:
        return False
    worn = kept.filter(Q(due_at=None) | Q(tries__gt=0)).order_by(F("due_at").asc(nulls_first=True), "-tries", "pk")
    least = worn.values_list("pk", flat=True).first()
    return least is not None and bool(kept.filter(pk=least).delete()[0])


def handle(inbox_id: int) -> None:
    """Act on kept news: ask the vendor ourselves and believe that answer. Safe to run twice.

    In safe mode it stays as it is; the sweep wakes it again afterwards.
    """
    if safe_mode.holds():
        return
    rows = CallbackInbox.objects.select_related("attempt__connection", "attempt__generation")
    row = rows.filter(pk=inbox_id).exclude(due_at=None).first()
    if row is None:
        return
    attempt = row.attempt
    news = read(row)
    if attempt.vendor_task_id and news.state is JobState.SUCCEEDED and attempt.generation.lacks_a_file:
        late_tasks.hear(attempt.pk, clock.now())
    named = [attempt.vendor_task_id] if attempt.vendor_task_id else _free(attempt, row, news)
    if not named or not _wanted(attempt):
        _done(row)
        return
    asked_at = clock.now()
    if rest := cooldown_until(attempt.connection_id, asked_at):
        # The vendor is left alone for a while, and callbacks are no reason to break that. This costs no try.
        CallbackInbox.objects.filter(pk=row.pk).update(due_at=rest)
        return
    jobs = {}
    for task_id in named:
        answer = ask(attempt, task_id)
        note_query(attempt, answer, began_at=asked_at, now=clock.now())
        jobs[task_id] = answer.of(task_id)
    failpoints.reach("callback-unsaved")
    _act(row, jobs, asked_at, clock.now())


@dataclass(frozen=True)
class News:
    """What one row of the inbox names: the ids of tasks, and the state that a callback claims."""

    named: tuple[str, ...] = ()
    state: JobState | None = None


def read(row: CallbackInbox) -> News:
    """Return what a row names and claims, unproven."""
    if row.source == "answer":
        return News(tuple(json.loads(bytes(row.body))["named"]))
    news = provider(row.attempt.connection.vendor).read_callback(bytes(row.body))
    return News((news.task_id,) if news.task_id else (), news.state)


def _free(attempt: Attempt, row: CallbackInbox, news: News) -> list[str]:
    """Return the named tasks that are worth asking about: no other video's, and not words of the request itself."""
    named = [task_id for task_id in news.named if not task_binding.taken(attempt, task_id)]
    return [task_id for task_id in named if row.source != "answer" or not task_binding.wrote(attempt, task_id)]


def _act(row: CallbackInbox, jobs: dict[str, Job], asked_at: datetime, now: datetime) -> None:
    """Do what the vendor's own word on the named tasks asks for."""
    attempt = row.attempt
    known = {task_id: job for task_id, job in jobs.items() if job.has_record}
    if not all(job.usable for job in jobs.values()):
        # Nothing else may know of a task that is not bound yet, so only an answer ends the asking.
        _later(row, now, tries=None if attempt.phase in task_binding.OPEN else TRIES)
    elif attempt.phase != Phase.ACCEPTED and not known:
        _later(row, now, tries=TRIES if row.source == "answer" else NOT_LISTED_TRIES)
    elif attempt.phase != Phase.ACCEPTED and len(known) > 1:
        # Which of them is this request's, a person finds out.
        _done(row)
    else:
        task_id, job = next(iter((known or jobs).items()))
        if attempt.phase != Phase.ACCEPTED:
            word = task_binding.word_for(attempt, job, source=row.source)
            if word is None:
                # Other requests of which nobody knows the task: when they have theirs, this one is plain.
                _later(row, now, tries=None if attempt.phase in task_binding.OPEN else TRIES)
                return
            if not _adopt(attempt, task_id, word, now):
                _done(row)
                return
        record(attempt_id=attempt.pk, job=job, now=now)
        _done(row)
        if attempt.phase == Phase.ACCEPTED:
            # What came before we asked has its answer by that: one question for a whole flood.
            CallbackInbox.objects.filter(attempt=attempt, received_at__lte=asked_at).update(due_at=None)


def prune(now: datetime) -> int:
    """Forget callbacks that were read a week ago, of videos that have ended; return how many. Some at a time."""
    old = CallbackInbox.objects.filter(due_at=None, received_at__lt=ago(scaled(KEPT), now))
    ended = old.filter(attempt__generation__state__in=TERMINAL).order_by("received_at")
    return CallbackInbox.objects.filter(pk__in=list(ended.values_list("pk", flat=True)[:PRUNED_AT_ONCE])).delete()[0]


def _wanted(attempt: Attempt) -> bool:
    """Return whether an answer about this attempt's task could still tell us something."""
    if attempt.phase in DECIDED:
        return attempt.vendor_task_id is None
    return attempt.phase in (Phase.ACCEPTED, Phase.UNKNOWN, Phase.SENDING) and attempt.generation.is_live


def ask(attempt: Attempt, task_id: str) -> Job:
    """Return what the vendor of `attempt` says of a task, bound to it or not. Never call it inside a transaction.

    A task whose record repeats the callback address of another attempt is that one's, and as good as not found.
    """
    answer, job = _ask_at(attempt, task_id, None)
    if job.kind is ErrorKind.BAD_KEY and (endpoint := renewed(attempt)):
        again, fresh = _ask_at(attempt, task_id, endpoint)
        if fresh.usable and fresh.found:
            repin(attempt, clock.now())
            answer, job = again, fresh
    job = judged(attempt, job)
    keep_query(attempt, answer, job)
    return job


def _ask_at(attempt: Attempt, task_id: str, endpoint: Endpoint | None) -> tuple[Reply | NoReply, Job]:
    try:
        call = status_call(attempt, task_id, endpoint)
    except Closed as closed:
        return unasked(closed)
    answer = http.send(call, timeout=STATUS_TIMEOUT)
    return answer, provider(attempt.connection.vendor).read_status(answer)


def judged(attempt: Attempt, job: Job) -> Job:
    """Return `job`, or "no such task" when its record says that it was ordered by another request than `attempt`."""
    if task_binding.echoed(attempt, job) is False:
        return Job(found=False, message="this task was ordered for another video: its record names that one")
    return job


@transaction.atomic
def _adopt(attempt: Attempt, task_id: str, word: BoundBy, now: datetime) -> bool:
    """Bind a task that the vendor knows, on this word; False when it is not to be watched."""
    generation, fresh = lock(attempt.pk)
    if fresh.phase == Phase.ACCEPTED:
        return fresh.vendor_task_id == task_id
    if fresh.phase in task_binding.OPEN:
        return accept(generation=generation, attempt=fresh, task_id=task_id, now=now, bound_by=word, verdict=word.value)
    if fresh.phase in DECIDED:
        keep_late_task(generation=generation, attempt=fresh, task_id=task_id, now=now, bound_by=word)
    return False


def _done(row: CallbackInbox) -> None:
    CallbackInbox.objects.filter(pk=row.pk).update(due_at=None)


def _later(row: CallbackInbox, now: datetime, *, tries: int | None) -> None:
    """Ask again after a while, `tries` times in all (None: until there is an answer)."""
    given_up = tries is not None and row.tries + 1 >= tries
    due = None if given_up else now + scaled(backoff(row.tries + 1, jitter=random.random()))
    CallbackInbox.objects.filter(pk=row.pk).update(due_at=due, tries=row.tries + 1)
