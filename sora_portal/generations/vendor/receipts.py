"""Receipts on disk: the vendor's task id is safe before the database is asked to take it.

Between a vendor's answer and the commit that stores it, the database may be away or the process may die. One small
file per accepted task, fsynced, bridges that; importing it binds the id without any callback.
"""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from sora_portal import failpoints


@dataclass(frozen=True)
class Receipt:
    """A vendor's promise: this attempt is that task. An unclear answer has no `task_id`; `named` are the ids in it.

    `whose` is the attempt's own secret, hashed: in a database that was set back another attempt may have its number.
    """

    attempt_id: int
    task_id: str
    named: tuple[str, ...] = ()
    whose: str = ""


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "spool"


def check() -> None:
    """Raise OSError when no receipt could be written now: then nothing may be sent that would need one."""
    failpoints.reach("disk-check")
    with tempfile.TemporaryFile(dir=_folder()) as file:
        file.write(b" " * 4096)


def write(receipt: Receipt) -> Path:
    """Store a receipt durably (file and folder fsynced) and return its path."""
    failpoints.reach("receipt")
    path = _folder() / f"{receipt.attempt_id}.json"
    part = path.with_suffix(".part")
    with part.open("w") as file:
        json.dump(
            {"attempt": receipt.attempt_id, "task": receipt.task_id, "named": receipt.named, "whose": receipt.whose},
            file,
        )
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return path


def discard(attempt_id: int) -> None:
    """Forget a receipt that the database has."""
    with contextlib.suppress(FileNotFoundError):
        (_folder() / f"{attempt_id}.json").unlink()


def put_aside(attempt_id: int) -> Path:
    """Keep a receipt that no row belongs to where `waiting` does not see it and a person does; return its path."""
    path = _folder() / f"{attempt_id}.json"
    return path.rename(path.with_suffix(".orphan"))


def waiting() -> Iterator[Receipt]:
    """Yield the receipts that no row has confirmed yet; a broken file is left for a person to look at."""
    for path in sorted(_folder().glob("*.json")):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            line = json.loads(path.read_text())
            yield Receipt(
                int(line["attempt"]),
                str(line["task"]),
                tuple(map(str, line.get("named", ()))),
                str(line.get("whose", "")),
            )
