"""What becomes of the videos that wait for a model or a vendor that takes none any more: one decision by an admin.

Either they are released, or they move on to another model, at its price; those that cannot are released or stay. Each
video is decided in a transaction of its
own that locks the row and looks at it again: one that a worker has claimed meanwhile is left to the worker. A decision
that is cut short has decided some of the videos and left the others as they were, so it is simply made again.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import models, transaction
from django.db.models import QuerySet

from sora_portal.accounts.models import User
from sora_portal.accounts.policies import require_admin
from sora_portal.catalog.models import Connection, Lifecycle, VideoModel
from sora_portal.catalog.spec.domain import Spec
from sora_portal.errors import Refused
from sora_portal.generations import admission
from sora_portal.generations.domain import State
from sora_portal.generations.models import Generation
from sora_portal.generations.reassignment.compatibility import Compatibility, compatibility
from sora_portal.generations.transitions import change_model, move
from sora_portal.ledger.errors import OverBudget
from sora_portal.providers.base import ErrorKind
from sora_portal.references import using
from sora_portal.web.text import stripped
from sora_portal.web.words import credits_text

# Somebody waits in front of the page: what is not decided by then is left for the next press of the button.
SECONDS = 10.0
REASON_MAX = 200
# More rows than this are not read for a page that only says what would be.
PREVIEWED = 500


Decision = Callable[[Generation], "Reassigned"]


class StillOpen(Refused):
    """The model or the connection takes new videos, so what waits there will be sent."""


class NoSuccessor(Refused):
    """The videos cannot move on to this model."""

    status = 422


@dataclass(frozen=True)
class Target:
    """A model, or a connection with all its models, that videos wait for."""

    connection: Connection
    model: VideoModel | None = None

    @property
    def label(self) -> str:
        """What pages call it."""
        return self.model.label if self.model else self.connection.label

    @property
    def closed_text(self) -> str:
        """Why nothing that waits here is sent: "Sora 2 has ended"."""
        if self.model is not None and self.model.stage is Lifecycle.RETIRED:
            return f"{self.model.label} has ended"
        if self.connection.paused_at is not None:
            return f"{self.connection.label} is paused"
        if self.connection.is_closed:
            return f"{self.connection.label} is closed"
        return f"{self.label} is paused"

    @property
    def closed(self) -> bool:
        """Whether nothing that waits here is sent at the moment."""
        return self.connection.is_shut or (self.model is not None and not self.model.takes_new)

    def waiting(self) -> QuerySet[Generation]:
        """Return the videos that wait here, oldest first."""
        rows = Generation.objects.filter(state=State.QUEUED.value, due_at__isnull=False).order_by("pk")
        return rows.filter(model=self.model) if self.model else rows.filter(connection=self.connection)


class Unmovable(models.TextChoices):
    """What becomes of the videos that cannot be moved."""

    RELEASE = "release", "Release them; their authors read why"
    STAY = "stay", "Let them wait here for another decision"


@dataclass(frozen=True)
class Reassigned:
    """What a decision came to, in videos: `left` still wait here, among them those that were to stay."""

    moved: int = 0
    released: int = 0
    stayed: int = 0
    left: int = 0


@dataclass(frozen=True)
class Preview:
    """What moving would come to: of so many videos so many fit, for so many milli-credits before and after.

    `why_not` says what the others lack, with how many they are.
    """

    looked_at: int
    moving: int
    before: int
    after: int
    why_not: tuple[tuple[str, int], ...]


def preview(*, by: User, place: Target, onto: VideoModel, now: datetime) -> Preview:
    """Return what `move_all` would come to for the first PREVIEWED videos; nothing is written, and no budget asked."""
    moving: list[tuple[int, int]] = []
    rules = onto.priced(now)
    why: Counter[str] = Counter()
    for row in place.waiting().select_related("model")[:PREVIEWED]:
        fitting = _fit(row, onto, rules, by)
        if isinstance(fitting, str):
            why[fitting] += 1
        else:
            moving.append((row.price_milli, fitting.price))
    return Preview(
        looked_at=len(moving) + why.total(),
        moving=len(moving),
        before=sum(before for before, _ in moving),
        after=sum(after for _, after in moving),
        why_not=tuple(why.most_common(5)),
    )


def release_all(*, by: User, place: Target, reason: str, now: datetime) -> Reassigned:
    """End every video that waits at `place` and return its credits; its author reads why, and the `reason`, if any.

    Raises NotAllowed, StillOpen.
    """
    _check(by, place)

    def decide(row: Generation) -> Reassigned:
        _release(row, f"{_ended(row)} {stripped(reason) or _advice(row)}", by, now)
        return Reassigned(released=1)

    return _each(place, decide)


def move_all(
    *, by: User, place: Target, onto: VideoModel, now: datetime, leftover: Unmovable = Unmovable.RELEASE
) -> Reassigned:
    """Give every video that waits at `place` the model `onto`, at its price. Those that do not fit it, whose picture or
    character its vendor cannot use, or whose new price is over budget are released, each with a sentence for its
    author, or stay as they are: as `leftover` says. Raises NotAllowed, StillOpen, NoSuccessor.
    """
    _check(by, place)
    if not onto.takes_new or onto.connection.is_shut:
        raise NoSuccessor(f"{onto.label} takes no new videos itself. Choose another model.")
    if place.model is None and onto.connection_id == place.connection.pk:
        raise NoSuccessor(f"{onto.label} is at {place.connection.label} as well. Choose a model of another vendor.")

    rules = onto.priced(now)

    def decide(row: Generation) -> Reassigned:
        if not (why_not := _move(row, onto, rules, by, now)):
            return Reassigned(moved=1)
        if leftover is Unmovable.STAY:
            return Reassigned(stayed=1)
        _release(row, f"{_ended(row)} {why_not}", by, now)
        return Reassigned(released=1)

    return _each(place, decide)


def _move(row: Generation, onto: VideoModel, rules: Spec, by: User, now: datetime) -> str:
    """Give one locked video another model, whose spec with today's prices is `rules`, or return why that cannot be."""
    fitting = _fit(row, onto, rules, by)
    if isinstance(fitting, str):
        return f"{onto.label} cannot make it: {fitting}"
    text = _moved_text(row, onto, fitting)
    try:
        change_model(row, onto, choices=fitting.choices, price=fitting.price, now=now, by=by, text=text)
    except OverBudget as over:
        return f"With {onto.label} it costs {credits_text(fitting.price)} credits. {over}"
    admission.call(onto.connection_id)
    return ""


