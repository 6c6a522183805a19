"""`manage.py catalog_load`: the connections and models that ship with the portal."""

from typing import Any

from django.core.management.base import BaseCommand

from sora_portal.catalog import actions


class Command(BaseCommand):
    """Add the shipped rows that are missing."""

    help = "Adds the connections and models that ship with the portal; rows that exist keep what the team changed."

    def handle(self, *args: object, **options: Any) -> None:
        """Add them and say how many."""
        added = actions.load_shipped()
        self.stdout.write(f"{added} rows added" if added else "nothing to add: every shipped row is there")
