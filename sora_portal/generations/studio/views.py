"""The studio: composer and list, and the endpoints that keep them current."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import ptag

from sora_portal import clock
from sora_portal.accounts.http import Request
from sora_portal.catalog.spec.domain import InvalidChoices
from sora_portal.drafts import actions as drafts
from sora_portal.drafts.form_fields import sent_from
from sora_portal.errors import Refused
from sora_portal.generations import actions, queries
from sora_portal.generations.feed import counter
from sora_portal.generations.feed.middleware import PATH, feed_token
from sora_portal.generations.models import Generation
from sora_portal.generations.presentation import RowView, row_view
from sora_portal.generations.studio import composer
from sora_portal.generations.studio.banners import banners
from sora_portal.generations.studio.context import connections, means
from sora_portal.generations.studio.forms import ComposeForm, new_submit_key
from sora_portal.generations.studio.quote import Quote, quote
from sora_portal.ledger import forecast
from sora_portal.ledger.errors import OverBudget
from sora_portal.ledger.pages.forms import AskForm
from sora_portal.references.composer import with_files
from sora_portal.web.http import with_toast
from sora_portal.web.query_parameters import number

STUDIO = "generations/studio.html"
CANCELLED = "Cancelled; the credits are back"
TOO_LATE = "The vendor already has it, so it will be finished and kept"
EXAMPLES = (
    "Golden retriever running through a sunlit meadow, slow motion, shallow depth of field",
    "Ocean waves crashing against rocky cliffs at sunset, aerial drone, golden hour",
    "Neon city street after rain, handheld tracking shot, reflections rippling",
)


@login_required
@require_GET
def studio(request: Request) -> HttpResponse:
    """The page people live on."""
    form, kept = composer.composer(request.user, clock.now(), again=request.GET.get("from", ""))
    context = {"form": form, "quote": price_line(request, form), "kept": kept, **_list(request)}
    return render(request, STUDIO, context)


def _list(request: Request) -> dict[str, Any]:
    """Return what the list and the rail show."""
    wanted = request.GET.get("show", "")
    before = request.GET.get("before", "")
    projects = queries.audience_of(request.user)
    # The tag is read before the rows: a change in between is then shown twice, never missed.
    cursor = counter.cursor(projects)
    rows, following = queries.page(request.user, wanted=wanted, before=number(before))
    here = reverse("generations:studio")
    return {
        "rows": [row_view(row, viewer=request.user) for row in rows],
        "cursor": cursor,
        "feed_url": f"{PATH}?feed={feed_token(projects)}",
        "filters": [
            {"label": label, "url": f"{here}?show={key}" if key else here, "current": key == wanted}
            for key, (label, _) in queries.filters_for(request.user).items()
        ],
        "next_page_url": f"{here}?show={wanted}&before={following}" if following else "",
        **_money(request),
        "examples": EXAMPLES if not wanted else (),
        "notices": banners(request.user, projects, connections(request)),
    }


def _money(request: Request) -> dict[str, Any]:
    """Return what the page says about budgets: what is left of each, and the alerts that nobody has put away."""
    return {"budgets": means(request).budgets, "alerts": forecast.alerts_for(request.user, clock.now())}


def price_line(request: Request, form: ComposeForm) -> Quote | None:
    """Return the price line for what the form says now; None while no model is on offer."""
    if form.video_model is None:
        return None
    return quote(
        user=request.user,
        project=form.chosen_project,
        model=form.video_model,
        choices=form.priced_choices(),
        now=clock.now(),
    )


@login_required
@require_GET
def compose(request: Request) -> HttpResponse:
    """The composer again, for another model: it keeps what the new model can do as well."""
    typed = {key: value for key, value in request.GET.items() if key != "quoted"}
    form = ComposeForm(initial={"submit_key": new_submit_key(), **typed}, user=request.user)
    return render(request, f"{STUDIO}#composer", {"form": form, "quote": price_line(request, form)})


@login_required
@require_GET
def price(request: Request) -> HttpResponse:
    """The price line, after a change of settings."""
    form = ComposeForm(request.GET, user=request.user)
    return render(request, f"{STUDIO}#quote", {"quote": price_line(request, form)})


@login_required
@require_POST
def submit(request: Request) -> HttpResponse:
    """Take a prompt: 422 with the text kept, 409 with the refusal, or the new row on top of the list."""
    posted, bad_files = with_files(request, by=request.user)
    form = ComposeForm(posted, user=request.user, bad_files=bad_files, place=composer.place_of(request))
    if not form.is_valid():
        return form_again(request, form, status=422)
    data = form.cleaned_data
    try:
        submitted = actions.submit(
            by=request.user,
            project=data["project"],
            model=data["model"],
            prompt=data["prompt"],
            choices=data["choices"],
            submit_key=data["submit_key"] or new_submit_key(),
            quoted_milli=data["quoted"],
            now=clock.now(),
        )
    except InvalidChoices as problem:
        # It was possible when the form was read, a moment ago: somebody has retired a character since.
        form.complain(problem.errors)
        return form_again(request, form, status=422)
    except Refused as refusal:
        if isinstance(refusal, actions.KeyUsed):
            form.renew_key()
        form.add_error(None, str(refusal))
        lacks = refusal.missing if isinstance(refusal, OverBudget) and not request.user.is_portal_admin else None
        ask_form = AskForm(initial={"amount": lacks}) if lacks else None
        return form_again(request, form, status=refusal.status, ask_form=ask_form)
    drafts.done(shown=sent_from(request), now=clock.now())
    return _submitted(request, submitted)


def form_again(request: Request, form: ComposeForm, *, status: int, ask_form: AskForm | None = None) -> HttpResponse:
    """Return the composer with what was wrong or refused; `ask_form` offers to ask for the budget that it lacks."""
    context: dict[str, Any] = {"form": form, "quote": price_line(request, form), "ask_form": ask_form}
    if request.htmx:
        if status == 422:
            return render(request, f"{STUDIO}#composer", context, status=status)
        # Refused for what somebody else has changed meanwhile, most often a budget: the page has to say so throughout.
        return render(request, f"{STUDIO}#refused", {**context, **_money(request)}, status=status)
    return render(request, STUDIO, {**context, **_list(request)}, status=status)


def _submitted(request: Request, submitted: actions.Submitted) -> HttpResponse:
    if not request.htmx:
        return redirect("generations:studio")
    generation = Generation.objects.for_rows().get(pk=submitted.generation.pk)
    row = row_view(generation, viewer=request.user, cursor=0)
    form = composer.next_composer(request.user, generation)
    context = {"form": form, "quote": price_line(request, form), "row": row, **_money(request)}
    response = render(request, f"{STUDIO}#submitted", context)
    text = f"Queued: {row.cost_text} credits reserved" if submitted.created else "Already submitted; here it is"
    return with_toast(response, text)


@login_required
@require_POST
def cancel(request: Request, public_id: str) -> HttpResponse:
    """Cancel a queued video, or note the wish."""
    generation = get_object_or_404(Generation.objects.visible_to(request.user), public_id=public_id)
    cancelled = actions.cancel(by=request.user, generation=generation, now=clock.now())
    if not request.htmx:
        return redirect("generations:studio")
    fresh = Generation.objects.for_rows().get(pk=generation.pk)
    changed: list[RowView] = [row_view(fresh, viewer=request.user)]
    response = render(request, f"{STUDIO}#feed", {"changed": changed, **_money(request)})
    return with_toast(response, CANCELLED if cancelled else TOO_LATE)


def _tag(request: HttpRequest) -> str:
    return counter.cursor(queries.audience_of(request.user)) if request.user.is_authenticated else ""


@login_required
@require_GET
@ptag(_tag)
def changes(request: Request) -> HttpResponse:
    """What changed since the page's tag: those rows and the budget, nothing else; 304 when nothing did."""
    seen = request.headers.get("HX-PTag", "")
    cursor = number(seen)
    rows, tag = queries.changed_since(request.user, cursor=cursor)
    # Oldest first: each new row goes on top of the one before it.
    changed = [row_view(row, viewer=request.user, cursor=cursor) for row in rows]
    response = render(request, f"{STUDIO}#feed", {"changed": changed, **_money(request)})
    if tag:
        response["HX-PTag"] = tag
    return response
