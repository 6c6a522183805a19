"""The file's half of the identity: who the installation is, its epoch, and where the file was written.

A folder that was copied is told by what a copy cannot take along: when the file was made, its number on its disk, its
path, and, where the database is a file of this machine, the machine.
"""

import contextlib
import json
import os
import secrets
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.db import connection

from sora_portal.installation import birth, durable, journal

FILE = "installation.json"
CONTAINERS = (Path("/.dockerenv"), Path("/run/.containerenv"))
MACHINE = Path("/etc/machine-id")


class Unreadable(Exception):
    """There is an identity file, and it cannot be understood."""


@dataclass(frozen=True)
class Identity:
    """Who the folder says it belongs to, and where that was written."""

    uid: str
    epoch: int
    path: str
    inode: int
    born: int
    machine: str

    @property
    def is_here(self) -> bool:
        """Whether this is the very file that was written, in its place."""
        here = machine()
        same_machine = not here or not self.machine or here == self.machine
        same_file = self.inode == file().stat().st_ino and self.born == birth.born(file())
        return same_machine and same_file and self.path == str(file().resolve())


def file() -> Path:
    """Return where the identity is kept."""
    return journal.folder() / FILE


def machine() -> str:
    """Return the machine's id, empty where it says nothing: hosts that share a folder, and containers, come and go."""
    if connection.vendor != "sqlite" or any(mark.exists() for mark in CONTAINERS):
        return ""
    with contextlib.suppress(OSError):
        return MACHINE.read_text().strip()
    return ""


def new_uid() -> str:
    """Return a fresh id."""
    return secrets.token_hex(16)


def read() -> Identity | None:
    """Return the file's identity, None where there is no file; raises Unreadable."""
    try:
        values: Any = json.loads(file().read_text())
        return Identity(
            uid=str(values["uid"]),
            epoch=int(values["epoch"]),
            path=str(values["path"]),
            inode=int(values["inode"]),
            born=int(values["born"]),
            machine=str(values["machine"]),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"{file()} cannot be read ({type(error).__name__})") from error


def write(uid: str, epoch: int, *, only_if_new: bool = False) -> None:
    """Write the identity in one step; with `only_if_new`, nothing happens where there is a file. Raises OSError."""
    durable.make_folder(journal.folder())
    descriptor, name = tempfile.mkstemp(dir=journal.folder(), prefix=".identity-")
    part = Path(name)
    try:
        inode = os.fstat(descriptor).st_ino
        made = Identity(uid, epoch, str(file().resolve()), inode, birth.born(part), machine())
        durable.write(descriptor, json.dumps(asdict(made)))
        if only_if_new:
            with contextlib.suppress(FileExistsError):
                file().hardlink_to(part)
        else:
            part.replace(file())
    finally:
        part.unlink(missing_ok=True)
    durable.sync_folder(journal.folder())
