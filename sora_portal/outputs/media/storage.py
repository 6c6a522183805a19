"""The folder of files: parts while they come in, then one file per checksum, durable before any row names it."""

import hashlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from sora_portal import clock
from sora_portal.installation import media
from sora_portal.outputs.domain import SUFFIXES

PART_AGE = 3600.0
CLEAN_EVERY = 300.0
PIECE = 1024 * 1024
POSTER_SUFFIX = ".webp"


def root() -> Path:
    """Return the folder of all media."""
    return Path(settings.MEDIA_ROOT)


def video_path(sha256: str, mime: str) -> Path:
    """Return where the file with this checksum is kept."""
    return root() / sha256[:2] / f"{sha256}{SUFFIXES[mime]}"


def poster_path(sha256: str) -> Path:
    """Return where the still picture of the file with this checksum is kept."""
    return root() / sha256[:2] / f"{sha256}{POSTER_SUFFIX}"


def preview_path(sha256: str) -> Path:
    """Return where the preview of the file with this checksum is kept, if it has one."""
    return root() / sha256[:2] / f"{sha256}.preview.mp4"


def new_part() -> Path:
    """Return the path of a part file that does not exist yet; nobody can guess it and no page serves it."""
    folder = root() / "parts"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{secrets.token_hex(16)}.part"


def keep(part: Path, target: Path) -> None:
    """Give the finished `part` its lasting name `target`, durably. The same content twice stays one file.

    Raises MediaElsewhere, and OSError when the disk does not take it.
    """
    media.require()
    fresh = not target.parent.is_dir()
    target.parent.mkdir(parents=True, exist_ok=True)
    with part.open("rb") as file:
        os.fsync(file.fileno())
    # Replacing equal content is harmless, and it mends a file that a broken disk has cut short.
    part.replace(target)
    _sync(target.parent)
    if fresh:
        _sync(target.parent.parent)


def checksum(path: Path, *, alive: Callable[[], None] = lambda: None) -> str:
    """Return the SHA-256 of a file; `alive` is called with every piece. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
            alive()
    return digest.hexdigest()


def _sync(folder: Path) -> None:
    """Make the names in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def clean_parts(now: float | None = None) -> int:
    """Remove what crashed downloads left behind an hour ago or more; return how many files went.

    Looks at most once in five minutes: the stamp file's own time says when anybody last did.
    """
    moment = clock.now().timestamp() if now is None else now
    folder = root() / "parts"
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / "cleaned"
    if stamp.exists() and 0 <= moment - stamp.stat().st_mtime < CLEAN_EVERY:
        return 0
    stamp.touch()
    os.utime(stamp, (moment, moment))
    removed = 0
    for path in folder.glob("*.part"):
        try:
            if moment - path.stat().st_mtime > PART_AGE:
                path.unlink()
                removed += 1
        except FileNotFoundError:
            continue
    return removed
