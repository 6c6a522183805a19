"""`manage.py cluster work|sweep`: a django-q2 cluster under its watchdog."""

import os
import secrets
import signal
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from sora_portal import private_files
from sora_portal.broker import OWN_QUEUE_VARIABLE
from sora_portal.heartbeat import BEAT_FILE_VARIABLE
from sora_portal.operations.supervision import group_leader, heartbeat_tasks
from sora_portal.operations.supervision.watchdog import Limits, Watchdog

# A slice of the sweep lasts longer than anyone waits for Ctrl-C, and being killed costs it one look a row at most.
LIMITS = {heartbeat_tasks.WORK: Limits(), heartbeat_tasks.SWEEP: Limits(drain=2.0)}


class Command(BaseCommand):
    """Keep one cluster at work until SIGTERM or SIGINT."""

    help = "Runs a queue cluster and replaces it when it falls silent: `work` for tasks, `sweep` for the poller."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the cluster's name and whether to end with the process that started this one."""
        parser.add_argument("cluster", choices=[heartbeat_tasks.WORK, heartbeat_tasks.SWEEP])
        parser.add_argument("--tied", action="store_true", help="stop when the parent process is gone")

    def handle(self, *args: object, cluster: str, tied: bool, **options: Any) -> None:
        """Watch until a signal comes, or until the parent is gone if tied to it."""
        private_files.close_all(settings.DATA_DIR)
        beat_file = settings.DATA_DIR / "run" / f"beat-{cluster}-{os.getpid()}"
        queue = f"{cluster}:{secrets.token_hex(6)}"
        limits = LIMITS[cluster]
        watchdog = Watchdog(
            group_leader.led([sys.executable, "manage.py", "qcluster"], drain=limits.drain),
            folder=settings.BASE_DIR,
            beat_file=beat_file,
            feed=heartbeat_tasks.feed_for(cluster, queue),
            limits=limits,
            environment={
                **os.environ,
                "SORA_PORTAL_DATA_DIR": str(settings.DATA_DIR),
                "Q_CLUSTER_NAME": cluster,
                BEAT_FILE_VARIABLE: str(beat_file),
                OWN_QUEUE_VARIABLE: queue,
            },
        )
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, lambda *_: watchdog.stop())
        parent = os.getppid()
        watchdog.run(still_wanted=lambda: not tied or os.getppid() == parent)
