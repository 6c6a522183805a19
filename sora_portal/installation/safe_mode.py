"""Safe mode: pages work, nothing is sent to vendors and nothing is written off, until an admin has decided.

It is a file beside the identity, so it is seen by every process at the cost of one look at the disk, it stays until it
is released, and a copy that is pointed at another installation's database does not stop that one.
"""

import contextlib
import json
import logging
import os
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sora_portal.errors import Refused
from sora_portal.installation import durable, journal

log = logging.getLogger(__name__)

WORDS = (
    "The portal is in safe mode: it may be an older backup or a copy, so nothing is sent until an admin has decided."
    " The video waits; nothing is lost."
)
_deciding: ContextVar[bool] = ContextVar("deciding", default=False)
# What could not be written to a disk that takes nothing holds for this process at least.
_unwritten: dict[Path, "SafeMode"] = {}


@dataclass(frozen=True)
class SafeMode:
    """Since when (ISO text), and why: one sentence for each thing that does not fit."""

    since: str
    reasons: tuple[str, ...]

    @property
    def since_at(self) -> datetime | None:
        """Since when, as a time."""
        with contextlib.suppress(ValueError):
            return datetime.fromisoformat(self.since)
        return None


class InSafeMode(Refused):
    """What was asked for would end or send something while it is not known whether this is the portal."""


def _file() -> Path:
    return journal.folder() / "safe-mode.json"


def on() -> SafeMode | None:
    """Return the safe mode that holds now, or None."""
    try:
        values = json.loads(_file().read_text())
        return SafeMode(str(values["since"]), tuple(map(str, values["reasons"])))
    except FileNotFoundError:
        return _unwritten.get(_file())
    except (OSError, ValueError, KeyError, TypeError):
        return SafeMode("", ("What the portal wrote down about its safe mode cannot be read.",))


def holds() -> bool:
    """Whether it holds for what this thread does: not for the decision that ends it."""
    return not _deciding.get() and (_file().exists() or _file() in _unwritten)


def require_off() -> None:
    """Raise InSafeMode while it holds."""
    if holds():
        raise InSafeMode(
            "The portal is in safe mode: it may be an older backup or a copy. Nothing is sent, ended or written off"
            " until an admin has decided on the page After a restore."
        )


def enter(reasons: tuple[str, ...], now: datetime) -> None:
    """Begin safe mode, unless it holds already."""
    if on() is not None:
        return
    begun = SafeMode(now.isoformat(), reasons)
    log.error("safe mode: nothing is sent or written off. %s", " ".join(reasons))
    try:
        durable.make_folder(journal.folder())
        descriptor = os.open(_file(), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        durable.write(descriptor, json.dumps(asdict(begun)))
    except FileExistsError:
        return
    except OSError:
        _unwritten[_file()] = begun
        log.exception("safe mode could not be written down; it holds for this process")


def leave() -> None:
    """End safe mode, for every process that reads the file."""
    _file().unlink(missing_ok=True)
    _unwritten.pop(_file(), None)


@contextlib.contextmanager
def decided() -> Iterator[None]:
    """Let this thread move rows: it carries out the decision that ends safe mode."""
    token = _deciding.set(True)
    try:
        yield
    finally:
        _deciding.reset(token)
