"""Is a kept file still what was kept? Serving looks at its size and time, a schedule at its checksum.

A file that is not is marked as broken: it is not served, and an approval of it does not count. One that is whole again,
because it was put back, is no longer marked.
"""

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.db.models import Count, F, Max, Q

from sora_portal.errors import Refused
from sora_portal.generations import actions as generations
from sora_portal.installation import media
from sora_portal.outputs.media import storage
from sora_portal.outputs.models import Output

log = logging.getLogger(__name__)

# What one hourly look does: files whose size is compared, and bytes that are read through.
LOOKED_AT_ONCE = 500
READ_AT_ONCE = 4 * 1024**3


class FileBroken(Refused):
    """The stored file is no longer the one that was stored."""

    status = 410


class FolderAway(Refused):
    """The media folder is not the one of this database, so it is not known how the file is."""

    status = 503


def path_of(output: Output) -> Path:
    """Return where the file of `output` is kept."""
    return storage.video_path(output.sha256, output.mime)


def require_whole(output: Output, now: datetime) -> None:
    """Raise FileBroken unless the file is there with the size and time that are known; the content decides on doubt.

    Raises FolderAway where the whole folder is another one: that says nothing of the file.
    """
    if output.broken or not _as_known(output):
        try:
            check(output, now=now)
        except media.MediaElsewhere as error:
            log.error("%s", error)
            raise FolderAway(
                "The videos are not in their place at the moment. The admins are told; come back later."
            ) from error
    if output.broken:
        raise FileBroken(
            "The stored file of this video is damaged, so it cannot be played or downloaded. Ask an admin."
        )


def _as_known(output: Output) -> bool:
    try:
        found = path_of(output).stat()
    except OSError:
        return False
    return (found.st_size, found.st_mtime_ns) == (output.size, output.mtime_ns)


def check(output: Output, *, now: datetime, checksum: bool = False, alive: Callable[[], None] = lambda: None) -> str:
    """Look at the file of `output`, write down what is found and return it: why it is broken, empty if it is whole.

    Its content is read if `checksum` asks for it, or if its time is not the known one. Raises MediaElsewhere.
    """
    media.require()
    seen: os.stat_result | None = None
    broken = ""
    read = False
    try:
        seen = path_of(output).stat()
        if seen.st_size != output.size:
            broken = f"{seen.st_size:,} bytes instead of {output.size:,}"
        elif checksum or output.broken or seen.st_mtime_ns != output.mtime_ns:
            read = True
            if storage.checksum(path_of(output), alive=alive) != output.sha256:
                broken = "its content is not what was stored"
    except FileNotFoundError:
        broken = "the file is missing"
    except OSError as error:
        broken = f"the file cannot be read: {error.strerror}"
    whole = seen is not None and not broken
    values = {"looked_at": now, "broken": broken, **({"hashed_at": now} if read else {})}
    if whole and seen is not None:
        values["mtime_ns"] = seen.st_mtime_ns
    _write(output, values, now)
    return broken


@transaction.atomic
def _write(output: Output, values: dict[str, object], now: datetime) -> None:
    Output.objects.filter(pk=output.pk).update(**values)
    for name, value in values.items():
        setattr(output, name, value)
    if output.broken:
        log.error("the file of %s is broken: %s", output.generation.public_id, output.broken)
    generations.set_file(generation=output.generation, broken=output.broken, now=now)


def look_hourly(now: datetime, alive: Callable[[], None]) -> int:
    """Compare those sizes, and read those files, that were looked at longest ago; return how many are broken.

    Raises MediaElsewhere.
    """
    rows = Output.objects.defer("frame_times").select_related("generation")
    oldest = rows.order_by(F("looked_at").asc(nulls_first=True), "pk")[:LOOKED_AT_ONCE]
    found = sum(bool(check(row, now=now, alive=alive)) for row in oldest)
    left = READ_AT_ONCE
    for row in rows.order_by(F("hashed_at").asc(nulls_first=True), "pk")[:LOOKED_AT_ONCE]:
        left -= row.size
        if left < 0 and row.size < READ_AT_ONCE:
            break
        if row.hashed_at != now:
            found += bool(check(row, now=now, checksum=True, alive=alive))
    return found


def look_at_all(now: datetime, *, checksum: bool) -> Iterator[tuple[Output, str]]:
    """Yield every kept file that is broken, and why. Raises MediaElsewhere."""
    for row in Output.objects.defer("frame_times").select_related("generation").order_by("pk").iterator():
        if broken := check(row, now=now, checksum=checksum):
            yield row, broken


@dataclass(frozen=True)
class Summary:
    """All kept videos: how many, how many of them broken or never read through, and the time of the last look."""

    kept: int
    broken: int
    unread: int
    looked_at: datetime | None
    folder_is_here: bool


def summary() -> Summary:
    """Return how the kept videos are, as far as the portal has looked."""
    found = Output.objects.aggregate(
        kept=Count("pk"),
        broken=Count("pk", filter=~Q(broken="")),
        unread=Count("pk", filter=Q(hashed_at=None)),
        looked_at=Max("looked_at"),
    )
    return Summary(**found, folder_is_here=media.is_here())
