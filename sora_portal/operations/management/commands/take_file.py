"""`manage.py take_file VIDEO FILE --by ADMIN`: keep a file that was had by another way as a finished video."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sora_portal import clock
from sora_portal.accounts.models import User
from sora_portal.errors import Refused
from sora_portal.generations.models import Generation
from sora_portal.outputs.manual_address.actions import take_file


class Command(BaseCommand):
    """For a video that the vendor has made and that cannot be fetched: its file, from the vendor's own page or mail."""

    help = "Keep FILE as the video whose file could not be fetched (it needs an admin); its credits are spent."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the video, the file, who decides and why."""
        parser.add_argument("video", help="the video's reference, the last part of its page's address")
        parser.add_argument("file", type=Path)
        parser.add_argument("--by", required=True, metavar="ADMIN", help="the sign-in name of the admin who decides")
        parser.add_argument("--reason", default="given on the command line")

    def handle(self, *args: Any, **options: Any) -> None:
        """Examine and keep the file, or say why not."""
        try:
            person = User.objects.get(username=options["by"])
            video = Generation.objects.get(public_id=options["video"].strip("/").rpartition("/")[2])
            reason = options["reason"][:300]
            take_file(by=person, generation=video, file=options["file"], reason=reason, now=clock.now())
        except User.DoesNotExist:
            raise CommandError(f"No person has the sign-in name {options['by']!r}.") from None
        except Generation.DoesNotExist:
            raise CommandError(f"There is no video {options['video']!r}.") from None
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"Kept as the file of {video.public_id}.")
