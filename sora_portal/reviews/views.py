"""The review queue, the screen where one video is decided on, and what the video's own page shows of it."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import Truncator
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect, ptag

from sora_portal import clock
from sora_portal.accounts.http import Request
from sora_portal.accounts.policies import require_reviewer
from sora_portal.drafts import actions as keeping
from sora_portal.drafts import queries as drafts
from sora_portal.drafts.form_fields import sent_from, showing
from sora_portal.errors import NotAllowed, Refused
from sora_portal.generations import queries as generations
from sora_portal.generations.feed import counter
from sora_portal.generations.models import Generation, Review
from sora_portal.outputs.presentation import player_view
from sora_portal.reviews import actions, presentation, queries, reviewers
from sora_portal.reviews.domain import OPEN, Verdict
from sora_portal.reviews.forms import DecisionForm, NoteForm
from sora_portal.reviews.models import Decision, Note
from sora_portal.web.http import with_toast
from sora_portal.web.query_parameters import number

QUEUE = "reviews/queue.html"
SCREEN = "reviews/screen.html"


def _tag(request: HttpRequest) -> str | None:
    user = request.user
    return counter.cursor(generations.audience_of(user)) if user.is_authenticated else None


@login_required
@require_GET
@ptag(_tag)
def queue(request: Request) -> HttpResponse:
    """What waits for this person's decision, oldest first, and what has been decided; the list alone for a poll."""
    require_reviewer(request.user)
    tab = queries.TABS.get(request.GET.get("show", ""), queries.TABS[""])
    after = request.GET.get("after", "")
    # The tag is read before the rows: a change in between is then shown twice, never missed.
    cursor = _tag(request)
    rows, following = queries.page(request.user, tab, after=number(after))
    here = reverse("reviews:queue")
    context: dict[str, Any] = {
        "tab": tab,
        "items": [(presentation.review_row(row, viewer=request.user), presentation.ready_at(row)) for row in rows],
        "tabs": [
            {"label": each.label, "url": f"{here}?show={each.key}" if each.key else here, "current": each == tab}
            for each in queries.TABS.values()
        ],
        "cursor": cursor,
        "first_url": f"{here}?show={tab.key}" if after else "",
        "next_url": f"{here}?show={tab.key}&after={following}" if following else "",
    }
    if not rows and tab.review is Review.WAITING:
        context["yesterday"] = queries.decided_yesterday(request.user, clock.now())
    return render(request, f"{QUEUE}#items" if request.htmx else QUEUE, context)


@login_required
@require_GET
def upcoming(request: Request) -> HttpResponse:
    """The next video to review as a small card; nothing for those who review nothing, or when nothing waits."""
    generation = queries.oldest(request.user)
    if generation is None:
        return HttpResponse("")
    row = presentation.review_row(generation, viewer=request.user)
    return render(request, "reviews/next.html", {"next_review": row, "ready_at": presentation.ready_at(generation)})


def _video(request: Request, public_id: str) -> Generation:
    """Return the video if the person may see it (else 404) and reviews at all (else NotAllowed, saying who does)."""
    rows = Generation.objects.visible_to(request.user).for_rows()
    generation = get_object_or_404(rows, public_id=public_id)
    if not request.user.is_reviewer:
        raise NotAllowed(reviewers.why_not(request.user, generation))
    return generation


@login_required
@require_http_methods(["GET", "POST"])
def screen(request: Request, public_id: str) -> HttpResponse:
    """One video to look at and decide on. A POST only brings along what somebody has typed, and changes nothing."""
    generation = _video(request, public_id)
    if not generation.review:
        return redirect("outputs:video", public_id)
    typed = request.POST.get("reason") or _typed_reason(request, generation)
    return _screen(request, generation, form=DecisionForm.of(actions.sight_of(generation), reason=typed))


def _typed_reason(request: Request, generation: Generation) -> str:
    return drafts.of(request.user, _reason_place(generation)).get("reason", "")


def _reason_place(generation: Generation) -> str:
    return f"reason:{generation.public_id}"


def _note_place(generation: Generation) -> str:
    return f"note:{generation.public_id}"


def _screen(request: Request, generation: Generation, *, status: int = 200, **context: Any) -> HttpResponse:
    """Return the whole screen; `context` overrides what it would show of itself."""
    whole = {
        "place": queries.place(request.user, generation),
        "player": player_view(generation, queries.file_of(generation)),
        "decisions": queries.decisions(generation),
        "sha256": generation.sha256,
        **_decision(request, generation),
        **_notes(request, generation),
        **context,
    }
    return render(request, SCREEN, whole, status=status)


def _decision(request: Request, generation: Generation) -> dict[str, Any]:
    """Return what the decision panel shows."""
    return {
        "row": presentation.review_row(generation, viewer=request.user),
        "form": DecisionForm.of(actions.sight_of(generation), reason=_typed_reason(request, generation)),
        "reason_draft": showing(request.user, _reason_place(generation)),
        "buttons": presentation.buttons(generation.review),
        "why_not": reviewers.why_not(request.user, generation),
        "unshown": not queries.file_of(generation).can_be_shown,
        "overtaken": "",
    }


def _notes(request: Request, generation: Generation, form: NoteForm | None = None) -> dict[str, Any]:
    """Return what the notes and their marks under the picture show."""
    file = queries.file_of(generation)
    notes = queries.notes(generation)
    may_note = generation.review in OPEN and reviewers.may_review(request.user, generation)
    if form is None and may_note:
        typed = _typed_note(request, generation)
        form = NoteForm(fps=file.fps, last=file.last_frame, initial={"at": "00:00:00", **typed})
    return {
        "row": presentation.review_row(generation, viewer=request.user),
        "last_frame": file.last_frame,
        "notes": notes,
        "open_notes": sum(note.is_open for note in notes),
        "marks": [note.frame for note in notes if note.is_open],
        "may_note": may_note,
        # Even where no more notes are taken: a text that came too late is not thrown away.
        "note_form": form,
        "note_draft": showing(request.user, _note_place(generation)),
    }


