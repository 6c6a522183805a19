"""Files that survive a power cut: written, flushed to the disk, and their folder too."""

import os
from pathlib import Path


def make_folder(path: Path) -> None:
    """Make a folder for the owner alone, and those above it, so that it is still there after a power cut."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
        sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Flush a folder's list of names to the disk."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write(descriptor: int, text: str) -> None:
    """Write `text` in one call, flush it to the disk and close the file; raises OSError when not all of it fitted."""
    try:
        data = text.encode()
        if os.write(descriptor, data) != len(data):
            raise OSError("the disk took only a part")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
