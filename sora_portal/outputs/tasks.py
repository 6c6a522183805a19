"""What django-q2 calls: ids in, one action, nothing else. Every task may run twice, late, or never."""

from sora_portal.heartbeat import beat
from sora_portal.outputs.fetching.fetch import fetch_step
from sora_portal.outputs.fetching.late_fetch import recover_step
from sora_portal.task_queue import task


@task
def fetch(generation_id: int) -> None:
    """Fetch the finished video of a generation from its vendor."""
    beat()
    fetch_step(generation_id)
    beat()


@task
def recover(attempt_id: int) -> None:
    """Look after the task of an attempt whose video ended without a file."""
    beat()
    recover_step(attempt_id)
    beat()
