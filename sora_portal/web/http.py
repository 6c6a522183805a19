"""Small answers that every view uses."""

import json

from django.http import HttpResponse


def with_toast(
    response: HttpResponse, text: str, *, tone: str = "", undo_url: str = "", **events: object
) -> HttpResponse:
    """Make `response` show a toast in the page that asked (the `HX-Trigger` header, read by static/js/toasts.js).

    `tone` is "" or "bad"; `undo_url` adds a button that posts to it; `events` are further events for the page.
    """
    detail = {"text": text, "tone": tone, "undo_url": undo_url}
    response["HX-Trigger"] = json.dumps({"toast": detail, **events})
    return response
