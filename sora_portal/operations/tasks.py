"""What the worker cluster runs for the house itself: for the watchdog's sake, and once an hour."""

import logging

from sora_portal import clock, heartbeat
from sora_portal.installation.media import MediaElsewhere
from sora_portal.operations.reconciliation import checks
from sora_portal.outputs.media import integrity
from sora_portal.task_queue import task

log = logging.getLogger(__name__)


@task
def pulse() -> None:
    """Show that a task came through the queue to a worker and was run."""
    heartbeat.beat()


@task
def reconcile() -> None:
    """Hold the books against their rules; a difference stops new videos and is logged for whoever reads logs."""
    for difference in checks.reconcile(clock.now()):
        log.error("the ledger does not add up: %s %s: %s", difference.invariant, difference.where, difference.text)
    look_at_files()


def look_at_files() -> None:
    """Compare kept files with what was kept, some of them each hour; what is broken is shown on its video."""
    try:
        integrity.look_hourly(clock.now(), heartbeat.beat)
    except MediaElsewhere as missing:
        log.error("%s", missing)
