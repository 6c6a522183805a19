"""The card "Decide" of a video in doubt, and what its forms do. Admins only."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect

from sora_portal import clock
from sora_portal.accounts.http import Request
from sora_portal.accounts.policies import require_admin
from sora_portal.errors import Refused
from sora_portal.generations.domain import IN_DOUBT, State
from sora_portal.generations.models import Generation
from sora_portal.generations.resolution import actions
from sora_portal.generations.resolution.actions import Resolution
from sora_portal.generations.resolution.diagnosis import diagnose
from sora_portal.generations.resolution.forms import AddressForm, TaskIdForm, WriteOffForm
from sora_portal.web.words import credits_text

AGAIN = {
    Resolution.DOWNLOAD: (actions.try_download, "The download is tried again"),
    Resolution.WATCH: (actions.keep_watching, "The portal watches it again"),
    Resolution.QUEUE: (actions.put_back, "Back in the queue"),
}
FOUND = "The vendor knows this task; the video goes on"
FOUND_FAILED = "The vendor knows this task and says that it failed; the credits are back"


def generation_of(request: Request, public_id: str) -> Generation:
    """Return the video that an admin wants to decide about."""
    rows = Generation.objects.visible_to(request.user).select_related("hold", "connection")
    generation = get_object_or_404(rows, public_id=public_id)
    require_admin(request.user)
    return generation


def card(
    request: Request, generation: Generation, wrong: forms.Form | None = None, *, status: int = 200, trouble: str = ""
) -> HttpResponse:
    """Return the card as things are now, with the `wrong` form as it was sent; without htmx, on a page of its own."""
    generation = generation_of(request, generation.public_id)
    if wrong is not None and wrong.errors:
        wrong.fields[next(iter(wrong.errors))].widget.attrs["autofocus"] = True
    context: dict[str, Any] = {
        "generation": generation,
        "doubt": diagnose(generation) if generation.state in IN_DOUBT else None,
        "trouble": trouble,
        "write_off_form": wrong if isinstance(wrong, WriteOffForm) else WriteOffForm(auto_id="decide_%s"),
        "address_form": wrong if isinstance(wrong, AddressForm) else AddressForm(auto_id="decide_%s"),
        "task_form": wrong if isinstance(wrong, TaskIdForm) else TaskIdForm(auto_id="decide_%s"),
    }
    template = "generations/_decide.html" if request.htmx else "generations/decide.html"
    return render(request, template, context, status=status)


def refused(request: Request, generation: Generation, refusal: Refused, form: forms.Form | None = None) -> HttpResponse:
    """Return the card with a refusal: beside the field when typing something else would help, on top otherwise."""
    if form is None or isinstance(refusal, actions.Overtaken | actions.NotPossible):
        return card(request, generation, form, status=refusal.status, trouble=str(refusal))
    form.add_error(next(iter(form.fields)), str(refusal))
    return card(request, generation, form, status=refusal.status)


def done(request: Request, generation: Generation, text: str) -> HttpResponse:
    """Return to the video's page with a word about what was done."""
    messages.success(request, text)
    url = reverse("outputs:video", args=[generation.public_id])
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


@login_required
@require_GET
def decide(request: Request, public_id: str) -> HttpResponse:
    """What is known of a video in doubt, and what can be done; nothing for a video that is not in doubt."""
    generation = generation_of(request, public_id)
    if generation.state not in IN_DOUBT:
        return HttpResponse("") if request.htmx else redirect("outputs:video", public_id)
    return card(request, generation)


@login_required
@require_POST
def write_off(request: Request, public_id: str) -> HttpResponse:
    """Give the video up and return its credits: 422 with the text kept, 409 when somebody else was faster."""
    generation = generation_of(request, public_id)
    form = WriteOffForm(request.POST, auto_id="decide_%s")
    if not form.is_valid():
        return card(request, generation, form, status=422)
    reason = form.cleaned_data["reason"]
    try:
        actions.write_off(by=request.user, generation=generation, reason=reason, now=clock.now())
    except Refused as refusal:
        return refused(request, generation, refusal, form)
    return done(request, generation, f"Written off; {credits_text(generation.hold.amount)} credits are back")


@login_required
@require_POST
def task_id(request: Request, public_id: str) -> HttpResponse:
    """Bind the task that an admin found at the vendor, if the vendor confirms it."""
    generation = generation_of(request, public_id)
    form = TaskIdForm(request.POST, auto_id="decide_%s")
    if not form.is_valid():
        return card(request, generation, form, status=422)
    try:
        led_to = actions.enter_task_id(by=request.user, generation=generation, task_id=form.cleaned_data["task_id"])
    except Refused as refusal:
        return refused(request, generation, refusal, form)
    return done(request, generation, FOUND_FAILED if led_to is State.FAILED else FOUND)


@login_required
@require_POST
def again(request: Request, public_id: str) -> HttpResponse:
    """Let the video go on in the way that the card offered: download, watch or queue."""
    generation = generation_of(request, public_id)
    wanted = request.POST.get("way", "")
    if wanted not in set(Resolution):
        return card(request, generation, status=422, trouble="Choose one of the decisions.")
    act, word = AGAIN[Resolution(wanted)]
    try:
        act(by=request.user, generation=generation, now=clock.now())
    except Refused as refusal:
        return refused(request, generation, refusal)
    return done(request, generation, word)
