"""A limit on files while they come in. Django stores whatever is sent before a view can say no."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

# A little above what any page takes (`references.pictures.BYTES_MOST`).
LIMIT = 11 * 1024 * 1024


class LimitedUpload(FileUploadHandler):
    """Drops a file that is too large and reads the rest of the form; `too_large` then names its field."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Count from the start again."""
        super().new_file(*args, **kwargs)
        self.seen = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Pass a chunk on to the next handler, unless it is the one too many."""
        self.seen += len(raw_data)
        if self.seen > LIMIT:
            request: Any = self.request
            request.dropped_files = [*getattr(request, "dropped_files", []), self.field_name]
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> UploadedFile[bytes] | None:
        """Leave the file to the handlers that store it."""
        return None


def too_large(request: HttpRequest, field: str) -> bool:
    """Return whether a file of this field was dropped while it came in."""
    return request.FILES is not None and field in getattr(request, "dropped_files", [])
