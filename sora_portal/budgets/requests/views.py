"""Asking for budget from the composer, one's own requests, and the admins' page of all."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from sora_portal import clock
from sora_portal.accounts.http import Request
from sora_portal.accounts.policies import require_admin
from sora_portal.budgets.models import Ask
from sora_portal.budgets.requests import actions
from sora_portal.budgets.requests.forms import AnswerForm, DeclineForm
from sora_portal.budgets.requests.presentation import kept, request_view
from sora_portal.drafts import actions as drafts
from sora_portal.drafts.form_fields import sent_from
from sora_portal.errors import Refused
from sora_portal.generations import actions as generations
from sora_portal.generations import admission
from sora_portal.generations.models import Generation
from sora_portal.generations.studio import composer
from sora_portal.generations.studio.forms import ComposeForm, new_submit_key
from sora_portal.generations.studio.views import form_again, price_line
from sora_portal.ledger import posting
from sora_portal.ledger import spending as credits
from sora_portal.ledger.pages.forms import AskForm
from sora_portal.references.composer import with_files
from sora_portal.web.http import with_toast
from sora_portal.web.query_parameters import number

REQUESTS = "budgets/requests.html"
ANSWERED = 20
AnyForm = TypeVar("AnyForm", bound=forms.Form)
ASKED = "Asked. The video is kept and goes out by itself when an admin grants the credits."


@login_required
@require_POST
def ask(request: Request) -> HttpResponse:
    """Keep the video that the composer holds and ask the admins for the credits that it lacks."""
    posted, bad_files = with_files(request, by=request.user)
    form = ComposeForm(posted, user=request.user, bad_files=bad_files, place=composer.place_of(request))
    ask_form = AskForm(request.POST)
    if not (form.is_valid() & ask_form.is_valid()):
        return form_again(request, form, status=422, ask_form=ask_form)
    data = form.cleaned_data
    try:
        actions.request_budget(
            by=request.user,
            project=data["project"],
            model=data["model"],
            prompt=data["prompt"],
            choices=data["choices"],
            submit_key=data["submit_key"] or new_submit_key(),
            now=clock.now(),
            **ask_form.cleaned_data,
        )
    except Refused as refusal:
        if isinstance(refusal, generations.KeyUsed):
            form.renew_key()
            return form_again(request, _with(form, str(refusal)), status=refusal.status, ask_form=ask_form)
        return form_again(request, _with(form, str(refusal)), status=refusal.status)
    drafts.done(shown=sent_from(request), now=clock.now())
    if not request.htmx:
        messages.success(request, ASKED)
        return redirect("generations:studio")
    fresh = {**data["choices"], "model": data["model"].pk, "project": data["project"].pk}
    form = ComposeForm(initial={**fresh, "submit_key": new_submit_key()}, user=request.user)
    context = {"form": form, "quote": price_line(request, form), **_kept(request)}
    return with_toast(render(request, "budgets/asked.html", context), ASKED)


def _with(form: ComposeForm, refusal: str) -> ComposeForm:
    form.add_error(None, refusal)
    return form


def _kept(request: Request) -> dict[str, object]:
    """Return the videos that wait for an answer about their budget, or have one that nobody has put away."""
    now = clock.now()
    rows = Ask.objects.for_pages().filter(author=request.user).exclude(state__in=["submitted", "withdrawn"])
    cards = [kept(row, now) for row in rows[:10]]
    return {"kept": cards, "any_waiting": any(card.waiting for card in cards)}


@login_required
@require_GET
def mine(request: Request) -> HttpResponse:
    """The studio's card of videos that wait for budget; empty when none does."""
    return render(request, "budgets/mine.html", _kept(request))


@login_required
@require_POST
def withdraw(request: Request, pk: int) -> HttpResponse:
    """Take a request back, or put its answer away."""
    row = get_object_or_404(Ask.objects.filter(author=request.user), pk=pk)
    actions.withdraw(by=request.user, ask=row)
    return _mine_again(request, "Put away")


