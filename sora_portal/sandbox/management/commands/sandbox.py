"""`manage.py sandbox --port N`: the stand-in vendors until Ctrl-C."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sora_portal.sandbox import cli
from sora_portal.sandbox.config import BadSetting


class Command(BaseCommand):
    """Run the stand-in vendors; the options are those of `python -m sora_portal.sandbox`."""

    help = "Runs stand-in vendors (Ruxa AI, APIXO, Sora2API) over real HTTP; see docs/sandbox.md."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the same options as the plain command."""
        cli.add_arguments(parser)

    def handle(self, *args: object, **options: Any) -> None:
        """Serve until a signal."""
        try:
            chosen = cli.read_options(options)
        except BadSetting as error:
            raise CommandError(str(error)) from error
        cli.run(chosen)
