"""Serving the rendered files: Content-Length, Range, and the ways a media host can fail."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_CHUNK = 256 * 1024
_RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")
_NAME = re.compile(r"^[A-Za-z0-9_-]{20,64}\.mp4$")

PAGE = b"""<!doctype html><html lang="en"><title>Sign in</title>
<h1>Sign in to download</h1><p>This is an HTML page where a video was promised.</p></html>
"""


@dataclass(frozen=True)
class Piece:
    """A stretch of a file: `length` bytes from `start`; `sent` of them really go out."""

    path: Path
    start: int
    length: int
    sent: int

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes that go out."""
        left = self.sent
        with self.path.open("rb") as file:
            file.seek(self.start)
            while left > 0 and (chunk := file.read(min(_CHUNK, left))):
                left -= len(chunk)
                yield chunk


def is_media_name(name: str) -> bool:
    """Tell whether a name can be a media file's: letters that cannot leave the folder."""
    return bool(_NAME.match(name))


def asked_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Return (start, length) for a Range header: the whole file when it says nothing usable, None for 416."""
    found = _RANGE.match(header.strip()) if header else None
    if found is None or not (found[1] or found[2]):
        return 0, size
    if not found[1]:
        length = min(int(found[2]), size)
        return (size - length, length) if length else None
    start = int(found[1])
    end = min(int(found[2]), size - 1) if found[2] else size - 1
    return (start, end - start + 1) if start <= end else None
