"""What a sweeper has leased and not yet asked, in a file that outlives it.

A leased row is due again one interval later, so the looks of a sweeper that is killed would be missed once. The sweeper
beside it makes them instead: the kernel releases a dead process's file lock at once, so a diary that is written but no
longer locked was left behind. Looks are free and change nothing when made twice, and the rows' own times stay as they
are. No disk needs to be waited for: a file survives its writer, and a power cut ends both sweepers.
"""

import fcntl
import os
import time
from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path
from types import TracebackType
from typing import Self

PATIENCE = 1.0
"""Seconds to wait for a diary that somebody holds: an heir reads one in no time, a second sweeper keeps it."""


class LeaseFile:
    """One sweeper's diary, held open and locked inside a `with` block; `name` is the sweeper's slot."""

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / f"sweep-{name}.diary"
        self._file: int | None = None
        self._empty = True

    def __enter__(self) -> Self:
        """Lock the diary. When another sweeper holds it this one does without: it only cannot leave anything behind."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        end = time.monotonic() + PATIENCE
        while (file := _locked(self._path)) is None and time.monotonic() < end:
            time.sleep(0.02)
        self._file, self._empty = file, False
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave nothing behind after an end in good order; otherwise what stands there is somebody's to make."""
        if self._file is not None:
            if kind is None:
                os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = None

    def read(self) -> list[int]:
        """Return the attempts that stand in the held diary: what the sweeper before this one left behind."""
        return _read(self._file) if self._file is not None else []

    def note(self, attempt_ids: Iterable[int]) -> None:
        """Write down which attempts are leased and still to be looked after, instead of what stood there before."""
        text = "".join(f"{pk}\n" for pk in attempt_ids)
        if self._file is None or (self._empty and not text):
            return
        # The full stop keeps what is left of a longer text from being read.
        os.pwrite(self._file, f"{text}.\n".encode(), 0)
        self._empty = not text

    def inherit(self) -> list[int]:
        """Return the attempts in the diaries that other sweepers left behind, and empty those diaries."""
        found: list[int] = []
        for path in self._path.parent.glob("sweep-*.diary"):
            if path != self._path and (file := _locked(path)) is not None:
                found += _read(file)
                os.ftruncate(file, 0)
                os.close(file)
        return found


def _locked(path: Path) -> int | None:
    """Open and lock a file; None if somebody else has locked it."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    return file


def _read(file: int) -> list[int]:
    return [int(line) for line in takewhile(bytes.isdigit, os.pread(file, 1 << 20, 0).split(b"\n"))]
