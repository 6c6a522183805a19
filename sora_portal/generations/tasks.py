"""What django-q2 calls: ids in, one action, nothing else. Every task may run twice, late, or never."""

from sora_portal.generations.callbacks import inbox
from sora_portal.generations.dispatch.send import fill_step, submit_step
from sora_portal.generations.polling import slot as polling_slot
from sora_portal.heartbeat import beat
from sora_portal.task_queue import task


@task
def fill(connection_id: int) -> None:
    """Send whoever is next in turn at a connection, as long as it takes more."""
    beat()
    fill_step(connection_id)
    beat()


@task
def submit(generation_id: int) -> None:
    """Do what one queued or half-sent generation needs now."""
    beat()
    submit_step(generation_id)
    beat()


@task
def callback(inbox_id: int) -> None:
    """Act on one kept callback."""
    beat()
    inbox.handle(inbox_id)
    beat()


@task
def sweep_slice(slot: int, holder: str) -> None:
    """Sweep for one slice and hand on."""
    polling_slot.run_slice(slot, holder)
