"""`manage.py up`: the whole house as one supervised group; what `make run` calls."""

import os
import sys
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from django.utils import timezone

from sora_portal import private_files, webserver
from sora_portal.generations.restored import check
from sora_portal.operations.bootstrap import banner, demo, prepare
from sora_portal.operations.bootstrap.prepare import Address
from sora_portal.operations.supervision.process_group import Group


class Command(BaseCommand):
    """Prepare what is missing, start web, worker, sweep and sandbox, and stop them together."""

    help = "Prepares the installation and runs web, workers and the sandbox vendors until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what to leave out."""
        parser.add_argument("--no-demo", action="store_true", help="leave the demo team and catalog alone")

    def handle(self, *args: object, no_demo: bool, **options: Any) -> None:
        """Run until a signal; exit with the status of the first process that ended otherwise."""
        try:
            address = prepare.read_address(os.environ)
            prepare.require_free_ports(address)
            lock = prepare.take_data_folder(settings.DATA_DIR)
            self._prepare(with_demo=not no_demo)
        except (prepare.CannotStart, demo.NoPassword) as problem:
            raise CommandError(str(problem)) from None
        # What is forked below must not share this process's connections.
        connections.close_all()
        announce = partial(
            banner.announce, address.url, sign_ins=_nobody if no_demo else _sign_ins, data=str(settings.DATA_DIR)
        )
        with lock:
            sys.exit(self._group(address, announce).supervise())

    def _prepare(self, *, with_demo: bool) -> None:
        """Bring database, cache table, static files and demo up to date."""
        private_files.close_all(settings.DATA_DIR)
        call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
        call_command("createcachetable", verbosity=0)
        stamp = settings.DATA_DIR / "run" / "static.sha256"
        if not prepare.static_is_current(stamp):
            self.stdout.write("Collecting and compressing the static files, once")
            self.stdout.flush()
            prepare.collect_static(stamp)
        check.look_at_start()
        if with_demo:
            demo.load(password=settings.SORA_PORTAL_DEMO_PASSWORD, now=timezone.now())

    def _group(self, address: Address, announce: Any) -> Group:
        """Return the four commands, ready to start."""
        environment = {
            # Before the inherited ones: an address that somebody chose stays.
            "SORA_PORTAL_PUBLIC_URL": address.url,
            "SORA_PORTAL_SANDBOX": "1",
            **os.environ,
            "SORA_PORTAL_SANDBOX_URL": address.sandbox_url,
            "SORA_PORTAL_DATA_DIR": str(settings.DATA_DIR),
            "PYTHONUNBUFFERED": "1",
        }
        manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
        sandbox = ["sandbox", "--port", str(address.sandbox_port), "--data", str(settings.DATA_DIR / "sandbox")]
        commands = {
            "web": [sys.executable, *webserver.command(address.bind)],
            "worker": [*manage, "cluster", "work", "--tied"],
            "sweep": [*manage, "cluster", "sweep", "--tied"],
            "sandbox": [*manage, *sandbox],
        }
        group = Group(when_started=announce)
        for name, command in commands.items():
            group.add(name, command, environment=environment, folder=settings.BASE_DIR)
        return group


def _nobody() -> list[str]:
    return []


def _sign_ins() -> list[str]:
    """Return the demo's sign-in lines; slow, as comparing passwords is meant to be, so it runs while the web starts."""
    try:
        return demo.sign_ins(settings.SORA_PORTAL_DEMO_PASSWORD)
    finally:
        connections.close_all()
