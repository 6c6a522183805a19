"""A video in words: what its page shows. No database, no request."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.text import slugify

from sora_portal import hosts
from sora_portal.accounts.models import User
from sora_portal.generations.domain import MOVE, State
from sora_portal.generations.models import Attempt, Event, Generation
from sora_portal.generations.presentation import RECOVERED, RowView, row_view
from sora_portal.generations.vendor.client import keys_of
from sora_portal.outputs.domain import SUFFIXES
from sora_portal.outputs.models import Output
from sora_portal.providers.redaction import redact
from sora_portal.providers.transcripts import readable
from sora_portal.references.domain import PICTURE, lines
from sora_portal.references.models import Character, ReferenceImage
from sora_portal.web.words import clock, credits_text

# What a step means to the people who wait for it, where the event itself says nothing.
STEPS = {
    State.SUBMITTING: "Being sent to the vendor",
    State.QUEUED: "Waiting to be sent again",
    State.RUNNING: "The vendor is making it",
    State.FETCHING: "The vendor finished; we are fetching the video",
    State.UNCONFIRMED: "The vendor gave no clear answer",
    State.NEEDS_DECISION: "Waiting for an admin",
    State.SUCCEEDED: "Stored and verified",
    State.FAILED: "Failed",
    State.CANCELLED: "Cancelled",
}

ASKED = {"create": "Answer to the request", "query": "Answer when asked how it stands"}
# Of each attempt, the newest ones; a vendor that repeats itself says no more in the twentieth.
CALLBACKS = 3


@dataclass(frozen=True)
class Moment:
    """One line of the history: `tone` is "", ok or bad; `money` is what the credits did; `staff` is for admins."""

    at: datetime
    who: str
    what: str
    money: str
    tone: str
    staff: str


@dataclass(frozen=True)
class Fact:
    """A term and its value; `copy` is what a copy button puts on the clipboard, empty for none."""

    term: str
    value: str
    copy: str = ""


@dataclass(frozen=True)
class Said:
    """What a vendor sent, word for word but without secrets: what it was an answer to, and when it came."""

    anchor: str
    title: str
    at: datetime
    text: str


@dataclass(frozen=True)
class AttemptView:
    """One try at a vendor, for admins."""

    number: int
    phase: str
    facts: list[Fact]
    message: str
    said: list[Said]


@dataclass(frozen=True)
class PlayerView:
    """What `components/_player.html` takes, and the way to the file itself.

    `last` is the number of the last frame, `times` when each begins in microseconds, apart by spaces (empty: n / fps);
    `stands_in` says what is played in place of the file, `unshown` that not every browser can play it.
    """

    src: str
    poster: str
    download_url: str
    fps: float
    width: int
    height: int
    last: int
    times: str
    stands_in: str
    unshown: bool
    broken: str
    facts: list[Fact]


@dataclass(frozen=True)
class UsedPicture:
    """An uploaded picture that the video was made from."""

    url: str
    thumb: str
    text: str


@dataclass(frozen=True)
class UsedCharacter:
    """A character that the video was made with; `url` is empty for those whom its owner has not shown it to."""

    name: str
    url: str


@dataclass(frozen=True)
class VideoView:
    """Everything the video page shows. `row` is the same that lists show of it."""

    row: RowView
    prompt: str
    live: bool
    why: str
    player: PlayerView | None
    waits_for_review: bool
    recovered: str
    settings: list[Fact]
    pictures: list[UsedPicture]
    characters: list[UsedCharacter]
    money: list[Fact]
    refundable: bool
    origin: list[Fact]
    moments: list[Moment]
    attempts: list[AttemptView]


def file_name(prompt: str, public_id: str, mime: str) -> str:
    """Return what a downloaded file is called: the first words of its prompt, then a piece of its id."""
    words = slugify(prompt[:60]).strip("-_")[:48].rstrip("-_")
    return f"{words or 'video'}-{public_id[-6:]}{SUFFIXES.get(mime, '.mp4')}"


def video_view(generation: Generation, *, viewer: User) -> VideoView:
    """Return the page of `generation` (from `queries.with_history`) as `viewer` sees it."""
    staff = viewer.is_portal_admin
    output: Output | None = getattr(generation, "output", None)
    row = row_view(generation, viewer=viewer)
    return VideoView(
        row=row,
        prompt=generation.prompt,
        live=generation.is_live,
        why=row.why or (generation.failure_text if generation.state == State.FETCHING else ""),
        player=player_view(generation, output) if output else None,
        waits_for_review=generation.review == "to_review" and viewer.is_reviewer and generation.author_id != viewer.pk,
        recovered=RECOVERED if generation.recovered_at else "",
        settings=_settings(generation),
        pictures=[_picture(use.image) for use in generation.uses.all() if use.image],
        characters=[_character(use.character, viewer) for use in generation.uses.all() if use.character],
        money=_money(generation),
        refundable=generation.hold.captured > 0,
        origin=_origin(generation, output),
        moments=[_moment(event, generation, staff=staff) for event in _events(generation)],
        attempts=[_attempt(attempt) for attempt in generation.attempts.all()] if staff else [],
    )


def _events(generation: Generation) -> Iterator[Event]:
    """Yield the events from the newest to the oldest; the same thing said again and again is said once."""
    events: Sequence[Event] = generation.newest_events  # type: ignore[attr-defined]
    before: Event | None = None
    for event in events:
        if before is None or (event.kind, event.text, event.target) != (before.kind, before.text, before.target):
            yield event
        before = event


def player_view(generation: Generation, output: Output) -> PlayerView:
    """Return the player of a stored file; what not every browser plays is played as its preview."""
    src = reverse("outputs:file", args=[generation.public_id])
    codec = f"{output.codec.upper()} in {SUFFIXES.get(output.mime, '')[1:].upper()}"
    return PlayerView(
        src=reverse("outputs:preview", args=[generation.public_id]) if output.has_preview else src,
        poster=reverse("outputs:poster", args=[generation.public_id]),
        download_url=f"{src}?download=1",
        fps=output.fps,
        width=output.width,
        height=output.height,
        last=output.last_frame,
        times=" ".join(map(str, output.frame_times)),
        stands_in=f"You see a preview that every browser plays. The file itself is {codec}; it is what you download and"
        " what is decided on."
        if output.has_preview
        else "",
        unshown=not output.can_be_shown,
        broken="The stored file of this video is damaged. It cannot be played or downloaded, and an approval of it does"
        " not count. An admin can put it back from a backup."
        if output.broken
        else "",
        facts=[
            Fact("Picture", f"{output.width} × {output.height}, {output.fps:g} a second"),
            Fact("Length", clock(output.duration_ms / 1000)),
            Fact("Sound", "yes" if output.has_audio else "none"),
            Fact("Size", filesizeformat(output.size)),
            Fact("Format", f"{SUFFIXES.get(output.mime, '')[1:].upper()}, {output.codec}"),
        ],
    )


def _settings(generation: Generation) -> list[Fact]:
    """Return what was chosen, in the model's words; a setting that the model has lost since keeps its own name."""
    rules = generation.model.rules
    facts = []
    for key, value in generation.choices.items():
        field = rules.field(key)
        if field is None or value == "" or field.kind == "character":
            continue
        if field.kind == "images":
            facts += [_given(field.label, line) for line in lines(value)]
            continue
        words = rules.label(key, generation.choices) or value
        facts.append(Fact(field.label, {"on": "yes", "": "no"}.get(value, words) if field.kind == "flag" else words))
    return facts


