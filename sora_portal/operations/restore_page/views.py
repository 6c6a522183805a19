"""After a restore: what does not fit, what the send journal knows, and the one decision that ends safe mode."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from sora_portal import clock
from sora_portal.accounts.http import Request
from sora_portal.accounts.policies import require_admin
from sora_portal.errors import Refused
from sora_portal.generations.restored import differences, status_queries
from sora_portal.generations.restored import release as restored_release
from sora_portal.installation import safe_mode
from sora_portal.installation.models import Installation
from sora_portal.operations.restore_page import presentation
from sora_portal.operations.restore_page.forms import COPY, END, RESTORED, SEND, DecisionForm

ASKED_FOR = 3600


@login_required
@require_GET
def after_restore(request: Request) -> HttpResponse:
    """What this installation is, and what waits for a decision."""
    require_admin(request.user)
    return _page(request, None)


@login_required
@require_POST
def ask_vendors(request: Request) -> HttpResponse:
    """Ask the vendors after the tasks that only the journal knows, and show the answers."""
    require_admin(request.user)
    answers = status_queries.ask(differences.entries(Installation.objects.filter(pk=1).first()))
    cache.set(presentation.ASKED_KEY, answers, ASKED_FOR)
    return redirect("operations:after_restore")


@login_required
@require_POST
def release(request: Request) -> HttpResponse:
    """End safe mode by a decision."""
    require_admin(request.user)
    form = DecisionForm(request.POST, by=request.user)
    if not form.is_valid():
        return _page(request, form, status=422)
    if safe_mode.on() is None:
        raise Refused("The portal is not in safe mode any more, so there is nothing to decide.")
    now = clock.now()
    if form.cleaned_data["what"] == COPY:
        done = restored_release.copied(by=request.user, now=now)
    else:
        done = restored_release.restored(by=request.user, send_rest=form.cleaned_data["waiting"] == SEND, now=now)
    messages.success(request, done.text)
    return redirect("operations:after_restore")


def _page(request: Request, form: DecisionForm | None, status: int = 200) -> HttpResponse:
    found = presentation.findings()
    initial = {"what": RESTORED, "waiting": SEND if found.vouches else END}
    context = {"found": found, "form": form or DecisionForm(initial=initial, by=request.user)}
    return render(request, "operations/after_restore.html", context, status=status)
