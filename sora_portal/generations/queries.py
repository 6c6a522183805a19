"""Reading for pages."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from sora_portal.accounts.models import User
from sora_portal.catalog.models import VideoModel
from sora_portal.generations.domain import State
from sora_portal.generations.models import Generation, LateTask, Review
from sora_portal.projects.models import Project

FILTERS: dict[str, tuple[str, dict[str, Any]]] = {
    "": ("All", {}),
    "working": ("Working", {"state__in": ["queued", "submitting", "unconfirmed", "running", "fetching"]}),
    "review": ("To review", {"review": Review.WAITING.value}),
    "approved": ("Approved", {"review": Review.APPROVED.value, "broken_at": None}),
    "failed": ("Failed", {"state__in": ["failed", "needs_decision", "cancelled"], "recovered_at": None}),
}
# For admins. Live rows are due at some time, and few: that the filter says so lets the database read only them.
DOUBT = ("In doubt", {"state__in": ["unconfirmed", "needs_decision"], "due_at__isnull": False})
PAGE = 50
CHANGES = 100


def filters_for(user: User) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the filters of the list that `user` is offered: label and conditions by key."""
    return {**FILTERS, "doubt": DOUBT} if user.is_portal_admin else FILTERS


def undecided_rows(user: User) -> QuerySet[Generation]:
    """Return the videos that wait for a decision and that `user` may see."""
    return Generation.objects.visible_to(user).filter(state=State.NEEDS_DECISION.value, due_at__isnull=False)


def closed_models() -> list[VideoModel]:
    """Return the models that an admin has to know of: those that are paused, and those that have ended while videos
    wait for them; with their connections."""
    waiting = Generation.objects.filter(state=State.QUEUED.value, due_at__isnull=False).values("model")
    ended = Q(lifecycle="retired") | Q(retires_on__lte=timezone.localdate())
    rows = VideoModel.objects.filter((Q(lifecycle="paused") & ~ended) | (ended & Q(pk__in=waiting)))
    return list(rows.select_related("connection"))


def undecided_count(user: User) -> int:
    """Return how many videos wait for a decision that `user` may make; asks nothing for anybody but an admin."""
    return undecided_rows(user).count() if user.is_portal_admin else 0


def recovered_rows(user: User) -> QuerySet[Generation]:
    """Return the videos that came after all and were not charged, newest first, as far as `user` may see them."""
    rows = Generation.objects.visible_to(user).filter(recovered_at__isnull=False)
    return rows.select_related("author", "project", "model__connection").order_by("-recovered_at", "-id")


def watched_count() -> int:
    """Return how many late tasks are watched at the moment."""
    return LateTask.objects.filter(due_at__isnull=False).count()


def audience_of(user: User) -> list[int] | None:
    """Return the ids of the projects whose changes `user` follows; None for all (admins)."""
    if user.is_portal_admin:
        return None
    return list(Project.objects.visible_to(user).order_by("pk").values_list("pk", flat=True))


def page(user: User, *, wanted: str = "", before: int = 0) -> tuple[list[Generation], int]:
    """Return one keyset page of what `user` may see, newest first, and the key of the next (0: no more).

    `wanted` is a key of `filters_for` (anything else shows all); `before` is the key of the page, 0 for the first.
    """
    rows: QuerySet[Generation] = Generation.objects.visible_to(user).for_rows()
    rows = rows.filter(**filters_for(user).get(wanted, FILTERS[""])[1])
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: PAGE + 1])
    return found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else 0


def changed_since(user: User, *, cursor: int) -> tuple[list[Generation], str]:
    """Return the rows of `user` that changed after feed number `cursor`, oldest first, and the tag after them.

    At most CHANGES at once: then the tag is that of the last one, and the next poll gets the rest. Otherwise it is
    empty: the page has seen everything.
    """
    rows = Generation.objects.visible_to(user).for_rows().filter(changed__gt=cursor).order_by("changed")
    found = list(rows[:CHANGES])
    return sorted(found, key=lambda row: row.pk), str(found[-1].changed) if len(found) == CHANGES else ""


def review_count(user: User) -> int:
    """Return how many finished videos wait for a decision that `user` may make."""
    if not user.is_reviewer:
        return 0
    rows = Generation.objects.visible_to(user).filter(review=Review.WAITING.value).exclude(author=user)
    return rows.count()
