"""What a load balancer or a supervisor asks. No session, no user, nothing about the product."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sora_portal.operations.health import readiness


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; a supervisor restarts it when it does not. Asks nothing of the database."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Whether requests may be sent here: 200, or 503 with what is wrong."""
    problems = readiness.problems()
    return JsonResponse({"ready": not problems, "problems": problems}, status=503 if problems else 200)


class Probes:
    """Middleware: answers /healthz and /readyz whatever their Host header says and without a redirect to https.

    They come from inside, by the machine's address and over plain http.
    """

    PATHS = {"/healthz": healthz, "/readyz": readyz}

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.PATHS.get(request.path_info, self.get_response)(request)
