"""The send journal: a file for each create call, outside the database, on the disk before the first byte leaves.

A file is named by the video and the number of the try, and can be made only once: that alone keeps a database that was
set back from sending the same try again. Lines are only ever added to it: the request first, then what was learnt. One
that was torn by a power cut still says by its name that the try may have left.
"""

import contextlib
import json
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from sora_portal import failpoints
from sora_portal.installation import durable

# A video's id begins with its time: so many letters of it are nine hours.
SHARD = 5
# However old, the newest are kept: the database is held against them.
KEPT_ALWAYS = 100


class AlreadySent(Exception):
    """The journal has this try: it may be at the vendor, so nothing leaves."""


@dataclass(frozen=True)
class Entry:
    """What the journal knows of one try. `request` is empty where the file was torn; times are ISO texts.

    `answer` is the last line that was learnt of it, None for none; `settled` the epochs whose release dealt with it.
    """

    public_id: str
    number: int
    request: dict[str, Any]
    answer: dict[str, Any] | None
    settled: tuple[int, ...]

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return name_of(self.public_id, self.number)

    @property
    def task_id(self) -> str:
        """The vendor's task, where an answer named one."""
        return str((self.answer or {}).get("task_id") or "")


def folder() -> Path:
    """Return the folder of the identity and the journal; with several hosts, one that they all see."""
    return Path(settings.SORA_PORTAL_JOURNAL_DIR or Path(settings.DATA_DIR) / "journal")


def name_of(public_id: str, number: int) -> str:
    """Return the name of try `number` of a video."""
    return f"{public_id}-{number}"


def _path(name: str) -> Path:
    return folder() / "sent" / name[:SHARD] / f"{name}.jsonl"


def begin(name: str, request: dict[str, Any]) -> None:
    """Write down that this try is about to leave. Raises AlreadySent, and OSError when the disk does not take it."""
    path = _path(name)
    durable.make_folder(path.parent)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
    except FileExistsError:
        raise AlreadySent(name) from None
    durable.write(descriptor, _line({"request": request}))
    durable.sync_folder(path.parent)
    failpoints.reach("journal-written")


def learn(name: str, line: dict[str, Any]) -> None:
    """Add what was learnt of a try; raises OSError."""
    durable.write(os.open(_path(name), os.O_WRONLY | os.O_APPEND), _line(line))


def _line(values: dict[str, Any]) -> str:
    # The line break in front ends a line that a power cut has torn.
    return f"\n{json.dumps(values, ensure_ascii=False, default=str)}\n"


def has(name: str) -> bool:
    """Whether the journal has this try."""
    return _path(name).exists()


def names(newest: int | None = None) -> list[str]:
    """Return the names of all tries, newest video first, or of about the `newest`; raises OSError."""
    found: list[str] = []
    root = folder() / "sent"
    shards = sorted((entry for entry in root.iterdir() if entry.is_dir()), reverse=True) if root.exists() else []
    for shard in shards:
        found += sorted((file.stem for file in shard.glob("*.jsonl") if _parts(file.stem)), reverse=True)
        if newest is not None and len(found) >= newest:
            break
    return found


def _parts(name: str) -> tuple[str, int] | None:
    public_id, dash, number = name.rpartition("-")
    return (public_id, int(number)) if dash and public_id and number.isdecimal() else None


def read(name: str) -> Entry:
    """Return what the journal knows of a try; a file that cannot be read counts as one that was torn."""
    request: dict[str, Any] = {}
    answer: dict[str, Any] | None = None
    settled: list[int] = []
    text = ""
    with contextlib.suppress(OSError):
        text = _path(name).read_text(errors="replace")
    for line in text.splitlines():
        with contextlib.suppress(ValueError, TypeError, AttributeError):
            values = json.loads(line)
            request = values.get("request") or request
            # A task id is never unlearnt by a later line without one.
            later = values.get("answer")
            answer = later if later and not (answer and answer.get("task_id") and not later.get("task_id")) else answer
            if "settled" in values:
                settled.append(int(values["settled"]))
    parts = _parts(name)
    assert parts is not None
    return Entry(*parts, request=request, answer=answer, settled=tuple(settled))


def prunable(before: str) -> Iterator[str]:
    """Yield the tries of videos whose ids are below `before`, but never the newest KEPT_ALWAYS."""
    yield from (name for name in names()[KEPT_ALWAYS:] if name < before)


def forget(gone: Collection[str]) -> None:
    """Remove tries for good: of videos that have ended, and that no backup worth restoring still waits for."""
    for name in gone:
        _path(name).unlink(missing_ok=True)
    for shard in {_path(name).parent for name in gone}:
        with contextlib.suppress(OSError):
            shard.rmdir()


def put_aside(label: str) -> None:
    """Move the whole journal out of the way, under `label`; for a copy that is a portal of its own from now on."""
    root = folder() / "sent"
    if root.exists():
        target = folder() / f"sent-{label}"
        for count in range(1000):
            if not target.exists():
                break
            target = folder() / f"sent-{label}-{count}"
        root.rename(target)
        durable.sync_folder(folder())
