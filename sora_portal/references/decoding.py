"""Running the picture reader: a child process with limits, one at a time for each person and few in all.

A picture of a few hundred kilobytes can cost seconds of processor time. The web's own threads only wait for the child,
and at most `SEATS` of them do, so that pages are answered meanwhile, however many pictures come at once.
"""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from django.conf import settings

from sora_portal.errors import Refused
from sora_portal.references.pictures import BYTES_MOST, DAMAGED, NotAPicture, Picture, too_large, unpack

# Pictures that are read at once on this machine, of all people and in all web processes.
SEATS = 2
WALL_SECONDS = 30.0


class Busy(Refused):
    """Another picture has the turn; this one can come again in a moment."""

    status = 429
    retry_after = 1


def read(file: IO[bytes], *, person: int) -> Picture:
    """Return the picture in `file`, made anew; `person` is whose turn it takes (the key of a user).

    Raises NotAPicture with a sentence, and Busy at once when this person's turn or every seat is taken.
    """
    raw = file.read(BYTES_MOST + 1)
    if len(raw) > BYTES_MOST:
        raise NotAPicture(too_large())
    if not raw:
        raise NotAPicture("This file is empty. Choose a JPG, PNG or WebP picture.")
    with turn(person):
        return _read_apart(raw)


@contextmanager
def turn(person: int) -> Iterator[None]:
    """Hold this person's turn and one of the seats, at most as long as the process lives; raises Busy without one."""
    folder = Path(settings.DATA_DIR) / "run" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        if not _taken(held, folder / f"person-{person}"):
            raise Busy("Another picture of yours is still being read. Add this one again in a moment.")
        if not any(_taken(held, folder / f"seat-{seat}") for seat in range(SEATS)):
            raise Busy("Pictures of other people are being read. Add this one again in a moment.")
        yield


def _taken(held: ExitStack, path: Path) -> bool:
    """Return whether the lock at `path` was free and is ours until `held` ends."""
    file = path.open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return False
    held.enter_context(file)
    return True


def _read_apart(raw: bytes) -> Picture:
    """Return what the reader's own process makes of `raw`; one that dies or takes too long found a damaged picture."""
    answer = b""
    with suppress(subprocess.TimeoutExpired):
        answer = subprocess.run(
            [sys.executable, "-m", "sora_portal.references.pictures"],
            cwd=settings.BASE_DIR,
            # Nothing of our environment: it holds the keys.
            env={"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
            input=raw,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            timeout=WALL_SECONDS,
            check=False,
        ).stdout
    found = unpack(answer)
    if found is None:
        raise NotAPicture(DAMAGED)
    return found
