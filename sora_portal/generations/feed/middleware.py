"""The gate in front of everything: says "nothing new" for a third of a page's usual price, and nothing else.

A page carries a signed token that names its audience (which projects, until when). When the poll's tag equals the
change counter of that audience, the gate answers 304 without session, user or template. Anything else falls through to
the authenticated view, so a stolen token tells its finder at most that something changed.
"""

from collections.abc import Callable, Iterable

from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified

from sora_portal.generations.feed import counter

PATH = "/feed/"
SALT = "sora_portal.feed"
MAX_AGE = 12 * 3600


def feed_token(project_ids: Iterable[int] | None) -> str:
    """Return the signed token for an audience (None: all projects)."""
    return signing.dumps(counter.audience(project_ids), salt=SALT)


class FeedMiddleware:
    """Middleware: answers the unchanged list poll."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == PATH and request.method == "GET" and self._unchanged(request):
            return HttpResponseNotModified()
        return self.get_response(request)

    def _unchanged(self, request: HttpRequest) -> bool:
        seen = request.headers.get("HX-PTag", "")
        try:
            projects = signing.loads(request.GET.get("feed", ""), salt=SALT, max_age=MAX_AGE)
        except signing.BadSignature:
            return False
        return bool(seen) and seen == counter.cursor(projects)
