"""A review in words: what its pages show beyond the rows. No request."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.urls import reverse

from sora_portal.accounts.models import User
from sora_portal.generations.models import Generation
from sora_portal.generations.presentation import RowView, row_view
from sora_portal.reviews.domain import Needs, Verdict, moves_from


@dataclass(frozen=True)
class Button:
    """One decision that can be made now: its word, look and key ("" for none)."""

    verdict: str
    label: str
    tone: str
    icon: str
    key: str
    needs_reason: bool


_LOOK = {
    Verdict.APPROVE: ("Approve", "good", "check", "A"),
    Verdict.REQUEST_CHANGES: ("Request changes", "", "rotate-ccw", "R"),
    # No key: the one decision that ends somebody's work is worth reaching for.
    Verdict.REJECT: ("Reject", "danger", "x", ""),
    Verdict.REOPEN: ("Reopen", "", "undo-2", ""),
}


def buttons(standing: str) -> list[Button]:
    """Return the decisions that can be made on a video whose review is at `standing`, in the order of the table."""
    return [
        Button(move.verdict.value, *_LOOK[move.verdict], needs_reason=move.needs is not Needs.NOTHING)
        for move in moves_from(standing)
    ]


def review_row(generation: Generation, *, viewer: User) -> RowView:
    """Return the row of `generation` as review pages show it: it leads to the review screen."""
    return replace(row_view(generation, viewer=viewer), url=reverse("reviews:screen", args=[generation.public_id]))


def ready_at(generation: Generation) -> datetime:
    """Return since when there has been something to look at."""
    return generation.finished_at or generation.created_at
