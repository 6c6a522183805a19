"""`manage.py restore DIR`: bring a backup back, after it was checked and, where something is, after a question."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from sora_portal.operations.backups import actions, databases
from sora_portal.operations.backups.manifest import Damaged, verify
from sora_portal.operations.bootstrap import prepare
from sora_portal.operations.reconciliation import checks


class Command(BaseCommand):
    """Check a backup, bring it back, and say what to do next."""

    help = "Checks a backup and brings it back. Stop the portal first. Live installations start in safe mode after it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the folder, and whether to ask or only to check."""
        parser.add_argument("folder", type=Path)
        parser.add_argument("--check", action="store_true", help="hold the backup against its manifest, change nothing")
        parser.add_argument("--yes", action="store_true", help="replace the database that is there without asking")

    def handle(self, *args: object, folder: Path, check: bool, yes: bool, **options: Any) -> None:
        """Bring it back; exit with a sentence when the backup, the person or the engine says no."""
        try:
            found = verify(folder)
            self.stdout.write(f"{folder} of {found.made_at}: {len(found.files)} files, all as they were.")
            if check:
                return
            lock = prepare.take_data_folder(settings.DATA_DIR)
            with lock:
                self._ask(yes)
                actions.bring_back(folder)
        except (Damaged, databases.Failed, prepare.CannotStart, OSError) as problem:
            raise CommandError(f"Nothing was replaced. {problem}") from None
        call_command("migrate", interactive=False, verbosity=0)
        for difference in checks.differences():
            self.stderr.write(f"{difference.invariant} {difference.where}: {difference.text}")
        self.stdout.write(
            "Restored. Start the portal: with live vendors it is in safe mode until an admin decides, on the page After"
            " a restore or by `manage.py installation release`."
        )

    def _ask(self, yes: bool) -> None:
        here = actions.what_is_here()
        if not here or yes:
            return
        self.stdout.write(f"There is {', '.join(here)} here. The database is replaced; files are only added.")
        try:
            answer = input("Write restore to go on: ")
        except EOFError:
            answer = ""
        if answer.strip() != "restore":
            raise CommandError("Nothing was changed. Say --yes where nobody can be asked.")
