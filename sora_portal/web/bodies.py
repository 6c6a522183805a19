"""Reading the body of a request from a stranger: whole, whichever way it was sent, and never more than is allowed.

Django reads as many bytes as Content-Length says. A body that comes in chunks has none, and Django takes it for empty.
"""

from django.http import HttpRequest

DRAINED = 1024 * 1024
"""Bytes of a refused body that are still taken in, so that its sender reads the refusal and not a broken line."""
PIECE = 16 * 1024


class NotReadable(Exception):
    """The body is refused; the message may be shown, `status` is the HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def read(request: HttpRequest, *, limit: int) -> bytes:
    """Return the body of `request`, at most `limit` bytes.

    Raises NotReadable: 413 for more, 411 for one whose end cannot be known, 400 for one that breaks off.
    """
    length = request.META.get("CONTENT_LENGTH") or ""
    in_chunks = bool(request.META.get("HTTP_TRANSFER_ENCODING"))
    # A server that joins the chunks itself says so, or hands on the length that it found.
    if in_chunks and not length and not request.META.get("wsgi.input_terminated"):
        raise NotReadable("send a Content-Length", 411)
    if length.isdigit() and int(length) > max(limit, DRAINED):
        raise NotReadable("too large", 413)
    stream = request.META["wsgi.input"] if in_chunks and not length else request
    body = bytearray()
    try:
        while len(body) <= DRAINED and (piece := stream.read(PIECE)):
            body += piece
    except OSError as error:
        raise NotReadable("the body broke off", 400) from error
    if len(body) > limit:
        raise NotReadable("too large", 413)
    if length.isdigit() and len(body) < int(length):
        raise NotReadable("the body broke off", 400)
    return bytes(body)
