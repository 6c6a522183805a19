"""Where vendors report what has become of a task."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from sora_portal import clock
from sora_portal.generations.callbacks import inbox
from sora_portal.web import bodies


@csrf_exempt
@require_POST
def callback(request: HttpRequest, token: str) -> HttpResponse:
    """A vendor's callback: kept in milliseconds, read later, believed never."""
    try:
        body = bodies.read(request, limit=inbox.BODY_LIMIT)
    except bodies.NotReadable as refusal:
        return HttpResponse(f"{refusal}\n", status=refusal.status, content_type="text/plain")
    known = inbox.receive(token=token, body=body, now=clock.now())
    return HttpResponse("ok\n" if known else "unknown\n", status=200 if known else 404, content_type="text/plain")