def _given(label: str, line: str) -> Fact:
    """Return what the settings say of one picture: an uploaded one is shown below them, an address can be copied."""
    if line.startswith(PICTURE):
        return Fact(label, "uploaded")
    return Fact(label, hosts.of(line) or line, copy=line)


def _picture(image: ReferenceImage) -> UsedPicture:
    return UsedPicture(
        url=reverse("references:picture", args=[image.public_id]),
        thumb=reverse("references:thumb", args=[image.public_id]),
        text=f"Uploaded picture, {image.width} × {image.height}",
    )


def _character(character: Character, viewer: User) -> UsedCharacter:
    own = character.owner_id == viewer.pk or viewer.is_portal_admin
    return UsedCharacter(character.name, reverse("references:character", args=[character.public_id]) if own else "")


def _money(generation: Generation) -> list[Fact]:
    hold = generation.hold
    facts = [Fact("Price", f"{credits_text(generation.price_milli)} credits")]
    if not hold.is_settled:
        facts.append(Fact("Reserved", f"{credits_text(hold.amount)} credits"))
    else:
        if hold.captured:
            facts.append(Fact("Spent", f"{credits_text(hold.captured)} credits"))
        refunded: int | None = generation.refunded  # type: ignore[attr-defined]  # by queries.with_history
        if refunded:
            facts.append(Fact("Refunded", f"{credits_text(refunded)} credits"))
        if hold.released:
            facts.append(Fact("Returned", f"{credits_text(hold.released)} credits"))
    return facts


