"""Small answers that every view uses."""

import json

from django.http import HttpResponse


def with_toast(response: HttpResponse, text: str, *, tone: str = "", **events: object) -> HttpResponse:
    """Make `response` show a toast in the page that asked (the `HX-Trigger` header, read by static/js/toasts.js).

    `tone` is "" or "bad"; `events` are further events for the page.
    """
    response["HX-Trigger"] = json.dumps({"toast": {"text": text, "tone": tone}, **events})
    return response
