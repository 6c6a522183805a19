"""What the tests of this room start from: a finished video, and a decision as the screen sends it."""

from typing import Any

from django.utils import timezone

from sora_portal.accounts.models import User
from sora_portal.generations.domain import State
from sora_portal.generations.models import Generation
from sora_portal.reviews import actions
from sora_portal.reviews.domain import Sight, Verdict
from sora_portal.reviews.models import Decision, Note
from tests import factories

HTMX = {"HX-Request": "true"}


def video(review: str = "to_review", **values: Any) -> Generation:
    """Return a finished video by ada (unless `author` is named) whose review is at `review`."""
    return factories.generation(state=State.SUCCEEDED, review=review, **values)


def decide(
    row: Generation, verdict: str = "approve", reason: str = "", by: User | None = None, seen: Sight | None = None
) -> Decision:
    """Decide on `row` as rae, who has just looked at it, unless told otherwise."""
    row.refresh_from_db()
    return actions.decide(
        by=by or factories.rae(),
        generation=row,
        verdict=Verdict(verdict),
        reason=reason,
        seen=seen or actions.sight_of(row),
        now=timezone.now(),
    )


def note(row: Generation, frame: int = 59, text: str = "Horizon tilts", by: User | None = None) -> Note:
    """Leave a note on a frame as rae, at 24 frames a second."""
    return actions.add_note(
        by=by or factories.rae(), generation=row, frame=frame, fps=24.0, text=text, now=timezone.now()
    )


def form_of(row: Generation, verdict: str = "approve", reason: str = "", **changes: Any) -> dict[str, Any]:
    """Return what the decision form sends for `row` as it is now."""
    row.refresh_from_db()
    sight = actions.sight_of(row)
    return {
        "verdict": verdict,
        "reason": reason,
        "expected": sight.standing,
        "decisions": sight.decisions,
        "sha256": sight.sha256,
        **changes,
    }
