"""Answering for a stored file, with ranges: Safari plays nothing without them, and every player seeks by them."""

import io
import logging
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import IO

from django.http import Http404, HttpRequest, HttpResponseBase
from whitenoise.middleware import WhiteNoiseFileResponse
from whitenoise.responders import MissingFileError, Response, StaticFile

log = logging.getLogger(__name__)

# A browser that several people use keeps no copy for the next one.
CACHE = "private, no-store"


class Slice(io.BufferedIOBase):
    """The bytes `start` to `end`, both included, of an open file, which it closes.

    It can be sought, unlike WhiteNoise's, so the server sends it by itself and no thread waits for a slow reader.
    """

    def __init__(self, file: IO[bytes], start: int, end: int) -> None:
        self._file, self._start, self._size = file, start, end + 1 - start
        file.seek(start)

    def seekable(self) -> bool:
        """Say that it can be sought."""
        return True

    def tell(self) -> int:
        """Return the place, counted from the start of the slice."""
        return self._file.tell() - self._start

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in the slice; SEEK_END counts from its end."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self.tell(), io.SEEK_END: self._size}[whence]
        return self._file.seek(self._start + base + offset) - self._start

    def read(self, size: int | None = -1) -> bytes:
        """Return at most `size` bytes, all that are left unless given."""
        left = max(0, self._size - self.tell())
        return self._file.read(left if size is None or size < 0 else min(size, left))

    def close(self) -> None:
        """Close the file as well."""
        super().close()
        self._file.close()


class RangedFile(StaticFile):  # type: ignore[misc]  # whitenoise ships no types
    """WhiteNoise's file answer, which refuses a range of one single byte; players ask for it to learn the length."""

    def get_range_response(
        self, range_header: str, base_headers: list[tuple[str, str]], file_handle: IO[bytes] | None
    ) -> Response:
        """Return 206 with the asked bytes, or 416 when the file has none of them; ValueError: not understood."""
        size = int(dict(base_headers)["Content-Length"])
        start, end = self.get_byte_range(range_header, size)
        if start > end or start >= size or range_header.replace(" ", "").endswith("=-0"):
            return self.get_range_not_satisfiable_response(file_handle, size)
        headers = [(name, value) for name, value in base_headers if name != "Content-Length"]
        headers += [("Content-Range", f"bytes {start}-{end}/{size}"), ("Content-Length", str(end - start + 1))]
        body = Slice(file_handle, start, end) if file_handle is not None else None
        return Response(HTTPStatus.PARTIAL_CONTENT, headers, body)


def respond(request: HttpRequest, path: Path, *, mime: str, etag: str, name: str) -> HttpResponseBase:
    """Return the answer to a GET or HEAD for the file at `path`: 200, 206, 304 or 416. Access is the caller's.

    `name` is what the browser saves it as (plain ASCII without quotes). Raises Http404 when the file is not there.
    """
    kind = "attachment" if "download" in request.GET else "inline"
    headers = {
        "Content-Type": mime,
        "Content-Disposition": f'{kind}; filename="{name}"',
        "Cache-Control": CACHE,
        "Accept-Ranges": "bytes",
        "ETag": f'"{etag}"',
        "X-Content-Type-Options": "nosniff",
    }
    try:
        file = RangedFile(str(path), list(headers.items()))
    except MissingFileError as error:
        log.error("a stored file is missing: %s", path)
        raise Http404 from error
    answer = file.get_response(request.method, _asked(request.META, file.etag))
    response: HttpResponseBase = WhiteNoiseFileResponse(answer.file or (), status=int(answer.status))
    del response["Content-Type"]
    for header, value in answer.headers:
        response[header] = value
    return response


def _asked(meta: Mapping[str, object], etag: str) -> dict[str, object]:
    """Return the request's headers, without a range that was meant for another version of the file."""
    asked = dict(meta)
    if asked.get("HTTP_IF_RANGE", etag) != etag:
        asked.pop("HTTP_RANGE", None)
    return asked
