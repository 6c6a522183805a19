"""Reading for the review pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils import timezone

from sora_portal.accounts.models import User
from sora_portal.generations.models import Generation, Review
from sora_portal.outputs.models import Output
from sora_portal.reviews.models import Decision, Note

PAGE = 20
# What a player assumes of a file that was never measured.
USUAL_FPS = 24.0


@dataclass(frozen=True)
class Tab:
    """One list of the review page. What waits is shown oldest first, what is done newest first."""

    key: str
    label: str
    review: Review
    oldest_first: bool = False


TABS: Mapping[str, Tab] = {
    tab.key: tab
    for tab in (
        Tab("", "Waiting", Review.WAITING, oldest_first=True),
        Tab("changes", "Changes requested", Review.CHANGES),
        Tab("approved", "Approved", Review.APPROVED),
        Tab("rejected", "Rejected", Review.REJECTED),
    )
}


def waiting_for(user: User) -> QuerySet[Generation]:
    """Return the videos that wait for a decision which `user` may make, unordered; none for a member."""
    if not user.is_reviewer:
        return Generation.objects.none()
    return Generation.objects.visible_to(user).filter(review=Review.WAITING.value).exclude(author=user)


def page(user: User, tab: Tab, *, after: int = 0, size: int = PAGE) -> tuple[list[Generation], int]:
    """Return one keyset page of a tab as `user` sees it, and the key of the next (0: no more).

    `after` is the key of the last row of the page before, 0 for the first page.
    """
    rows = waiting_for(user) if tab.review is Review.WAITING else Generation.objects.visible_to(user)
    if tab.review is Review.APPROVED:
        rows = rows.filter(broken_at=None)
    rows = rows.filter(review=tab.review.value).select_related("author", "project", "model__connection")
    if after:
        rows = rows.filter(pk__gt=after) if tab.oldest_first else rows.filter(pk__lt=after)
    found = list(rows.order_by("pk" if tab.oldest_first else "-pk")[: size + 1])
    return found[:size], found[size - 1].pk if len(found) > size else 0


@dataclass(frozen=True)
class Place:
    """Where a video stands among those that wait: its `number` of `total` (0: it does not wait), and its neighbours."""

    number: int
    total: int
    previous: str
    following: str


def place(user: User, generation: Generation) -> Place:
    """Return the place of `generation` in the queue of `user`; neighbours are public ids, "" at the ends."""
    before, after = Q(pk__lt=generation.pk), Q(pk__gt=generation.pk)
    found = waiting_for(user).aggregate(
        total=Count("pk"),
        before=Count("pk", filter=before),
        here=Count("pk", filter=Q(pk=generation.pk)),
        previous=Max("pk", filter=before),
        following=Min("pk", filter=after),
    )
    ids = dict(Generation.objects.filter(pk__in=[found["previous"], found["following"]]).values_list("pk", "public_id"))
    return Place(
        number=found["before"] + 1 if found["here"] else 0,
        total=found["total"],
        previous=ids.get(found["previous"], ""),
        following=ids.get(found["following"], ""),
    )


def next_after(user: User, generation: Generation) -> Generation | None:
    """Return what `user` should look at after `generation`: the next that waits, else the oldest, else None."""
    waiting = waiting_for(user).order_by("pk")
    return waiting.filter(pk__gt=generation.pk).first() or waiting.exclude(pk=generation.pk).first()


def oldest(user: User) -> Generation | None:
    """Return the video that has been waiting longest for a decision of `user`; None when none does."""
    return waiting_for(user).select_related("author", "project", "model__connection").order_by("pk").first()


def decided_yesterday(user: User, now: datetime) -> int:
    """Return how many videos that `user` may see were decided yesterday, by the organisation's calendar."""
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    seen = Generation.objects.visible_to(user)
    made = Decision.objects.filter(at__gte=today - timedelta(days=1), at__lt=today).exclude(verdict="reopen")
    return made.filter(generation__in=seen).values("generation").distinct().count()


def file_of(generation: Generation) -> Output:
    """Return the stored file of `generation`; one that was never measured counts as what players assume."""
    usual = Output(
        generation=generation,
        mime="video/mp4",
        width=generation.width,
        height=generation.height,
        duration_ms=generation.duration_ms,
        fps=USUAL_FPS,
        codec="h264",
        size=0,
        has_audio=False,
    )
    return Output.objects.filter(generation=generation).first() or usual


def decisions(generation: Generation) -> list[Decision]:
    """Return the decisions on `generation`, newest first."""
    return list(Decision.objects.for_history().filter(generation=generation))


def notes(generation: Generation) -> list[Note]:
    """Return the notes on `generation`, in the order of the video."""
    return list(Note.objects.in_order().filter(generation=generation))


def approval(generation: Generation) -> Decision | None:
    """Return the approval of the file that is stored now; None without one that still counts."""
    last = Decision.objects.for_history().filter(generation=generation).first()
    counts = last is not None and last.verdict == "approve" and last.sha256 == generation.sha256
    return last if counts and not generation.broken_at else None