def _origin(generation: Generation, output: Output | None) -> list[Fact]:
    """Return where the video comes from; content credentials inside the file are the vendor's and stay as they are."""
    connection = generation.model.connection
    facts = [
        Fact("Provenance", "AI-generated"),
        Fact("Model", generation.model.label),
        Fact("Vendor", f"{connection.label} (practice)" if connection.is_sandbox else connection.label),
        Fact("Project", generation.project.name),
        Fact("Reference", f"{generation.public_id[:6]}…{generation.public_id[-6:]}", copy=generation.public_id),
    ]
    if output:
        facts.append(Fact("SHA-256", f"{output.sha256[:12]}…", copy=output.sha256))
    return facts


def _moment(event: Event, generation: Generation, *, staff: bool) -> Moment:
    what, tone, money = event.text, "", ""
    if event.kind == "state":
        target = State(event.target)
        what = what or STEPS[target]
        tone = {State.SUCCEEDED: "ok", State.FAILED: "bad", State.NEEDS_DECISION: "bad"}.get(target, "")
        money = _moved(event, target, generation)
    if event.kind == "recovered":
        tone, money = "ok", "not charged"
    return Moment(
        at=event.at,
        who=event.by.display_name if event.by else "",
        what=what,
        money=money,
        tone=tone,
        staff=redact(event.staff_text) if staff else "",
    )


def _moved(event: Event, target: State, generation: Generation) -> str:
    """Return what the step did to the credits; the first event says itself what was reserved."""
    move = MOVE.get((State(event.source), target)) if event.source else None
    words = {"capture": "spent", "release": "returned"}.get(move.ledger if move else "")
    return f"{credits_text(generation.price_milli)} credits {words}" if words else ""


def _attempt(attempt: Attempt) -> AttemptView:
    """Return what an admin needs for asking the vendor: ids and times, the vendor's own words with secrets masked."""
    wanted: list[tuple[str, Any]] = [
        ("Connection", attempt.connection.label),
        ("Address", attempt.base_url),
        ("Model on the wire", attempt.wire_model),
        ("Vendor's task", attempt.vendor_task_id),
        ("Answer", attempt.verdict.replace("_", " ")),
        ("Code", attempt.vendor_code),
        ("Prepared", attempt.prepared_at),
        ("Sent", attempt.sending_at),
        ("Answered", attempt.answered_at),
        ("Result seen", attempt.result_seen_at),
        ("Status errors", attempt.errors or ""),
        ("Not found", attempt.not_found or ""),
    ]
    facts = [
        Fact(
            term,
            f"{value:%d %b %Y, %H:%M:%S} UTC" if isinstance(value, datetime) else str(value),
            copy=str(value) if term == "Vendor's task" else "",
        )
        for term, value in wanted
        if value
    ]
    keys = keys_of(attempt)
    message = redact(attempt.vendor_message, *keys)
    return AttemptView(attempt.number, attempt.phase.replace("_", " "), facts, message, _said(attempt, keys))


def _said(attempt: Attempt, keys: tuple[str, ...]) -> list[Said]:
    """Return the answers that were kept and the newest callbacks, oldest first."""
    said = [
        Said(
            kept.anchor,
            f"{ASKED[kept.operation]}: {f'HTTP {kept.status}' if kept.status else 'none came'}",
            kept.at,
            kept.text,
        )
        for kept in attempt.answers.all()
    ]
    callbacks = sorted(
        (row for row in attempt.callbacks.all() if row.source == "callback"), key=lambda row: row.received_at
    )[-CALLBACKS:]
    said += [
        Said(f"callback-{row.pk}", "Callback", row.received_at, readable(bytes(row.body), *keys)) for row in callbacks
    ]
    return sorted(said, key=lambda one: one.at)
