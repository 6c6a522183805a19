"""What happens to every request: refusals become answers, and an ended session becomes a sign-in page."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, QueryDict
from django.http.request import UnreadablePostError
from django.shortcuts import render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect

from sora_portal.errors import Refused
from sora_portal.web.http import with_toast
from sora_portal.web.text import clean

GetResponse = Callable[[HttpRequest], HttpResponse]


class CleanInput:
    """Takes out of what comes in what no database can hold, before anything reads it.

    A zero byte and a half of a surrogate pair show nothing and mean nothing in a text, so the rest of it counts. An
    address or a cookie with one is none of ours.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        for name in [name for name, value in request.COOKIES.items() if clean(value) != value]:
            del request.COOKIES[name]
        request.GET = _cleaned(request.GET)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any) -> None:
        """Clean the form, unless the view reads the body itself (as a callback's does)."""
        if clean(request.path_info) != request.path_info:
            raise Http404("no such address")
        if request.method == "POST" and not getattr(view, "csrf_exempt", False):
            # A client that went away has no token either: the check that follows refuses it.
            with suppress(UnreadablePostError):
                request.POST = _cleaned(request.POST)


def _cleaned(query: QueryDict) -> Any:
    """Return `query`, or where something in it needs cleaning a copy with that done."""
    if all(clean(text) == text for name, values in query.lists() for text in (name, *values)):
        return query
    fresh = QueryDict(mutable=True)
    for name, values in query.lists():
        fresh.setlist(clean(name), [clean(text) for text in values])
    return fresh


# What a page of ours needs of a browser's powers, and no more.
PERMISSIONS = "autoplay=(self), clipboard-write=(self), fullscreen=(self), picture-in-picture=(self), " + ", ".join(
    f"{power}=()"
    for power in (
        *("accelerometer", "browsing-topics", "camera", "display-capture", "encrypted-media", "geolocation"),
        *("gyroscope", "hid", "magnetometer", "microphone", "midi", "payment", "publickey-credentials-get"),
        *("screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
    )
)


class Headers:
    """Tells browsers what every answer allows: no powers that no page uses, and use by pages of this origin only."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class NoStore:
    """Tells browsers and proxies to keep no answer that does not say otherwise itself.

    A page from the history would carry a form that was sent before, and show the next person what the last one read.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class LoginRedirect:
    """Sends a person whose session has ended to the sign-in page, and back to the page that they were on.

    htmx is asked to carry the redirect out in the browser: fetch would follow it, and the sign-in form would be swapped
    into a list row. What was asked for by htmx or by POST is no page, so the way back leads to the one it stood on.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        login = resolve_url(settings.LOGIN_URL)
        if not isinstance(response, HttpResponseRedirect) or not response.url.startswith(f"{login}?"):
            return response
        htmx = getattr(request, "htmx", None)
        if not htmx and request.method in ("GET", "HEAD"):
            return response
        here = (htmx.current_url_abs_path if htmx else _page_of(request)) or "/"
        address = f"{login}?{urlencode({REDIRECT_FIELD_NAME: here})}"
        return HttpResponseClientRedirect(address) if htmx else HttpResponseRedirect(address)


def _page_of(request: HttpRequest) -> str:
    """Return the address of our page from which a form was sent; empty where the browser does not say."""
    came = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(came, {request.get_host()}):
        return ""
    parts = urlsplit(came)
    return f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"


class FormAddresses:
    """Shows a page to a person who opens an address that only takes what a form sends; without it, an empty window."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        opened = request.method == "GET" and not getattr(request, "htmx", None) and request.accepts("text/html")
        if not isinstance(response, HttpResponseNotAllowed) or not opened:
            return response
        page = render(request, "405.html", status=response.status_code)
        page["Allow"] = response["Allow"]
        return page


class RefusalMiddleware:
    """Turns a `Refused` that an action raised into a toast (htmx) or a page, with the refusal's own sentence."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer for a refusal; anything else is a fault of ours and goes on as one."""
        if not isinstance(exception, Refused):
            return None
        if getattr(request, "htmx", False):
            response = HttpResponse(status=exception.status)
            response["HX-Reswap"] = "none"
            return with_toast(response, str(exception), tone="bad")
        context = {"message": str(exception), "exception": str(exception)}
        # Not every status has a page of its own.
        pages = [f"{exception.status}.html", "409.html"]
        return render(request, pages, context, status=exception.status)
