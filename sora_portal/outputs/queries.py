"""Reading for the library and the video page."""

from dataclasses import dataclass

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery, Sum
from django.http import QueryDict

from sora_portal.accounts.models import User
from sora_portal.generations.models import Attempt, Event, Generation, ReferenceUse, Review
from sora_portal.ledger.models import Journal
from sora_portal.projects.models import Project
from sora_portal.web.query_parameters import number
from sora_portal.web.search import holding
from sora_portal.web.text import stripped

PAGE = 24
LONGEST_SEARCH = 200
# How far back a history goes on the page; a row that people wrangled with for days has more.
EVENTS = 100

SHOWN: dict[str, tuple[str, dict[str, object]]] = {
    "": ("All", {}),
    "review": ("To review", {"review": Review.WAITING.value}),
    "changes": ("Changes requested", {"review": Review.CHANGES.value}),
    "approved": ("Approved", {"review": Review.APPROVED.value, "broken_at": None}),
    "rejected": ("Rejected", {"review": Review.REJECTED.value}),
    "working": (
        "Working",
        {"state__in": ["queued", "submitting", "unconfirmed", "running", "fetching", "needs_decision"]},
    ),
    "failed": ("Failed", {"state__in": ["failed", "cancelled"], "recovered_at": None}),
}


@dataclass(frozen=True)
class Wish:
    """What the library was asked for: search words, a state (key of SHOWN), a project's slug, mine or everybody's.

    `before` is the key of the page, 0 for the newest.
    """

    words: str = ""
    show: str = ""
    project: str = ""
    mine: bool = False
    before: int = 0

    @classmethod
    def read(cls, asked: QueryDict) -> "Wish":
        """Return the wish in an address; what makes no sense counts as not asked."""
        show = asked.get("show", "")
        return cls(
            words=stripped(asked.get("q", ""))[:LONGEST_SEARCH],
            show=show if show in SHOWN else "",
            project=asked.get("project", "")[:80],
            mine=asked.get("person", "") == "mine",
            before=number(asked.get("before", "")),
        )

    @property
    def narrowed(self) -> bool:
        """Whether anything is filtered away."""
        return bool(self.words or self.show or self.project or self.mine)

    def address(self, **changes: object) -> str:
        """Return the query string of this wish with `changes`, on the newest page unless `before` is among them."""
        merged = {**self.__dict__, "before": 0, **changes}
        query = QueryDict(mutable=True)
        for name, key in (("q", "words"), ("show", "show"), ("project", "project")):
            if merged[key]:
                query[name] = str(merged[key])
        if merged["mine"]:
            query["person"] = "mine"
        if merged["before"]:
            query["before"] = str(merged["before"])
        return f"?{query.urlencode()}" if query else "?"


def projects_of(user: User) -> list[Project]:
    """Return the projects that the filter offers to `user`."""
    return list(Project.objects.visible_to(user).order_by("name"))


def library(user: User, wish: Wish, *, size: int = PAGE) -> tuple[list[Generation], int]:
    """Return one page of what `user` may see and asked for, newest first, and the key of the next (0: no more)."""
    rows: QuerySet[Generation] = Generation.objects.visible_to(user).for_rows().filter(**SHOWN[wish.show][1])
    if wish.words:
        rows = rows.filter(holding("search", wish.words))
    if wish.project:
        rows = rows.filter(project__slug=wish.project)
    if wish.mine:
        rows = rows.filter(author=user)
    if wish.before:
        rows = rows.filter(pk__lt=wish.before)
    found = list(rows[: size + 1])
    return found[:size], found[size - 1].pk if len(found) > size else 0


def with_history(user: User) -> QuerySet[Generation]:
    """Return the generations that `user` may see, each with its file, hold, newest events, attempts and uses; for an
    admin also with what vendors said."""
    events = Event.objects.select_related("by").order_by("-id")[:EVENTS]
    attempts = Attempt.objects.select_related("connection", "credential").order_by("number")
    refunds = Journal.objects.filter(hold=OuterRef("hold"), kind="refund").order_by().values("hold")
    if user.is_portal_admin:
        attempts = attempts.prefetch_related("answers", "callbacks")
    uses = ReferenceUse.objects.select_related("image", "character").order_by("pk")
    return (
        Generation.objects.visible_to(user)
        .select_related("author", "project", "model__connection", "output", "hold")
        .annotate(refunded=Subquery(refunds.annotate(sum=Sum("amount")).values("sum")))
        .prefetch_related(
            Prefetch("events", events, to_attr="newest_events"), Prefetch("attempts", attempts), Prefetch("uses", uses)
        )
    )
