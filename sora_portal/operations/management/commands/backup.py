"""`manage.py backup DIR`: a checked copy of database, media and send journal, made while the portal runs."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from sora_portal.operations.backups import actions, databases
from sora_portal.operations.backups.manifest import Damaged


class Command(BaseCommand):
    """Make one backup and say what is in it."""

    help = "Makes a checked backup of database, media and send journal in a new folder. It holds no secrets."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the folder."""
        parser.add_argument("folder", type=Path, help="a folder that does not exist yet, or is empty")

    def handle(self, *args: object, folder: Path, **options: Any) -> None:
        """Make it; a backup that did not come to its end has no manifest, and restore refuses it."""
        os.umask(0o077)
        try:
            made = actions.back_up(folder, timezone.now())
        except (Damaged, databases.Failed, OSError) as problem:
            raise CommandError(f"No backup was made. {problem}") from None
        size = sum(size for size, _ in made.files.values())
        self.stdout.write(f"{folder}: {len(made.files)} files, {size / 2**20:.1f} MiB, checked.")
        self.stdout.write("Keep SORA_PORTAL_SECRET_KEY and SORA_PORTAL_FIELD_KEYS elsewhere: they are not in it.")