def _typed_note(request: Request, generation: Generation) -> dict[str, str]:
    """Return what stands in the form of a new note: as another form brought it along, or as it was kept."""
    sent: Mapping[str, str] = request.POST
    typed = sent if "note-text" in sent and "resolved" in sent else drafts.of(request.user, _note_place(generation))
    return {name: typed[f"note-{name}"] for name in ("text", "at") if typed.get("note-text")}


@login_required
@require_POST
def decide(request: Request, public_id: str) -> HttpResponse:
    """Record a decision and open the next video: 422 with the text kept, 409 when somebody else was faster."""
    generation = _video(request, public_id)
    reviewers.require(request.user, generation)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _panel(request, generation, form, status=422)
    try:
        decision = actions.decide(
            by=request.user,
            generation=generation,
            verdict=Verdict(form.cleaned_data["verdict"]),
            reason=form.cleaned_data["reason"],
            seen=form.sight,
            watched=form.cleaned_data["watched"],
            now=clock.now(),
        )
    except actions.NotWatched as refusal:
        form.add_error("watched", str(refusal))
        return _panel(request, generation, form, status=refusal.status)
    except actions.ReasonMissing as refusal:
        form.add_error("reason", str(refusal))
        return _panel(request, generation, form, status=refusal.status)
    except Refused as refusal:
        return _panel(request, generation, form, status=refusal.status, overtaken=str(refusal))
    keeping.done(shown=sent_from(request), now=clock.now())
    return _onwards(request, generation, decision)


def _panel(
    request: Request, generation: Generation, form: DecisionForm, *, status: int, overtaken: str = ""
) -> HttpResponse:
    """Return the decision panel with what was typed; without htmx, on the whole screen."""
    if not request.htmx:
        return _screen(request, generation, status=status, form=form, overtaken=overtaken)
    context = {**_decision(request, generation), "form": form, "overtaken": overtaken}
    return render(request, f"{SCREEN}#decision", context, status=status)


def _onwards(request: Request, generation: Generation, decision: Decision) -> HttpResponse:
    """Say what was done and open the next video that waits; a reopened one stays open."""
    title = Truncator(generation.prompt).chars(60)
    messages.success(request, f"{decision.get_verdict_display()}: {title}")
    if decision.verdict == Verdict.REOPEN:
        following: Generation | None = generation
    else:
        following = queries.next_after(request.user, generation)
    url = reverse("reviews:screen", args=[following.public_id]) if following else reverse("reviews:queue")
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


@login_required
@require_POST
def add_note(request: Request, public_id: str) -> HttpResponse:
    """Write a note on a frame: 422 beside the field with the text kept, or the notes as they are now."""
    generation = _video(request, public_id)
    reviewers.require(request.user, generation)
    file = queries.file_of(generation)
    form = NoteForm(request.POST, fps=file.fps, last=file.last_frame)
    if not form.is_valid():
        return _notes_again(request, generation, form, status=422)
    try:
        note = actions.add_note(
            by=request.user,
            generation=generation,
            frame=form.cleaned_data["at"],
            fps=file.fps,
            text=form.cleaned_data["text"],
            now=clock.now(),
        )
    except actions.Closed as refusal:
        form.add_error(None, str(refusal))
        return _notes_again(request, generation, form, status=refusal.status)
    keeping.done(shown=sent_from(request), now=clock.now())
    return _noted(request, generation, f"Note added at {note.timecode}")


@login_required
@require_POST
def resolve_note(request: Request, public_id: str, note_id: int) -> HttpResponse:
    """Mark a note as dealt with, or (`resolved=0`) take it up again."""
    generation = _video(request, public_id)
    note = get_object_or_404(Note.objects.select_related("generation"), pk=note_id, generation=generation)
    resolved = request.POST.get("resolved") != "0"
    actions.resolve_note(by=request.user, note=note, resolved=resolved, now=clock.now())
    return _noted(request, generation, "Note resolved" if resolved else "Note taken up again")


def _noted(request: Request, generation: Generation, text: str) -> HttpResponse:
    if not request.htmx:
        return redirect(f"{reverse('reviews:screen', args=[generation.public_id])}#notes")
    return with_toast(_notes_again(request, generation), text)


def _notes_again(
    request: Request, generation: Generation, form: NoteForm | None = None, *, status: int = 200
) -> HttpResponse:
    context = _notes(request, generation, form)
    if not request.htmx:
        return _screen(request, generation, status=status, **context)
    return render(request, f"{SCREEN}#noted", context, status=status)


@login_required
@require_GET
def history(request: Request, public_id: str) -> HttpResponse:
    """What reviewers said of a video, for everybody who may see it; the video's own page loads it."""
    rows = Generation.objects.visible_to(request.user).select_related("author")
    generation = get_object_or_404(rows, public_id=public_id)
    context = {
        "generation": generation,
        "decisions": queries.decisions(generation),
        "notes": queries.notes(generation),
        "may_review": bool(generation.review) and reviewers.may_review(request.user, generation),
        "waits_for": reviewers.either([person.display_name for person in reviewers.of(generation)])
        if generation.review == Review.WAITING
        else "",
    }
    return render(request, "reviews/history.html", context)
