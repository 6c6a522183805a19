"""What is in a backup, file by file, with checksums: so that a copy can be held against it years later."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

NAME = "manifest.json"
VERSION = 1
CHUNK = 1024 * 1024


class Damaged(Exception):
    """The backup is not what its manifest says; the message says where."""


@dataclass(frozen=True)
class Manifest:
    """`files` are paths inside the backup with size and SHA-256; `made_at` is an ISO time."""

    version: int
    made_at: str
    engine: str
    uid: str
    epoch: int
    files: dict[str, tuple[int, str]]

    def write(self, folder: Path) -> None:
        """Write it, last of all: a backup without one is not finished."""
        (folder / NAME).write_text(json.dumps(asdict(self), indent=1))


def digest(path: Path) -> tuple[int, str]:
    """Return a file's size and SHA-256."""
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


def everything(folder: Path) -> Iterator[str]:
    """Yield the paths of all files below `folder`, but the manifest's, as texts."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path != folder / NAME:
            yield path.relative_to(folder).as_posix()


def read(folder: Path) -> Manifest:
    """Return the manifest in `folder`; raises Damaged."""
    try:
        values = json.loads((folder / NAME).read_text())
        files = {str(name): (int(size), str(digest)) for name, (size, digest) in values["files"].items()}
        found = Manifest(
            int(values["version"]),
            str(values["made_at"]),
            str(values["engine"]),
            str(values["uid"]),
            int(values["epoch"]),
            files,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise Damaged(f"{folder} has no readable {NAME}: it is no backup, or one that was not finished.") from None
    if found.version != VERSION:
        raise Damaged(f"This backup is of version {found.version}, and this release reads version {VERSION}.")
    return found


def verify(folder: Path) -> Manifest:
    """Return the manifest after every file was held against it; raises Damaged with the first that differs."""
    found = read(folder)
    for name, said in found.files.items():
        path = folder / name
        # A name that leads out of the backup is nobody's honest manifest.
        if not path.resolve().is_relative_to(folder.resolve()):
            raise Damaged(f"{name} leads out of the backup.")
        if not path.is_file():
            raise Damaged(f"{name} is missing.")
        if digest(path) != said:
            raise Damaged(f"{name} is not what it was when the backup was made.")
    return found
