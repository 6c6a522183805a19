"""`manage.py demo`: the demo team, its project, budgets and the shipped catalog."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from sora_portal.operations.bootstrap import demo


class Command(BaseCommand):
    """Load the demo and print who can sign in."""

    help = "Makes the demo team (ada, rae, mo), its project, budgets and the shipped catalog; may be repeated."

    def handle(self, *args: object, **options: Any) -> None:
        """Load what is missing; existing rows and passwords stay."""
        try:
            demo.load(password=settings.SORA_PORTAL_DEMO_PASSWORD, now=timezone.now())
        except demo.NoPassword as error:
            raise CommandError(str(error)) from None
        for line in demo.sign_ins(settings.SORA_PORTAL_DEMO_PASSWORD):
            self.stdout.write(line)
