"""In the middle of a run: a clone of the portal that also wants to send, and an older backup put in its place."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from chaos import house
from chaos.people import Members

PATIENCE = 40.0


class Restorer:
    """Makes a backup, later lets a clone of it run beside the portal, and at last restores it over the portal."""

    def __init__(self, portal: house.House, members: Members, folder: Path, vendor: int) -> None:
        self._house, self._members, self._folder, self._vendor = portal, members, folder, vendor
        self._backup, self._clone = folder / "backup", folder / "clone"
        self.done = ""

    def back_up(self) -> None:
        """Copy the database by its engine's own way, while everything runs, and the data folder file by file."""
        from sora_portal.operations.backups import databases

        self._backup.mkdir()
        databases.dump(self._backup)
        self._clone.mkdir()
        if (self._folder / "journal").exists():
            shutil.copytree(self._folder / "journal", self._clone / "journal")

    def run_clone(self, seconds: float = 6.0) -> None:
        """Let workers of a copy, with the same keys, run beside the portal for a while; SQLite only."""
        copy = self._backup / "database.sqlite3"
        if not copy.exists():
            return
        shutil.copy(copy, self._clone / "portal.sqlite3")
        environment = {
            **os.environ,
            "SORA_PORTAL_DATA_DIR": str(self._clone),
            "DATABASE_URL": f"sqlite:///{self._clone}/portal.sqlite3",
        }
        with (self._folder / "log").open("ab") as log:
            clone = subprocess.Popen(
                [sys.executable, "manage.py", "work"], cwd=house.ROOT, stdout=log, stderr=log, env=environment
            )
        time.sleep(seconds)
        clone.kill()
        clone.wait()

    def restore(self) -> None:
        """Stop the portal, put the backup in its place, start it, decide, and send again the forms that it forgot."""
        from django.contrib.sessions.models import Session
        from django.utils import timezone

        from sora_portal.generations.models import Generation
        from sora_portal.generations.restored import check, release
        from sora_portal.installation import safe_mode
        from sora_portal.operations.backups import databases
        from tests import factories

        self._house.stop()
        before = len(house.memory(self._vendor)["creates"])
        # No backup holds sessions; ada signs in again, with the same cookie.
        sessions = list(Session.objects.all())
        databases.load(self._backup)
        Session.objects.bulk_create(sessions)
        check.closed(timezone.now())
        self._house.open_portal()
        time.sleep(3.0)
        sent = len(house.memory(self._vendor)["creates"]) - before
        text = "not noticed"
        if safe_mode.on() is not None:
            text = release.restored(by=factories.mo(), send_rest=True, now=timezone.now()).text
        self.done = f"{sent} creates before the decision. {text}"
        known = set(Generation.objects.values_list("submit_key", flat=True))
        self._members.submit_again(known)
