"""Keeping what a vendor made after all of a video that had ended: recovered, and not charged.

One step asks the vendor ourselves, and fetches at once when the answer is a file. It is safe to run twice, late, or
never: the row (`generations.late`) decides, the file is durable before any row names it, and no step knows the ledger.
"""

import logging
import random
from datetime import datetime
from functools import partial

from django.db import IntegrityError, transaction

from sora_portal import clock, failpoints
from sora_portal.generations.callbacks.inbox import ask
from sora_portal.generations.domain import FETCH_LIMIT, backoff
from sora_portal.generations.models import Attempt, LateTask
from sora_portal.generations.transitions import Lost
from sora_portal.generations.vendor import late_tasks
from sora_portal.generations.vendor.addresses import to_fetch
from sora_portal.generations.vendor.health import note_query, read_retry_after
from sora_portal.outputs.domain import Reason, Trouble
from sora_portal.outputs.fetching import download_breaker
from sora_portal.outputs.fetching.download import Resolve, resolve_host
from sora_portal.outputs.fetching.ingest import Stored, bring, note_file
from sora_portal.outputs.media import storage
from sora_portal.providers.addresses import POSSIBLE
from sora_portal.providers.base import Job, JobState
from sora_portal.time_scale import scaled

log = logging.getLogger(__name__)
CANNOT_BE_HAD = "The vendor finished this video after all, but its file cannot be had. The portal keeps trying."


def recover_step(attempt_id: int, *, resolve: Resolve = resolve_host) -> None:
    """Ask after a late task, unless somebody is at it, and fetch its file if there is one."""
    storage.clean_parts()
    try:
        row = late_tasks.claim(attempt_id, clock.now())
        if row is None:
            return
        job = _asked(row)
        urls = to_fetch(row.attempt, job, least=POSSIBLE) if job.usable and job.state is JobState.SUCCEEDED else []
        if urls:
            _fetch(row, urls, resolve)
        else:
            _wait(row, job, clock.now())
    except Lost as lost:
        log.info("nothing to recover: %s", lost)


def _asked(row: LateTask) -> Job:
    """Return what the vendor says of the task now; a callback's claim counts for nothing."""
    attempt = row.attempt
    task_id = attempt.vendor_task_id or ""
    began = clock.now()
    answer = ask(attempt, task_id)
    note_query(attempt, answer, began_at=began, now=clock.now())
    return answer.of(task_id)


def _wait(row: LateTask, job: Job, now: datetime) -> None:
    """Look again later, whatever the vendor says: a file has come after "failed" and "no such task". Raises Lost."""
    later = now + max(read_retry_after(job.retry_after or 0.0), late_tasks.pause(row, now))
    late_tasks.rest(row, later, not_found=0 if job.found else row.not_found + 1)


def _fetch(row: LateTask, urls: list[str], resolve: Resolve) -> None:
    """Bring the file home and say so, or plan the next try; raises Lost."""
    attempt, began = row.attempt, clock.now()
    Attempt.objects.filter(pk=attempt.pk).update(result_urls=urls, result_seen_at=began)
    attempt.result_urls = urls
    if until := download_breaker.until(attempt.connection, began):
        late_tasks.rest(row, until)
        return
    try:
        stored = bring(attempt, partial(late_tasks.renew, row), resolve, tries=row.tries)
    except Trouble as trouble:
        now = clock.now()
        download_breaker.note(attempt.connection, trouble, first_try=row.tries == 0, began_at=began, now=now)
        _failed(row, trouble, now)
    else:
        download_breaker.note(attempt.connection, None, first_try=False, began_at=began, now=clock.now())
        failpoints.reach("recovered-stored")
        _finish(row, stored, clock.now())


def _failed(row: LateTask, trouble: Trouble, now: datetime) -> None:
    """Plan the next try: in the rhythm of the watch once there were many, for an admin may allow the host tomorrow.

    Trouble of our own does not count as a try.
    """
    tries = min(row.tries + (trouble.reason is not Reason.OURS), FETCH_LIMIT)
    pause = scaled(backoff(max(tries, 5), jitter=random.random()) * row.attempt.pace)
    if tries >= FETCH_LIMIT:
        pause = max(pause, late_tasks.pause(row, now))
        if row.tries < FETCH_LIMIT:
            late_tasks.tell(row, CANNOT_BE_HAD, f"{trouble.reason}: {trouble.detail}", now)
    late_tasks.rest(row, now + pause, tries=tries)


def _finish(row: LateTask, stored: Stored, now: datetime) -> None:
    """Record the file beside the end that its video had, in one transaction; raises Lost."""
    got, facts = stored.downloaded, stored.facts
    try:
        with transaction.atomic():
            generation = late_tasks.recover(
                row,
                sha256=got.sha256,
                duration_ms=facts.duration_ms,
                width=facts.width,
                height=facts.height,
                now=now,
                staff_text=f"{got.size:,} bytes from {got.host}",
            )
            note_file(generation, stored, now)
            failpoints.reach("recovery-uncommitted")
    except IntegrityError as error:
        raise Lost(f"{row} has its file already") from error
