"""`manage.py work`: everything that `cluster work` and `cluster sweep` do, in one process."""

import os
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import connections

from sora_portal.operations.single_process_worker import PlainLoop


class Command(BaseCommand):
    """Run the plain loop until SIGTERM or SIGINT."""

    help = "Sends, watches and fetches videos in one process, without queue clusters: for small installations."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how many steps may run at once."""
        parser.add_argument("--threads", type=int, default=settings.Q_CLUSTER["workers"], help="steps at once")

    def handle(self, *args: object, threads: int, **options: Any) -> None:
        """Work until a signal comes; what is not finished 15 s later is left to whoever works next."""
        loop = PlainLoop(threads=threads)
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, lambda *_: loop.stop())
        finished = loop.run()
        connections.close_all()
        if not finished:
            # Threads cannot be ended one by one, and every row bears that its worker vanishes.
            os._exit(0)
