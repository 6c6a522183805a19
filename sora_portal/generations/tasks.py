"""What django-q2 calls: ids in, one action, nothing else. Every task may run twice, late, or never."""

from sora_portal.generations import baton, callbacks
from sora_portal.generations.submitting import submit_step
from sora_portal.heartbeat import beat
from sora_portal.task_queue import task


@task
def submit(generation_id: int) -> None:
    """Send a queued generation to its vendor."""
    beat()
    submit_step(generation_id)
    beat()


@task
def callback(inbox_id: int) -> None:
    """Act on one kept callback."""
    beat()
    callbacks.handle(inbox_id)
    beat()


@task
def sweep_slice(slot: int, holder: str) -> None:
    """Sweep for one slice and hand on."""
    baton.run_slice(slot, holder)


def ensure_sweep() -> None:
    """Start the sweep where it shows no life."""
    baton.ensure()