@login_required
@require_POST
def resume(request: Request, pk: int) -> HttpResponse:
    """Submit the kept video after all, at the price on the button."""
    row = get_object_or_404(Ask.objects.filter(author=request.user), pk=pk)
    quoted = number(request.POST.get("quoted", ""))
    row = actions.resume(by=request.user, ask=row, quoted=quoted, now=clock.now())
    return _mine_again(request, "Queued")


def _mine_again(request: Request, text: str) -> HttpResponse:
    if not request.htmx:
        return redirect("generations:studio")
    events = {"generations-changed": ""}
    return with_toast(render(request, "budgets/mine.html", _kept(request)), text, **events)


@login_required
@require_GET
def requests(request: Request) -> HttpResponse:
    """Who asks for budget, with the answers at hand; below them the newest that were answered."""
    require_admin(request.user)
    return _page(request)


@login_required
@require_POST
def grant(request: Request, pk: int) -> HttpResponse:
    """Give what was asked for: once, until a day, or for good."""

    def act(row: Ask, form: AnswerForm) -> str:
        row = actions.grant(by=request.user, ask=row, answer=form.answer(), now=clock.now())
        if row.generation is not None:
            return f"Granted. {row.author.display_name}'s video {_whereabouts(row.generation)}"
        return f"Granted, but the video still waits: {row.trouble}"

    return _answer(request, pk, AnswerForm, act)


def _whereabouts(video: Generation) -> str:
    """Return the rest of a sentence about a video that has just been queued."""
    way = admission.capacity(video.connection, clock.now())
    return "is on its way." if way.free else f"is queued. {way.why}"


@login_required
@require_POST
def decline(request: Request, pk: int) -> HttpResponse:
    """Say no, with a reason."""

    def act(row: Ask, form: DeclineForm) -> str:
        actions.decline(by=request.user, ask=row, now=clock.now(), **form.cleaned_data)
        return f"Declined. {row.author.display_name} reads your reason in the studio."

    return _answer(request, pk, DeclineForm, act)


def _answer(request: Request, pk: int, form_class: type[AnyForm], act: Callable[[Ask, AnyForm], str]) -> HttpResponse:
    """Bind the form, act, and show the page again: with what was wrong, or with what was done."""
    require_admin(request.user)
    row = get_object_or_404(Ask, pk=pk)
    form = form_class(request.POST, auto_id=f"{form_class.__name__.lower()}_{pk}_%s")
    if not form.is_valid():
        return _page(request, status=422, wrong=(pk, form))
    try:
        done = act(row, form)
    except Refused as refusal:
        return _page(request, status=refusal.status, refused=str(refusal))
    if request.htmx:
        return with_toast(_page(request), done)
    messages.success(request, done)
    return redirect("budgets:requests")


def _page(
    request: Request, *, status: int = 200, wrong: tuple[int, forms.Form] | None = None, refused: str = ""
) -> HttpResponse:
    now = clock.now()
    rows = Ask.objects.for_pages()
    cards = []
    for row in rows.open(now):
        bound = wrong[1] if wrong and wrong[0] == row.pk else None
        cards.append(
            {
                "view": request_view(row, credits.budget_of(row.scope, now)),
                "grant": bound if isinstance(bound, AnswerForm) else _answer_form(row),
                "decline": bound if isinstance(bound, DeclineForm) else _decline_form(row),
                "declining": isinstance(bound, DeclineForm),
            }
        )
    context = {"cards": cards, "answered": rows.exclude(decided_at=None)[:ANSWERED], "refused": refused}
    return render(request, f"{REQUESTS}#page" if request.htmx else REQUESTS, context, status=status)


def _answer_form(row: Ask) -> AnswerForm:
    today = posting.today(clock.now())
    initial = {"amount": row.amount, "last": today + timedelta(days=7), "version": row.version}
    return AnswerForm(initial=initial, auto_id=f"answerform_{row.pk}_%s", today=today)


def _decline_form(row: Ask) -> DeclineForm:
    return DeclineForm(initial={"version": row.version}, auto_id=f"declineform_{row.pk}_%s")
