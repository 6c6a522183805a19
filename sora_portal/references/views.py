"""Pictures, in and out, and the register of characters."""

from pathlib import Path

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from sora_portal import clock
from sora_portal.accounts.http import Request
from sora_portal.projects.models import Project
from sora_portal.references import actions, links, queries, storage
from sora_portal.references.decoding import Busy
from sora_portal.references.forms import ClipForm, NameForm
from sora_portal.references.models import Character, ReferenceImage
from sora_portal.references.pictures import NotAPicture, too_large
from sora_portal.web import uploads
from sora_portal.web.forms import focus_first_mistake

REGISTER = "references/characters.html"
CHARACTER = "references/character.html"
FIELD = "picture"


@login_required
@require_POST
def upload(request: Request) -> HttpResponse:
    """Take one picture (the field `picture`): 201 with how to name and show it, 422 with a sentence, or 429.

    429 asks to come again in a moment: another picture of this person, or too many of others, are being read.
    """
    file = request.FILES.get(FIELD)
    try:
        if uploads.too_large(request, FIELD):
            raise NotAPicture(too_large())
        if file is None:
            raise NotAPicture("Choose a JPG, PNG or WebP picture.")
        image = actions.upload(by=request.user, file=file, now=clock.now())
    except NotAPicture as problem:
        return JsonResponse({"error": str(problem)}, status=problem.status)
    except actions.NoPlace as missing:
        return JsonResponse({"error": str(missing)}, status=missing.status)
    except Busy as busy:
        return JsonResponse({"error": str(busy)}, status=busy.status, headers={"Retry-After": str(busy.retry_after)})
    answer = {
        "choice": image.choice,
        "thumb": reverse("references:thumb", args=[image.public_id]),
        "text": f"{image.width} × {image.height}",
    }
    return JsonResponse(answer, status=201)


def _file(path: Path, *, cache: str) -> FileResponse:
    """Return a stored JPEG; raises Http404 when its file is not there."""
    try:
        response = FileResponse(path.open("rb"), content_type="image/jpeg")
    except FileNotFoundError as error:
        raise Http404 from error
    response["Content-Disposition"] = 'inline; filename="picture.jpg"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = cache
    return response


@login_required
@require_safe
def picture(request: Request, public_id: str) -> HttpResponseBase:
    """A picture, for those who may use it."""
    image = get_object_or_404(ReferenceImage.objects.visible_to(request.user), public_id=public_id)
    return _file(storage.picture_path(image.public_id), cache="private, no-store")


@login_required
@require_safe
def thumb(request: Request, public_id: str) -> HttpResponseBase:
    """The small copy of a picture, for those who may use it."""
    image = get_object_or_404(ReferenceImage.objects.visible_to(request.user), public_id=public_id)
    return _file(storage.thumb_path(image.public_id), cache="private, no-store")


@require_safe
def public(request: HttpRequest, token: str) -> HttpResponseBase:
    """A picture for the vendor that was given this address, until its time is over. No sign-in, no cookie.

    A token that is not ours costs no query, and every refusal looks the same.
    """
    public_id = links.read(token, clock.now())
    if public_id and ReferenceImage.objects.filter(public_id=public_id).exists():
        try:
            response = _file(storage.picture_path(public_id), cache="private, no-store")
        except Http404:
            pass
        else:
            response["X-Robots-Tag"] = "noindex"
            return response
    return HttpResponse("not found\n", status=404, content_type="text/plain")


def _register(request: Request, form: Form, *, status: int = 200) -> HttpResponse:
    """Return the register with `form` beside it."""
    focus_first_mistake(form)
    rows = [queries.character_view(row, viewer=request.user) for row in queries.register(request.user)]
    template = f"{REGISTER}#page" if request.htmx else REGISTER
    return render(request, template, {"characters": rows, "form": form}, status=status)


@login_required
@require_GET
def characters(request: Request) -> HttpResponse:
    """The register: every character that the person may use, and a form for one more."""
    projects = list(Project.objects.visible_to(request.user).open()[:2])
    # With one project there is nothing to choose; with more, sharing is a decision.
    shared = projects if len(projects) == 1 else []
    return _register(request, ClipForm(user=request.user, initial={"projects": shared, "start": 0, "end": 3}))


@login_required
@require_POST
def add(request: Request) -> HttpResponse:
    """Add a character from a clip: 422 with the text kept, or its page."""
    form = ClipForm(request.POST, user=request.user)
    if not form.is_valid():
        return _register(request, form, status=422)
    data = form.cleaned_data
    character = actions.add_clip(
        by=request.user,
        name=data["name"],
        projects=data.get("projects", ()),
        clip_url=data["clip_url"],
        start=data["start"],
        end=data["end"],
        consent=data["consent"],
        now=clock.now(),
    )
    return _done(request, character, f"{character.name} is in the register")


def _done(request: Request, character: Character, text: str) -> HttpResponse:
    """Return to the character's page with a word about what was done."""
    messages.success(request, text)
    url = reverse("references:character", args=[character.public_id])
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def _character(request: Request, public_id: str) -> Character:
    """Return the character that the person wants to see or change."""
    rows = Character.objects.visible_to(request.user)
    rows = rows.select_related("owner", "connection", "consent_by", "retired_by").prefetch_related("projects")
    return get_object_or_404(rows, public_id=public_id)


def _page(request: Request, character: Character, form: NameForm, *, status: int = 200) -> HttpResponse:
    focus_first_mistake(form)
    view = queries.character_view(character, viewer=request.user)
    context = {"character": character, "c": view, "form": form}
    return render(request, f"{CHARACTER}#page" if request.htmx else CHARACTER, context, status=status)


@login_required
@require_GET
def character(request: Request, public_id: str) -> HttpResponse:
    """One character: where it is from, who stands for it, who may use it, and where it is used."""
    row = _character(request, public_id)
    return _page(request, row, NameForm(user=request.user, character=row))


@login_required
@require_POST
def change(request: Request, public_id: str) -> HttpResponse:
    """Rename a character, or share it with other projects."""
    row = _character(request, public_id)
    form = NameForm(request.POST, user=request.user, character=row)
    if not form.is_valid():
        return _page(request, row, form, status=422)
    data = form.cleaned_data
    actions.change_character(by=request.user, character=row, name=data["name"], projects=data.get("projects", ()))
    return _done(request, row, "Saved")


@login_required
@require_POST
def retire(request: Request, public_id: str) -> HttpResponse:
    """Take a character out of use, or back into it (`retired` is "on" or empty)."""
    row = _character(request, public_id)
    retired = request.POST.get("retired") == "on"
    actions.set_retired(by=request.user, character=row, retired=retired, now=clock.now())
    return _done(request, row, f"{row.name} is retired" if retired else f"{row.name} can be used again")
