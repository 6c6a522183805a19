"""Characters from the side of the videos: where one is used, and making one of a finished video."""

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
from sora_portal.errors import Refused
from sora_portal.generations.characters import source as characters_source
from sora_portal.generations.models import Generation
from sora_portal.generations.presentation import row_view
from sora_portal.references.forms import ConsentForm
from sora_portal.references.models import Character
from sora_portal.web.forms import focus_first_mistake

SHOWN = 50


@login_required
@require_GET
def character_videos(request: Request, public_id: str) -> HttpResponse:
    """The videos that a character appears in, newest first, and the one that it was made of, if one may see them."""
    character = get_object_or_404(Character.objects.visible_to(request.user), public_id=public_id)
    visible = Generation.objects.visible_to(request.user)
    rows = visible.for_rows().filter(uses__character=character)[:SHOWN]
    context = {
        "character": character,
        "rows": [row_view(row, viewer=request.user) for row in rows],
        "source": visible.filter(public_id=character.from_video).first() if character.from_video else None,
    }
    template = "generations/_character_videos.html" if request.htmx else "generations/character_videos.html"
    return render(request, template, context)


def _card(request: Request, source: characters_source.Source, form: forms.Form, *, status: int = 200) -> HttpResponse:
    """Return the card that makes a character of a video; without htmx, on a page of its own."""
    focus_first_mistake(form)
    template = "generations/_character_offer.html" if request.htmx else "generations/character_offer.html"
    return render(request, template, {"source": source, "form": form}, status=status)


def _source(request: Request, public_id: str) -> characters_source.Source:
    """Return the finished video that the person wants a character of."""
    rows = Generation.objects.visible_to(request.user).select_related("model__connection", "project")
    return characters_source.source_of(get_object_or_404(rows, public_id=public_id))


@login_required
@require_GET
def character_offer(request: Request, public_id: str) -> HttpResponse:
    """What a finished video offers to the register: a form, or the character that it is; nothing where neither is."""
    source = _source(request, public_id)
    if not source.possible:
        return HttpResponse("") if request.htmx else redirect("outputs:video", public_id)
    initial = {"name": source.name, "projects": [source.generation.project]}
    return _card(request, source, ConsentForm(user=request.user, initial=initial))


@login_required
@require_POST
def character_add(request: Request, public_id: str) -> HttpResponse:
    """Put a finished video into the register: 422 with the text kept, or the new character's page."""
    source = _source(request, public_id)
    form = ConsentForm(request.POST, user=request.user)
    if not form.is_valid():
        return _card(request, source, form, status=422)
    data = form.cleaned_data
    try:
        character = characters_source.add_from_video(
            by=request.user,
            generation=source.generation,
            name=data["name"],
            projects=data.get("projects", ()),
            consent=data["consent"],
            now=clock.now(),
        )
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return _card(request, _source(request, public_id), form, status=refusal.status)
    messages.success(request, f"{character.name} is in the register")
    url = reverse("references:character", args=[character.public_id])
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)
