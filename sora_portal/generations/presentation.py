"""A generation in words: what one row of a list shows. No database, no request."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.urls import get_script_prefix, reverse

from sora_portal.accounts.models import User
from sora_portal.generations.domain import State
from sora_portal.generations.models import Generation, Review
from sora_portal.web.words import about, clock, credits_text


@dataclass(frozen=True)
class Pill:
    """Tone, icon and word of a state; never colour alone."""

    tone: str
    icon: str
    label: str


PILLS = {
    State.QUEUED: Pill("queued", "hourglass", "Queued"),
    State.SUBMITTING: Pill("working", "loader-circle", "Sending"),
    State.UNCONFIRMED: Pill("review", "triangle-alert", "Unconfirmed"),
    State.RUNNING: Pill("working", "loader-circle", "Working"),
    State.FETCHING: Pill("working", "download", "Saving"),
    State.NEEDS_DECISION: Pill("review", "triangle-alert", "Needs an admin"),
    State.SUCCEEDED: Pill("ok", "check", "Finished"),
    State.FAILED: Pill("bad", "triangle-alert", "Failed"),
    State.CANCELLED: Pill("muted", "ban", "Cancelled"),
}
REVIEW_PILLS = {
    Review.WAITING: Pill("review", "play", "To review"),
    Review.CHANGES: Pill("review", "message-square", "Changes requested"),
    Review.APPROVED: Pill("ok", "check", "Approved"),
    Review.REJECTED: Pill("muted", "x", "Rejected"),
}
BROKEN = Pill("bad", "triangle-alert", "File damaged")
SOME_ID = "0" * 26


RECOVERED = "Recovered, not charged: the vendor made it after its credits were given back."


@dataclass(frozen=True)
class RowView:
    """Everything `components/_row.html` shows."""

    dom_id: str
    public_id: str
    state: str
    url: str
    title: str
    poster_url: str
    duration_text: str
    portrait: bool
    author_name: str
    author_initials: str
    mine: bool
    project_name: str
    shape_text: str
    model_label: str
    created_at: datetime
    pill_tone: str
    pill_icon: str
    pill_label: str
    live: bool
    why: str
    recovered: bool
    why_action_url: str
    why_action_label: str
    progress_text: str
    usual_seconds: int
    cost_text: str
    cost_note: str
    cancel_url: str
    retry_url: str
    sandbox: bool
    is_new: bool = False


def address(name: str, public_id: str) -> str:
    """Return the address of the page `name` of a video: `reverse`, which a list would ask for 150 times."""
    before, after = _around_id(name, get_script_prefix())
    return f"{before}{public_id}{after}"


@cache
def _around_id(name: str, prefix: str) -> tuple[str, str]:
    """Return what stands before and after a video's id; routes change with a new process only."""
    before, _, after = reverse(name, args=[SOME_ID]).partition(SOME_ID)
    return before, after


def pill_of(generation: Generation) -> Pill:
    """Return the pill of a generation: damage to its file, its review when it is finished, its state until then."""
    if generation.broken_at:
        return BROKEN
    if generation.review:
        return REVIEW_PILLS[Review(generation.review)]
    return PILLS[State(generation.state)]


def row_view(generation: Generation, *, viewer: User, cursor: int | None = None) -> RowView:
    """Return the row of `generation` as `viewer` sees it; `cursor` is the feed number that their page has seen."""
    state = State(generation.state)
    pill = pill_of(generation)
    connection = generation.model.connection
    done = generation.has_a_file
    may_touch = generation.author_id == viewer.pk or viewer.is_portal_admin
    usual = generation.model.rules.typical * connection.pace
    again = f"{reverse('generations:studio')}?from={generation.public_id}"
    video = address("outputs:video", generation.public_id)
    action = _action(generation, state, video=video, again=again if may_touch else "")
    return RowView(
        dom_id=f"generation-{generation.public_id}",
        public_id=generation.public_id,
        state=state.value,
        url=video,
        title=generation.prompt,
        poster_url=address("outputs:poster", generation.public_id) if done else "",
        duration_text=clock(generation.duration_ms / 1000) if done else "",
        portrait=generation.height > generation.width,
        author_name=generation.author.display_name,
        author_initials=generation.author.initials,
        mine=generation.author_id == viewer.pk,
        project_name=generation.project.name,
        shape_text=generation.model.rules.label("shape", generation.choices),
        model_label=model_name(generation),
        created_at=generation.created_at,
        pill_tone=pill.tone,
        pill_icon=pill.icon,
        pill_label=pill.label,
        live=state in (State.QUEUED, State.SUBMITTING, State.UNCONFIRMED, State.RUNNING, State.FETCHING),
        why=_why(generation, state),
        recovered=generation.recovered_at is not None,
        why_action_url=action[0],
        why_action_label=action[1],
        progress_text=f"usually {about(usual)}" if state in (State.SUBMITTING, State.RUNNING) else "",
        # Not at once: half as long again is still what people call usual.
        usual_seconds=round(usual * 1.5),
        cost_text=credits_text(generation.price_milli),
        cost_note=_cost_note(state),
        cancel_url=address("generations:cancel", generation.public_id)
        if may_touch and generation.is_live and not generation.cancel_wanted_at
        else "",
        retry_url=again,
        sandbox=connection.is_sandbox,
        is_new=cursor is not None and generation.born > cursor,
    )


def model_name(generation: Generation) -> str:
    """Return the model's name, with its vendor where two vendors have one of that name (see `for_rows`)."""
    ambiguous = getattr(generation, "model_is_ambiguous", False)
    return str(generation.model) if ambiguous else generation.model.label


def _why(generation: Generation, state: State) -> str:
    if generation.review == Review.CHANGES:
        return "A reviewer asked for changes."
    if state is State.QUEUED:
        return generation.waiting_for
    if generation.recovered_at:
        return RECOVERED
    if state is State.UNCONFIRMED:
        return "The vendor gave no clear answer. Your credits stay reserved until we know; nothing is sent twice."
    if state in (State.FAILED, State.NEEDS_DECISION, State.FETCHING):
        return generation.failure_text
    if generation.cancel_wanted_at and generation.is_live:
        return "The vendor already has it, so it will be finished and kept."
    return ""


def _action(generation: Generation, state: State, *, video: str, again: str) -> tuple[str, str]:
    """Return address and words of what to do about `_why`; an empty address for nothing."""
    if generation.review == Review.CHANGES:
        return video, "See which"
    return again if state is State.FAILED and not generation.recovered_at else "", "Edit and retry"


def _cost_note(state: State) -> str:
    if state in (State.FAILED, State.CANCELLED):
        return "returned"
    return "" if state is State.SUCCEEDED else "reserved"
