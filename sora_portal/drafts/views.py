"""The one address that takes what is being typed."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from sora_portal import clock
from sora_portal.accounts.models import User
from sora_portal.drafts import actions, form_fields
from sora_portal.web.text import clean

# What belongs to one showing of a form, and not to what somebody typed.
NOT_KEPT = {"csrfmiddlewaretoken", "draft", "key", "quoted", "submit_key"}


@csrf_exempt  # the address itself is the secret, and it must take what is typed after the session has ended
@require_POST
def keep(request: HttpRequest, token: str) -> HttpResponse:
    """Keep the fields of a form for the person to whom it was shown. Answers nothing that was kept."""
    shown = form_fields.read(token)
    if shown is None or not User.objects.filter(pk=shown.person, is_active=True).exists():
        return HttpResponse("unknown\n", status=404, content_type="text/plain")
    values = {clean(name): clean(str(value)) for name, value in request.POST.items() if name not in NOT_KEPT}
    if sum(len(name) + len(value) for name, value in values.items()) > actions.LARGEST:
        return HttpResponse("too large\n", status=413, content_type="text/plain")
    actions.keep(shown=shown, values=values, now=clock.now())
    return HttpResponse(status=204)
