"""Every write of the reviews room: decide, note, resolve."""

from datetime import datetime

from django.db import transaction

from sora_portal.accounts.models import User
from sora_portal.errors import Refused
from sora_portal.generations import actions as generations
from sora_portal.generations.models import Generation, Review
from sora_portal.outputs.models import Output
from sora_portal.reviews import reviewers
from sora_portal.reviews.domain import DID, MOVE, OPEN, Move, Needs, Sight, Standing, Verdict, lacks
from sora_portal.reviews.models import Decision, Note
from sora_portal.web.text import stripped


class Overtaken(Refused):
    """Somebody else decided while this person was looking; the message says who and what."""


class ReasonMissing(Refused):
    """The decision says nothing to the author and has to."""

    status = 422


class NotWatched(Refused):
    """The page cannot show this video to everybody, and the person does not say that they have watched it."""

    status = 422


class Closed(Refused):
    """The review of this video does not allow that now."""


@transaction.atomic
def decide(
    *,
    by: User,
    generation: Generation,
    verdict: Verdict,
    reason: str,
    seen: Sight,
    now: datetime,
    watched: bool = False,
) -> Decision:
    """Record one decision on the stored file and show it on the row; of two people at once exactly one succeeds.

    `seen` is what the person was looking at; the same form sent twice returns the same decision. `watched` says that
    they have watched a video which the page cannot show. Raises NotAllowed for people who may not, Overtaken when the
    review or the file is no longer as `seen` says, Closed for a move that the table does not have, ReasonMissing,
    NotWatched.
    """
    reviewers.require(by, generation)
    row = _locked(generation)
    standing = sight_of(row)
    if standing != seen:
        last = _last(row)
        mine = last is not None and (last.by_id, last.verdict, last.reason) == (by.pk, verdict.value, stripped(reason))
        if last is None or not mine or (last.number, last.sha256) != (seen.decisions + 1, seen.sha256):
            raise Overtaken(_news(row, last, seen))
        return last
    move = _move(row, verdict)
    words = stripped(reason)
    if verdict is not Verdict.REOPEN and not watched and _unshown(row):
        raise NotWatched("Download this video and watch it first; then tick that you have.")
    if lacks(move, reason=words, open_notes=_open_notes(row)):
        raise ReasonMissing(_ask(move))
    decision = Decision.objects.create(
        generation=row,
        number=standing.decisions + 1,
        sha256=row.sha256,
        verdict=verdict.value,
        reason=words,
        by=by,
        author_id=row.author_id,
        at=now,
    )
    text = f"{by.display_name} {DID[verdict]} this video" + (f": {words}" if words else "")
    shown = generations.set_review(
        by=by, generation=row, review=Review(move.target), expected=move.source, text=text, now=now
    )
    if not shown:
        raise Overtaken(_news(row, None, seen))
    generation.review = row.review
    return decision


def sight_of(generation: Generation) -> Sight:
    """Return what somebody who looks at `generation` now sees of its review."""
    return Sight(generation.review, Decision.objects.filter(generation=generation).count(), generation.sha256)


def _locked(generation: Generation) -> Generation:
    """Return the row as it is now, locked until the end of the transaction, so that deciders queue up."""
    rows = Generation.objects.select_for_update(no_key=True, of=("self",))
    return rows.get(pk=generation.pk)


def _move(generation: Generation, verdict: Verdict) -> Move:
    if generation.broken_at and verdict is not Verdict.REOPEN:
        raise Closed("The stored file of this video is damaged, so there is nothing to decide on.")
    if not generation.sha256 or not generation.review:
        raise Closed("There is no finished file to decide on yet.")
    move = MOVE.get((Standing(generation.review), verdict))
    if move is None:
        raise Closed(f"This video is {Review(generation.review).label.lower()}. Reopen it to decide again.")
    return move


def _unshown(generation: Generation) -> bool:
    """Return whether a browser may show nothing of the stored file."""
    return Output.objects.filter(generation=generation, plays_everywhere=False, has_preview=False).exists()


def _last(generation: Generation) -> Decision | None:
    return Decision.objects.for_history().filter(generation=generation).first()


def _open_notes(generation: Generation) -> int:
    return Note.objects.unresolved().filter(generation=generation).count()


def _news(generation: Generation, last: Decision | None, seen: Sight) -> str:
    """Return who decided what meanwhile."""
    if generation.sha256 != seen.sha256:
        return "The file of this video is no longer the one that you were looking at. Look at it once more."
    if last is None or last.number <= seen.decisions:
        return "The review of this video has changed since you opened it. Look at it once more."
    said = f" They wrote: “{last.reason}”" if last.reason else ""
    return f"{last.by.display_name} {last.did} this video while you were looking at it.{said}"


def _ask(move: Move) -> str:
    if move.needs is Needs.REASON_OR_NOTE:
        return "Say what should change: write a reason here, or leave a note on a frame."
    if move.verdict is Verdict.REOPEN:
        return "Say why it should be looked at again."
    return "Say why it is rejected: the author reads it."


@transaction.atomic
def add_note(*, by: User, generation: Generation, frame: int, fps: float, text: str, now: datetime) -> Note:
    """Write a note on one frame (counted from 0, at `fps` frames a second) while the review is open.

    Raises NotAllowed for people who may not review the video, Closed once it is approved or rejected.
    """
    reviewers.require(by, generation)
    _require_open(generation)
    return Note.objects.create(generation=generation, frame=frame, fps=fps, text=text.strip(), by=by, at=now)


@transaction.atomic
def resolve_note(*, by: User, note: Note, resolved: bool, now: datetime) -> bool:
    """Mark a note as dealt with, or take it up again; False when it was so already.

    Raises as `add_note` does.
    """
    reviewers.require(by, note.generation)
    _require_open(note.generation)
    rows = Note.objects.filter(pk=note.pk, resolved_at__isnull=resolved)
    return bool(rows.update(resolved_at=now if resolved else None, resolved_by=by if resolved else None))


def _require_open(generation: Generation) -> None:
    row = _locked(generation)
    if row.review not in OPEN:
        shown = Review(row.review).label.lower()
        raise Closed(f"This video is {shown}, so its notes are closed. Reopen it to go on.")
