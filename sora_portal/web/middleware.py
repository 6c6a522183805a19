"""What happens to every request: refusals become answers, and an ended session becomes a sign-in page."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django_htmx.http import HttpResponseClientRedirect

from sora_portal.refusals import Refused
from sora_portal.web.http import with_toast

GetResponse = Callable[[HttpRequest], HttpResponse]


class HtmxLoginRedirect:
    """Turns the redirect to the sign-in page into one that htmx carries out in the browser.

    Without it, fetch would follow the redirect and the sign-in form would be swapped into a list row.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if getattr(request, "htmx", False) and isinstance(response, HttpResponseRedirect):
            login = resolve_url(settings.LOGIN_URL)
            if response.url.startswith(login):
                # Back to the page that the person sees, not to the fragment that htmx asked for.
                here = request.htmx.current_url_abs_path or "/"  # type: ignore[attr-defined]
                return HttpResponseClientRedirect(f"{login}?next={here}")
        return response


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
        return render(request, f"{exception.status}.html", context, status=exception.status)
