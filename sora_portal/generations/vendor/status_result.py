"""From RUNNING to the end: what a status answer does to a row.

Callbacks never come here. They only bring the next status query forward; `record` acts on our own query alone.
"""

import logging
import random
from datetime import datetime
from typing import Any

from django.db import transaction

from sora_portal import failpoints
from sora_portal.generations.domain import (
    NO_RESULT_LIMIT,
    NO_RESULT_SPAN,
    NOT_FOUND_LIMIT,
    NOT_FOUND_SPAN,
    RUN_DEADLINE,
    SAME_ADDRESS_AGAIN,
    SLOW_POLL,
    State,
    backoff,
    ended_sentence,
)
from sora_portal.generations.enqueue import FETCH, enqueue
from sora_portal.generations.models import Attempt, Generation
from sora_portal.generations.transitions import Lost, lock, move
from sora_portal.generations.vendor.addresses import to_fetch
from sora_portal.generations.vendor.create_result import auto_pause
from sora_portal.generations.vendor.health import read_retry_after
from sora_portal.providers import taxonomy
from sora_portal.providers.addresses import UNLIKELY
from sora_portal.providers.base import ErrorKind, Job, JobState
from sora_portal.time_scale import scaled
from sora_portal.uptime.counted import ago

log = logging.getLogger(__name__)
NO_ADDRESS = (
    "The vendor says that the video is finished and gives no address that we understand. An admin has to look at it;"
    " your credits stay reserved until then."
)
# A task that failed for one of these says that the next create would fail too.
ACCOUNT_TROUBLES = (ErrorKind.BAD_KEY, ErrorKind.NO_BALANCE)
FRESH: dict[str, Any] = {
    "errors": 0,
    "not_found": 0,
    "not_found_since": None,
    "no_result": 0,
    "no_result_since": None,
}
"""What a useful answer sets the counts of an attempt back to."""
WATCHED = [State.RUNNING.value, State.NEEDS_DECISION.value]


def says_something(attempt: Attempt, generation: Generation, job: Job, now: datetime) -> bool:
    """Return whether `job` changes anything: most looks find a task still running and must cost no write."""
    job = job.of(attempt.vendor_task_id or "")
    if not job.usable or not job.found or job.state in (JobState.SUCCEEDED, JobState.FAILED):
        return True
    if attempt.errors or attempt.not_found or attempt.no_result or (job.vendor_state and job.state is None):
        return True
    return generation.state == State.RUNNING and _overdue(generation, attempt, now)


def _overdue(generation: Generation, attempt: Attempt, now: datetime) -> bool:
    started = generation.started_at or generation.created_at
    return started + scaled(max(RUN_DEADLINE, generation.model.rules.deadline)) < now


@transaction.atomic
def record(*, attempt_id: int, job: Job, now: datetime) -> None:
    """Write what a status query of this attempt's task said; raises nothing for a row that has moved on meanwhile.

    An answer that speaks of another task than the one asked about counts as none.
    """
    failpoints.reach("status-unsaved")
    generation, attempt = lock(attempt_id)
    if generation.state not in WATCHED or attempt.phase != "accepted":
        return
    try:
        with transaction.atomic():
            _decide(generation, attempt, job.of(attempt.vendor_task_id or ""), now)
    except Lost as lost:
        log.info("a status answer came late: %s", lost)


def _decide(generation: Generation, attempt: Attempt, job: Job, now: datetime) -> None:
    if not job.usable:
        _count(attempt, errors=attempt.errors + 1)
        pause = max(
            read_retry_after(job.retry_after or 0.0),
            scaled(backoff(attempt.errors, jitter=random.random()) * attempt.pace),
        )
        Generation.objects.filter(pk=generation.pk, due_at__lt=now + pause).update(due_at=now + pause)
        _check_overdue(generation, attempt, now)
    elif not job.found:
        _not_found(generation, attempt, now)
    elif job.state is JobState.FAILED:
        _failed(generation, job, now)
        # By its code: what its sentence says, the member may have written.
        if (kind := taxonomy.by_code(job.code)) in ACCOUNT_TROUBLES:
            auto_pause(generation, attempt, kind, f"{job.code} {job.message}")
    elif job.state is JobState.SUCCEEDED:
        _succeeded(generation, attempt, job, now)
    else:
        _count(attempt, **FRESH)
        _check_overdue(generation, attempt, now)


