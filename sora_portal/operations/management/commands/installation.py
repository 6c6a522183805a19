"""`manage.py installation status|release`: what the page After a restore shows and decides."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from sora_portal.accounts.models import User
from sora_portal.errors import Refused
from sora_portal.generations.restored import check, release
from sora_portal.installation import safe_mode
from sora_portal.operations.restore_page import presentation
from sora_portal.operations.restore_page.forms import COPY, END, RESTORED, SEND


class Command(BaseCommand):
    """Say whether database and send journal belong together, and end safe mode by a decision."""

    help = "Says who this installation is and whether it is in safe mode; `release` ends it by a decision."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what to do and, for a release, the decision and who takes it."""
        parser.add_argument("what", choices=["status", "release"])
        parser.add_argument("--as", dest="kind", choices=[RESTORED, COPY], help="it is the portal, or a copy")
        parser.add_argument("--waiting", choices=[SEND, END], help="what becomes of queued videos not in the journal")
        parser.add_argument("--by", help="the user name of the admin who decides")

    def handle(self, *args: object, what: str, kind: str, waiting: str, by: str, **options: Any) -> None:
        """Print the findings; status 1 while safe mode holds. Or release."""
        check.closed(timezone.now())
        if what == "status":
            self._status()
            return
        if safe_mode.on() is None:
            raise CommandError("The portal is not in safe mode, so there is nothing to release.")
        if not kind or not by or (kind == RESTORED and not waiting):
            raise CommandError(
                "Decide: --as restored --waiting send|end, or --as copy; and --by with the user name of an admin."
                " `manage.py installation status` shows what each would do."
            )
        person = User.objects.filter(username=by, is_active=True).first()
        if person is None:
            raise CommandError(f"There is no active user {by}.")
        try:
            if kind == COPY:
                done = release.copied(by=person, now=timezone.now())
            else:
                done = release.restored(by=person, send_rest=waiting == SEND, now=timezone.now())
        except Refused as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write(f"Released. {done.text}")

    def _status(self) -> None:
        found = presentation.findings()
        for name, end in (("database", found.database), ("journal", found.journal)):
            at = f"{end.at:%Y-%m-%d %H:%M:%S %Z}" if end.at else "empty"
            self.stdout.write(f"{name}: id {end.uid or 'none'}, epoch {end.epoch or 'none'}, ends {at}")
        self.stdout.write(f"folder: {found.folder}")
        for row in found.rows:
            at = f"{row.sent_at:%Y-%m-%d %H:%M}" if row.sent_at else "time not known"
            self.stdout.write(f"only in the journal: {at}, {row.who}, {row.task} at {row.where}: {row.becomes.lower()}")
        self.stdout.write(
            f"queued here: {found.queued_sent} left before and are not sent again; {found.would_send} are not in the"
            " journal"
        )
        if found.safe is None:
            self.stdout.write("No safe mode.")
            return
        self.stdout.write(f"SAFE MODE since {found.safe.since}: nothing is sent or written off.")
        for reason in found.safe.reasons:
            self.stdout.write(f"- {reason}")
        sys.exit(1)
