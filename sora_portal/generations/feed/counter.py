"""The change feed: what makes an unchanged poll cost one indexed read.

Every change of a row takes the next number of one counter and notes it on the row and on its project. A page carries
the highest number it has seen; the poll compares it with the highest number of the viewer's projects.
"""

from collections.abc import Iterable, Sequence

from django.db.models import F, Max

from sora_portal.generations.models import FeedCounter, Generation, ProjectFeed


def publish(generation: Generation, *, born: bool = False) -> int:
    """Note a change of `generation` as the newest; return its number.

    Call it last in a transaction: the counter's row stays locked until the commit, and whoever locks ledger accounts
    after it could wait in a circle with somebody who does both in the other order.
    """
    if not FeedCounter.objects.filter(pk=1).update(value=F("value") + 1):
        FeedCounter.objects.create(pk=1, value=1)
    number = FeedCounter.objects.values_list("value", flat=True).get(pk=1)
    values = {"changed": number, "born": number} if born else {"changed": number}
    Generation.objects.filter(pk=generation.pk).update(**values)
    if not ProjectFeed.objects.filter(pk=generation.project_id).update(changed=number):
        ProjectFeed.objects.create(project_id=generation.project_id, changed=number)
    generation.changed = number
    return number


def cursor(project_ids: Sequence[int] | None) -> str:
    """Return the tag of what these projects look like now (None: all projects)."""
    feeds = ProjectFeed.objects.all() if project_ids is None else ProjectFeed.objects.filter(pk__in=project_ids)
    return str(feeds.aggregate(newest=Max("changed"))["newest"] or 0)


def audience(project_ids: Iterable[int] | None) -> list[int] | None:
    """Return the projects of a viewer in the form that the feed token carries."""
    return None if project_ids is None else sorted(project_ids)
