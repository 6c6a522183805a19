"""`manage.py files_check`: is every kept file still there and whole?"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sora_portal import clock
from sora_portal.installation import media
from sora_portal.outputs.media import integrity
from sora_portal.references.queries import missing_files


class Command(BaseCommand):
    """Look at all videos and pictures; exit status 1 if one is missing or broken.

    What is found is kept: a broken file is not served and its approval does not count, until it is put back.
    """

    help = "Look whether every kept video and picture is there with its size; exit status 1 if one is not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take --checksums and --take-folder."""
        parser.add_argument("--checksums", action="store_true", help="read every video through (slow)")
        parser.add_argument(
            "--take-folder",
            action="store_true",
            help="tie the media folder that is there now to this database: only if the right one is lost for good",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what is missing or broken."""
        if options["take_folder"]:
            media.take()
        try:
            media.require()
        except media.MediaElsewhere as error:
            raise CommandError(str(error)) from error
        count = 0
        for output, broken in integrity.look_at_all(clock.now(), checksum=options["checksums"]):
            count += 1
            self.stdout.write(f"video {output.generation.public_id} ({output.sha256[:12]}): {broken}")
        for image in missing_files():
            count += 1
            self.stdout.write(f"picture {image.public_id}: missing, or not as large as it was")
        self.stdout.write(f"{count} files are missing or broken." if count else "Every kept file is there.")
        if count:
            raise SystemExit(1)
