"""What time it is, for everything that plans, waits or ends by time.

The wall clock, as long as it runs evenly. Measured against the time since this machine started (CLOCK_BOOTTIME, which
nobody can set and which counts sleep), it sometimes jumps: a wrong clock was set right, or a right one wrong, and no
process can tell which. So a jump is not followed: the portal's time goes on evenly from where it was, in all processes
of this machine, also in those that start meanwhile. The jump is over when the wall clock comes back; when it has stayed
for FOLLOWED seconds, or an admin says so, the portal follows it. What ends by time never counts a jump: see `uptime`.

What all processes agree on is one number, the wall clock's time at which the machine started as the portal sees it. It
is in `run/clock-…` in the data folder, one file for each start of the machine.
"""

import contextlib
import json
import os
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils import timezone

JUMP = 5.0
"""Seconds by which the wall clock may be off: clocks are set by a second or two, and that disturbs nothing."""
FOLLOWED = 900.0
"""Seconds for which a wall clock has to run evenly at its new place; never scaled: clocks run no faster in a test."""


WRONG = "wrong-clock"
UNITS = ((1440, "day"), (60, "hour"), (1, "minute"))


@dataclass(frozen=True)
class Known:
    """When the machine started by the portal's time, and by a wall clock that says otherwise `since` (both Unix time;
    `since` in seconds since the start)."""

    started: float
    other: float | None = None
    since: float = 0.0


@dataclass(frozen=True)
class Jump:
    """The wall clock is ahead of the portal's time `by` so much (behind, if negative), which is followed at `until`."""

    by: timedelta
    until: datetime

    @property
    def words(self) -> str:
        """How far the wall clock is off: "4 days ahead of"."""
        minutes = round(abs(self.by.total_seconds()) / 60)
        number, unit = next(((minutes // size, name) for size, name in UNITS if minutes >= size), (1, "minute"))
        return f"{number} {unit}{'' if number == 1 else 's'} {'ahead of' if self.by > timedelta(0) else 'behind'}"


_known: dict[Path, Known] = {}


def now() -> datetime:
    """Return the time."""
    wall, up = _wall(), _up()
    started = wall.timestamp() - up
    path = _path()
    known = _known.get(path)
    if known is None or abs(started - known.started) > JUMP:
        known = _known[path] = _read(path) or _begin(path, Known(started))
    if abs(started - known.started) <= JUMP:
        return wall
    return datetime.fromtimestamp(known.started + up, UTC)


def settle() -> None:
    """Follow what is to be followed: small corrections at once, a jump when it has stayed. To be called every second
    or so; by more than one process is harmless."""
    path, up = _path(), _up()
    started = _wall().timestamp() - up
    known = _read(path) or _begin(path, Known(started))
    if abs(started - known.started) <= JUMP:
        if known.other is not None or abs(started - known.started) > 1.0:
            _write(path, Known(started))
    elif known.other is None or abs(started - known.other) > JUMP:
        _write(path, Known(known.started, other=started, since=up))
    elif up - known.since >= FOLLOWED:
        _write(path, Known(started))


def follow() -> None:
    """Take the wall clock as it is: an admin has looked at it."""
    _write(_path(), Known(_wall().timestamp() - _up()))


def jump() -> Jump | None:
    """Return the jump that is not followed yet, or None."""
    up = _up()
    started = _wall().timestamp() - up
    known = _read(_path())
    if known is None or abs(started - known.started) <= JUMP:
        return None
    left = FOLLOWED - (up - known.since) if known.other is not None else FOLLOWED
    return Jump(timedelta(seconds=started - known.started), now() + timedelta(seconds=max(0.0, left)))


def wrong_by(seconds: float) -> Path:
    """In test mode, have the wall clocks of all processes of this data folder be wrong by so much; return the file that
    says so, which ends it when it is removed."""
    path = Path(settings.DATA_DIR) / "run" / WRONG
    part = path.with_suffix(f".part{os.getpid()}")
    part.write_text(str(seconds))
    return part.replace(path)


def _wall() -> datetime:
    """Return the wall clock's time."""
    wall = timezone.now()
    if settings.SORA_PORTAL_TEST_MODE:
        with contextlib.suppress(OSError, ValueError):
            wall += timedelta(seconds=float((Path(settings.DATA_DIR) / "run" / WRONG).read_text()))
    return wall


def _up() -> float:
    """Return the seconds since the machine started, those that it slept through included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@cache
def _machine() -> str:
    """Return a name for this start of this machine; for this process alone where the system tells none."""
    try:
        start = Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8]
        return f"{start}-{Path('/proc/self/ns/time').stat().st_ino}"
    except OSError:
        return f"{os.getpid()}-{time.monotonic_ns()}"


def _path() -> Path:
    return Path(settings.DATA_DIR) / "run" / f"clock-{_machine()}"


def _read(path: Path) -> Known | None:
    try:
        return Known(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _begin(path: Path, known: Known) -> Known:
    """Write down what the first process of this start of the machine finds; of two that begin at once, one is first."""
    for old in path.parent.glob("clock-*"):
        if old.name != path.name and ".part" not in old.name:
            old.unlink(missing_ok=True)
    _write(path, known, first=True)
    return _read(path) or known


def _write(path: Path, known: Known, *, first: bool = False) -> None:
    """Write the file for all processes; on a disk that takes nothing each goes by its own first look."""
    _known[path] = known
    part = path.with_suffix(f".part{os.getpid()}-{time.monotonic_ns()}")
    with contextlib.suppress(OSError):
        try:
            part.write_text(json.dumps(asdict(known)))
            if first and not _read(path):
                path.unlink(missing_ok=True)
                with contextlib.suppress(FileExistsError):
                    path.hardlink_to(part)
            elif not first:
                part.replace(path)
        finally:
            part.unlink(missing_ok=True)
