"""Is the media folder the one of this database? A file in it and a row say so; without it nothing is stored.

A folder that was moved away is made anew, empty, by the next process that starts. What is stored there would be missing
when the real one comes back.
"""

import contextlib
from pathlib import Path

from django.conf import settings

from sora_portal.installation import identity
from sora_portal.installation.models import Installation, MediaFolder

MARKER = "belongs-to"


class MediaElsewhere(OSError):
    """The media folder is another one than that of this database; the message says where it looked."""


def require() -> None:
    """Raise MediaElsewhere unless the media folder is that of this database; the first one is tied to it."""
    row = MediaFolder.objects.filter(pk=1).first() or _tie()
    found = _read()
    if found != row.uid:
        raise MediaElsewhere(
            f"{_marker().parent} is not the media folder of this database: {MARKER} in it"
            f" {'names another' if found else 'is missing'}. Put the right folder in its place; nothing is stored until"
            " then. If it is lost for good, run manage.py files_check --take-folder."
        )


def is_here() -> bool:
    """Whether the media folder is that of this database."""
    try:
        require()
    except OSError:
        return False
    return True


def take() -> None:
    """Tie the folder that is there now to this database, as an admin who has lost the other one decides."""
    MediaFolder.objects.filter(pk=1).delete()
    _tie()


def _marker() -> Path:
    return Path(settings.MEDIA_ROOT) / MARKER


def _read() -> str:
    try:
        return _marker().read_text(errors="replace").strip()[:32]
    except FileNotFoundError:
        return ""


def _tie() -> MediaFolder:
    """Write the marker, unless there is one, and its row."""
    known = Installation.objects.filter(pk=1).values_list("uid", flat=True).first()
    with contextlib.suppress(FileExistsError), _marker().open("x") as file:
        file.write(known or identity.new_uid())
    return MediaFolder.objects.get_or_create(pk=1, defaults={"uid": _read()})[0]
