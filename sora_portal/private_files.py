"""Files that only the account of the portal may read, whatever its umask was."""

import contextlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path

_OTHERS = 0o077


def from_now_on() -> None:
    """Let everything that this process and its children make from now on be for their owner only."""
    os.umask(_OTHERS)


def prepare(folder: Path, inner: Iterable[str], database: str) -> None:
    """Make the data folder and its `inner` folders, and close what stands at its top and beside an SQLite file.

    With the folder closed, no other account reaches what is deeper. Raises OSError when the folder cannot be made.
    """
    for name in inner:
        (folder / name).mkdir(parents=True, exist_ok=True)
    close([folder, *folder.iterdir()])
    if database:
        close(Path(database + suffix) for suffix in ("", "-wal", "-shm", "-journal"))


def close_all(folder: Path) -> None:
    """Close every file and folder below `folder`: an installation may be older than this rule."""
    for place, folders, files in os.walk(folder):
        close(Path(place, name) for name in (*folders, *files))


def close(paths: Iterable[Path]) -> None:
    """Take the rights of others from these, where they are ours; links and shared folders stay as they are."""
    for path in paths:
        with contextlib.suppress(OSError):
            status = path.lstat()
            shared = stat.S_ISLNK(status.st_mode) or status.st_mode & stat.S_ISVTX
            if status.st_uid == os.geteuid() and not shared and status.st_mode & _OTHERS:
                path.chmod(stat.S_IMODE(status.st_mode) & ~_OTHERS)
