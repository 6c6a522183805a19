"""The library, one video's page, and the files themselves."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_safe
from django_htmx.http import HttpResponseClientRefresh, ptag, reswap

from sora_portal import clock
from sora_portal.accounts.http import Request
from sora_portal.generations.domain import State
from sora_portal.generations.models import Generation
from sora_portal.generations.presentation import row_view
from sora_portal.outputs import queries
from sora_portal.outputs.media import integrity, serving, storage
from sora_portal.outputs.models import Output
from sora_portal.outputs.presentation import file_name, video_view

VIDEO = "outputs/video.html"


@login_required
@require_GET
def library(request: Request) -> HttpResponse:
    """Every video that the person may see, a page at a time."""
    wish = queries.Wish.read(request.GET)
    rows, following = queries.library(request.user, wish)
    projects = queries.projects_of(request.user)
    context = {
        "rows": [row_view(row, viewer=request.user) for row in rows],
        "wish": wish,
        "clear_url": reverse("outputs:library"),
        "clear_words_url": wish.address(words=""),
        "states": [
            {"label": label, "url": wish.address(show=key), "current": key == wish.show}
            for key, (label, _) in queries.SHOWN.items()
        ],
        "people": [
            {"label": "Everybody's", "url": wish.address(mine=False), "current": not wish.mine},
            {"label": "Mine", "url": wish.address(mine=True), "current": wish.mine},
        ],
        "projects": [{"label": "All projects", "url": wish.address(project=""), "current": not wish.project}]
        + [
            {"label": project.name, "url": wish.address(project=project.slug), "current": project.slug == wish.project}
            for project in projects
        ]
        if len(projects) > 1
        else [],
        "older_url": wish.address(before=following) if following else "",
        "newest_url": wish.address() if wish.before else "",
    }
    return render(request, "outputs/library.html", context)


@login_required
@require_GET
def video(request: Request, public_id: str) -> HttpResponse:
    """One video: player, story, settings, file, origin."""
    generation = get_object_or_404(queries.with_history(request.user), public_id=public_id)
    context = {
        "v": video_view(generation, viewer=request.user),
        "tag": generation.changed,
        "page_address": request.build_absolute_uri(request.path),
    }
    return render(request, VIDEO, context)


def _tag(request: HttpRequest, public_id: str) -> str | None:
    rows = Generation.objects.visible_to(request.user)  # type: ignore[arg-type]  # behind login_required
    changed = rows.filter(public_id=public_id).values_list("changed", flat=True).first()
    return None if changed is None else str(changed)


@login_required
@require_GET
@ptag(_tag)
def state(request: Request, public_id: str) -> HttpResponse:
    """The moving part of a video's page; 304 when nothing moved. A finished video reloads the page, player and all."""
    generation = get_object_or_404(queries.with_history(request.user), public_id=public_id)
    if generation.state == State.SUCCEEDED:
        return HttpResponseClientRefresh()
    context = {"v": video_view(generation, viewer=request.user), "tag": generation.changed}
    if generation.is_live:
        return render(request, f"{VIDEO}#state_news", context)
    # The element that asks goes, and the asking with it.
    return reswap(render(request, f"{VIDEO}#ended_news", context), "outerHTML")


def _output(request: Request, public_id: str) -> Output:
    rows = Output.objects.visible_to(request.user).select_related("generation")
    return get_object_or_404(rows, generation__public_id=public_id)


@login_required
@require_safe
def file(request: Request, public_id: str) -> HttpResponseBase:
    """The video itself, in ranges when asked; `?download=1` makes the browser save it."""
    output = _output(request, public_id)
    integrity.require_whole(output, clock.now())
    name = file_name(output.generation.prompt, public_id, output.mime)
    path = storage.video_path(output.sha256, output.mime)
    return serving.respond(request, path, mime=output.mime, etag=output.sha256, name=name)


@login_required
@require_safe
def preview(request: Request, public_id: str) -> HttpResponseBase:
    """What every browser plays in place of a video that not every one does; 404 for the others."""
    output = _output(request, public_id)
    if not output.has_preview:
        raise Http404
    integrity.require_whole(output, clock.now())
    path = storage.preview_path(output.sha256)
    return serving.respond(request, path, mime="video/mp4", etag=f"{output.sha256}-preview", name="preview.mp4")


@login_required
@require_safe
def poster(request: Request, public_id: str) -> HttpResponseBase:
    """The still picture that stands for the video."""
    output = _output(request, public_id)
    path = storage.poster_path(output.sha256)
    return serving.respond(request, path, mime="image/webp", etag=f"{output.sha256}-poster", name="poster.webp")