def _fit(row: Generation, onto: VideoModel, rules: Spec, by: User) -> Compatibility | str:
    """Return what the video is with another model, or why it cannot be one there.

    Its pictures and characters are judged with the eyes of the admin, who sees all of them: it is asked whether they
    can be used there, not again whether their author might.
    """
    fitting = compatibility(row.model.rules, rules, row.choices, row.prompt)
    if isinstance(fitting, str):
        return fitting
    troubles = using.problems(by=by, rules=rules, connection=onto.connection, choices=fitting.choices)
    return " ".join(troubles.values()) or fitting


def _check(by: User, place: Target) -> None:
    require_admin(by)
    if not place.closed:
        raise StillOpen(f"{place.label} takes new videos, so those that wait will be sent. Pause or retire it first.")


def _each(place: Target, decide: Decision) -> Reassigned:
    """Decide about one video after the other, each in a transaction of its own, for SECONDS at most."""
    end = time.monotonic() + SECONDS
    done = Reassigned()
    for row_id in list(place.waiting().values_list("pk", flat=True)):
        if time.monotonic() > end:
            break
        outcome = _one(place, row_id, decide)
        done = Reassigned(done.moved + outcome.moved, done.released + outcome.released, done.stayed + outcome.stayed)
    return replace(done, left=place.waiting().count())


@transaction.atomic
def _one(place: Target, row_id: int, decide: Decision) -> Reassigned:
    """Lock one row and decide about it, if it still waits at `place`."""
    row = place.waiting().select_for_update(no_key=True).filter(pk=row_id).first()
    return Reassigned() if row is None else decide(row)


def _release(row: Generation, text: str, by: User, now: datetime) -> None:
    """End a queued video; one whose author wanted it cancelled anyway is cancelled."""
    if row.cancel_wanted_at:
        move(row, State.CANCELLED, now=now, by=by, text="Cancelled as was asked", waiting_for="")
        return
    kind = ErrorKind.MODEL_UNAVAILABLE.value
    move(row, State.FAILED, now=now, by=by, text=text, waiting_for="", failure_kind=kind, failure_text=text[:300])


def _ended(row: Generation) -> str:
    """Return the sentence with which begins what an author reads."""
    if row.model.stage is Lifecycle.RETIRED:
        what = f"{row.model.label} has ended"
    elif row.connection.paused_at:
        what = f"{row.connection.label} takes no videos at the moment"
    else:
        what = f"{row.model.label} takes no videos at the moment"
    return f"{what}, so this video was not sent."


def _advice(row: Generation) -> str:
    follows = row.model.successor
    return f"Try it with {follows.label}, which follows it." if follows else "Try it with another model."


def _moved_text(row: Generation, onto: VideoModel, fitting: Compatibility) -> str:
    lost = f" Not a setting there: {', '.join(fitting.dropped)}." if fitting.dropped else ""
    prices = f"{credits_text(fitting.price)} credits reserved instead of {credits_text(row.price_milli)}"
    return f"Moved from {row.model.label} to {onto.label}; {prices}.{lost}"
