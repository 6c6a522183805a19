"""`manage.py failpoints`: where the portal can be made to die on purpose, and what must hold then."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from sora_portal import failpoints


class Command(BaseCommand):
    """List the failpoints, or arm one in a portal that runs in test mode."""

    help = "Lists the places where the portal can be made to die, stop or fail; --arm prepares one (test mode only)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --arm NAME [--action ACTION] [--nth N]."""
        parser.add_argument("--arm", metavar="NAME", help="arm this failpoint in the portal of this data folder")
        parser.add_argument("--action", default="kill", help="kill, stop, sleep:SECONDS, database or disk")
        parser.add_argument("--nth", type=int, default=1, help="act when it is reached for the N-th time")

    def handle(self, *args: object, arm: str | None, action: str, nth: int, **options: Any) -> None:
        """Print the list, or arm."""
        if arm is None:
            self._list()
            return
        if not settings.SORA_PORTAL_TEST_MODE:
            raise CommandError(
                "Failpoints do nothing outside test mode. Start the portal with SORA_PORTAL_TEST_MODE=1."
            )
        try:
            path = failpoints.arm(arm, action, nth=nth)
        except ValueError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{arm}: {action} at time {nth}; disarm by removing {path}")

    def _list(self) -> None:
        armed = failpoints.armed()
        for point in failpoints.FAILPOINTS:
            mark = "  (armed)" if point.name in armed else ""
            self.stdout.write(f"{point.name}{mark}\n    in {point.where}: {point.moment}")
            for crash in failpoints.CRASHES:
                if point.name in crash.points:
                    self.stdout.write(f"    {crash.what}: {crash.holds}")
