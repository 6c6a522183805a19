"""`manage.py ledger_verify`: do the credits still add up?"""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from sora_portal.operations.reconciliation import checks


class Command(BaseCommand):
    """Recompute the invariants from the tables; exit status 1 if one does not hold.

    What it finds is kept: with a difference no new videos are taken, without one they are again.
    """

    help = "Recompute the invariants of ledger and videos; exit status 1 (and no new videos) if one does not hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take --json."""
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of sentences")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print every difference, and how long what is reserved or undecided has waited."""
        now = timezone.now()
        found = checks.reconcile(now)
        waiting = checks.waiting(now)
        if options["json"]:
            document = {"ok": not found, "differences": [difference.as_dict() for difference in found], **waiting}
            self.stdout.write(json.dumps(document))
        else:
            for difference in found:
                self.stdout.write(f"{difference.invariant}  {difference.where}: {difference.text}")
            self.stdout.write("The ledger does not add up." if found else "The ledger adds up.")
            for name, ages in waiting.items():
                text = ", ".join(f"{age['count']} {age['age']} ({age['milli'] / 1000:g} credits)" for age in ages)
                self.stdout.write(f"Open {name}: {text}")
        if found:
            raise SystemExit(1)
