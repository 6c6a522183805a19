"""Waking workers. The queue only wakes; whoever wakes reads the row and decides."""

import logging
from functools import partial

from django.db import transaction
from django_q.tasks import async_task

from sora_portal import failpoints

log = logging.getLogger(__name__)

WORK = "work"
FILL = "sora_portal.generations.tasks.fill"
SUBMIT = "sora_portal.generations.tasks.submit"
CALLBACK = "sora_portal.generations.tasks.callback"
# By name, because the outputs room is above this one.
FETCH = "sora_portal.outputs.tasks.fetch"
RECOVER = "sora_portal.outputs.tasks.recover"


def enqueue(task: str, row_id: int) -> None:
    """Queue `task` for row `row_id` once the current transaction is committed; harmless when done twice or never."""
    transaction.on_commit(partial(queue, task, row_id))


def queue(task: str, row_id: int, cluster: str = WORK) -> None:
    """Queue `task` for a row that is committed. Errors are logged and go no further: the sweep finds the row."""
    try:
        failpoints.reach("wake-up")
        async_task(task, row_id, cluster=cluster)
    except Exception:
        log.exception("%s for row %s was not queued; the sweep wakes it", task, row_id)
