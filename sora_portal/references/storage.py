"""The folder of pictures: two files for each row, named by the row's public id, durable before the row is written."""

import os
from pathlib import Path

from django.conf import settings

from sora_portal.installation import media


def root() -> Path:
    """Return the folder of all pictures, beside the videos."""
    return Path(settings.MEDIA_ROOT) / "references"


def picture_path(public_id: str) -> Path:
    """Return where the picture with this id (from its row, never from an address) is kept."""
    return root() / f"{public_id}.jpg"


def thumb_path(public_id: str) -> Path:
    """Return where the small copy of the picture with this id is kept."""
    return root() / f"{public_id}.thumb.jpg"


def is_kept(public_id: str) -> bool:
    """Return whether both files are there."""
    return picture_path(public_id).exists() and thumb_path(public_id).exists()


def keep(public_id: str, data: bytes, thumb: bytes) -> None:
    """Write both files so that they survive a power cut; raises OSError, and MediaElsewhere for another folder."""
    media.require()
    root().mkdir(parents=True, exist_ok=True)
    for path, content in ((thumb_path(public_id), thumb), (picture_path(public_id), data)):
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    handle = os.open(root(), os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def discard(public_id: str) -> None:
    """Remove both files; what is not there is gone already."""
    picture_path(public_id).unlink(missing_ok=True)
    thumb_path(public_id).unlink(missing_ok=True)
