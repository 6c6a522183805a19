"""`manage.py catalog_load`: the connections and models that ship with the portal."""

from typing import Any

from django.core.management.base import BaseCommand

from sora_portal.catalog import actions


class Command(BaseCommand):
    """Add the shipped rows that are missing, and bring up to date those that nobody edited."""

    help = (
        "Adds the connections and models that ship with the portal, and gives those that nobody edited what ships now;"
        " rows that the team changed stay as they are. Part of every release."
    )

    def handle(self, *args: object, **options: Any) -> None:
        """Do so, and say what came of it."""
        loaded = actions.load_shipped()
        if loaded.added:
            self.stdout.write(f"{len(loaded.added)} rows added")
        if loaded.followed:
            self.stdout.write(f"brought up to date: {', '.join(loaded.followed)}")
        for slug, why in loaded.kept.items():
            self.stdout.write(f"{slug}: not as it ships by now, and stays so: {why}")
        if not (loaded.added or loaded.followed or loaded.kept):
            self.stdout.write("nothing to do: every shipped row is there, and as it ships")