def _count(attempt: Attempt, **values: object) -> None:
    Attempt.objects.filter(pk=attempt.pk).update(**values)
    for name, value in values.items():
        setattr(attempt, name, value)


def _worked(generation: Generation, now: datetime) -> bool:
    """Return whether it took too long also without the time in which the portal was off."""
    started = generation.started_at or generation.created_at
    return started < ago(scaled(max(RUN_DEADLINE, generation.model.rules.deadline)), now)


def _check_overdue(generation: Generation, attempt: Attempt, now: datetime) -> None:
    if generation.state == State.RUNNING and _overdue(generation, attempt, now) and _worked(generation, now):
        _ask_people(generation, now, "The vendor has been at it for over two hours. We keep watching.")


def _ask_people(generation: Generation, now: datetime, text: str, staff_text: str = "") -> None:
    move(
        generation,
        State.NEEDS_DECISION,
        now=now,
        due_at=now + scaled(SLOW_POLL),
        text=text,
        staff_text=staff_text,
        failure_text=text,
    )


def _not_found(generation: Generation, attempt: Attempt, now: datetime) -> None:
    """The vendor says that it never heard of the task: several times over ten minutes before anybody believes it."""
    # Not from a clock that was ahead.
    since = min(attempt.not_found_since or now, now)
    _count(attempt, not_found=attempt.not_found + 1, not_found_since=since)
    long_enough = since <= ago(scaled(NOT_FOUND_SPAN * attempt.pace), now)
    if generation.state == State.RUNNING and attempt.not_found >= NOT_FOUND_LIMIT and long_enough:
        _ask_people(generation, now, "The vendor says it does not know this video. An admin has to look at it.")


def _failed(generation: Generation, job: Job, now: datetime) -> None:
    kind = job.kind or ErrorKind.GENERATION_FAILED
    sentence = ended_sentence(kind, code=job.code, message=job.message)
    move(
        generation,
        State.FAILED,
        now=now,
        text=sentence,
        staff_text=f"{job.code} {job.message}".strip(),
        failure_kind=kind.value,
        failure_text=sentence,
    )


def _only_repeats(generation: Generation, attempt: Attempt, urls: list[str], now: datetime) -> bool:
    """Return whether the vendor names the address again from which the file could not be had.

    Then the row stays with the people who were asked: back in FETCHING at every look, it would escape them for hours.
    """
    seen = attempt.result_seen_at
    if generation.state != State.NEEDS_DECISION or seen is None or attempt.result_urls != urls:
        return False
    return now < seen + scaled(SAME_ADDRESS_AGAIN)


def _succeeded(generation: Generation, attempt: Attempt, job: Job, now: datetime) -> None:
    urls = to_fetch(attempt, job) or _nameless(generation, attempt, job, now)
    if not urls:
        return
    if _only_repeats(generation, attempt, urls, now):
        _count(attempt, **FRESH)
        return
    _count(attempt, result_urls=urls, result_seen_at=now)
    move(
        generation,
        State.FETCHING,
        now=now,
        due_at=now,
        text="The vendor finished; we are fetching the video",
        tries=0,
        failure_text="",
    )
    enqueue(FETCH, generation.pk)


def _nameless(generation: Generation, attempt: Attempt, job: Job, now: datetime) -> list[str]:
    """The vendor says success and no address looks like the video: after several looks over ten minutes, return what
    other addresses there are, or ask people. The video is paid for, so this ends nothing, and the looks go on.
    """
    since = min(attempt.no_result_since or now, now)
    _count(attempt, errors=0, not_found=0, not_found_since=None, no_result=attempt.no_result + 1, no_result_since=since)
    if attempt.no_result < NO_RESULT_LIMIT or since > ago(scaled(NO_RESULT_SPAN * attempt.pace), now):
        return []
    urls = to_fetch(attempt, job, least=UNLIKELY)
    if not urls and generation.state == State.RUNNING:
        _ask_people(generation, now, NO_ADDRESS)
    return urls
