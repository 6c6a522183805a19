"""The decision about the videos that wait for a model or vendor that takes none any more. Admins only."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from sora_portal import clock
from sora_portal.accounts.http import Request
from sora_portal.accounts.policies import require_admin
from sora_portal.catalog import queries
from sora_portal.catalog.models import Connection, VideoModel
from sora_portal.errors import Refused
from sora_portal.generations.reassignment import actions
from sora_portal.generations.reassignment.actions import Preview, Reassigned, Target, Unmovable
from sora_portal.generations.reassignment.forms import MoveForm, ReleaseForm
from sora_portal.web.words import credits_text


@login_required
@require_http_methods(["GET", "POST"])
def of_model(request: Request, slug: str) -> HttpResponse:
    """What waits for one model."""
    require_admin(request.user)
    rows = VideoModel.objects.select_related("connection", "successor")
    model = get_object_or_404(rows, slug=slug)
    return _decide(request, Target(model.connection, model))


@login_required
@require_http_methods(["GET", "POST"])
def of_connection(request: Request, slug: str) -> HttpResponse:
    """What waits for any model of a connection."""
    require_admin(request.user)
    return _decide(request, Target(get_object_or_404(Connection, slug=slug)))


def _decide(request: Request, place: Target) -> HttpResponse:
    """Show what the two decisions would come to, or carry one out."""
    moving = MoveForm(request.GET or None, place=place, others=queries.successors())
    releasing = ReleaseForm()
    if request.method == "GET":
        return _page(request, place, moving, releasing)
    wrong: forms.Form
    try:
        if request.POST.get("way") == "move":
            wrong = moving = MoveForm(request.POST, place=place, others=queries.successors())
            if moving.is_valid():
                onto = moving.cleaned_data["onto"]
                tally = _moved(request, place, onto, Unmovable(moving.cleaned_data["leftover"]))
                return _done(request, place, tally, f"moved to {onto.label}")
        else:
            wrong = releasing = ReleaseForm(request.POST)
            if releasing.is_valid():
                return _done(request, place, _released(request, place, releasing.cleaned_data["reason"]), "")
    except Refused as refusal:
        wrong.add_error(None, str(refusal))
        return _page(request, place, moving, releasing, status=refusal.status)
    return _page(request, place, moving, releasing, status=422)


def _moved(request: Request, place: Target, onto: VideoModel, leftover: Unmovable) -> Reassigned:
    return actions.move_all(by=request.user, place=place, onto=onto, leftover=leftover, now=clock.now())


def _released(request: Request, place: Target, reason: str) -> Reassigned:
    return actions.release_all(by=request.user, place=place, reason=reason, now=clock.now())


def _page(
    request: Request, place: Target, moving: MoveForm, releasing: ReleaseForm, *, status: int = 200
) -> HttpResponse:
    onto = moving.chosen
    context: dict[str, Any] = {
        "place": place,
        "move_form": moving,
        "release_form": releasing,
        "onto": onto,
        "preview": _previewed(request, place, onto) if onto else None,
        **_waiting(place),
    }
    return render(request, "generations/waiting.html", context, status=status)


def _waiting(place: Target) -> dict[str, Any]:
    amounts = list(place.waiting().values_list("price_milli", flat=True))
    return {"count": len(amounts), "reserved": credits_text(sum(amounts))}


def _previewed(request: Request, place: Target, onto: VideoModel) -> dict[str, Any]:
    seen: Preview = actions.preview(by=request.user, place=place, onto=onto, now=clock.now())
    return {
        "seen": seen,
        "before": credits_text(seen.before),
        "after": credits_text(seen.after),
        "staying": seen.looked_at - seen.moving,
    }


def _done(request: Request, place: Target, tally: Reassigned, where: str) -> HttpResponse:
    """Say what the decision came to; what was not reached in time waits for another press of the button."""
    parts = [f"{tally.moved} {where}"] if where else []
    if tally.released or not where:
        parts.append(f"{tally.released} released")
    text = f"{place.label}: {', '.join(parts)}"
    if tally.stayed:
        text += f"; {tally.stayed} cannot be moved and still {'waits' if tally.stayed == 1 else 'wait'}"
    unreached = tally.left - tally.stayed
    if not tally.left:
        messages.success(request, f"{text}; nothing waits any more")
        return redirect("board:show")
    if unreached > 0:
        text += f"; {unreached} still wait. Press the button again to go on"
    messages.success(request, text)
    return redirect(request.get_full_path())
