"""Keeping what a vendor answered word for word, so that staff can read it. It moves nothing and must cost nothing else:
it is written after the row says what became of it, and trouble with it is only logged.
"""

import logging

from django.db import DatabaseError

from sora_portal import clock
from sora_portal.generations.models import Answer, Attempt
from sora_portal.generations.vendor.client import keys_of
from sora_portal.providers.addresses import DOCUMENTED
from sora_portal.providers.base import Created, Job, JobState, NoReply, Reply, Verdict
from sora_portal.providers.transcripts import transcript

log = logging.getLogger(__name__)


def keep_create(attempt: Attempt, answer: Reply | NoReply, created: Created) -> None:
    """Keep the answer to a create call unless it was a plain yes."""
    if created.verdict is not Verdict.ACCEPTED:
        _keep(attempt, "create", answer, created.kind.value if created.kind else "")


def keep_query(attempt: Attempt, answer: Reply | NoReply, job: Job) -> None:
    """Keep the answer to a status query that told of trouble, or that we do not understand.

    One that names the video where it should is a link to it, and not kept.
    """
    best = job.addresses[0].rank if job.addresses else DOCUMENTED if job.urls else 0
    lost = job.state is JobState.SUCCEEDED and best < DOCUMENTED
    odd = job.state is None and job.vendor_state
    if not job.usable or not job.found or job.state is JobState.FAILED or lost or odd:
        _keep(attempt, "query", answer, job.kind.value if job.kind else "")


def _keep(attempt: Attempt, operation: str, answer: Reply | NoReply, kind: str) -> None:
    said = transcript(answer, *keys_of(attempt))
    values = {"at": clock.now(), "status": said.status, "kind": kind, "text": said.text}
    try:
        Answer.objects.update_or_create(
            attempt=attempt, operation=operation, defaults={**values, "connection": attempt.connection}
        )
    except DatabaseError:
        log.exception("the answer to attempt %s could not be kept", attempt.pk)
