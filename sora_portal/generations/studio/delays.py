"""What holds videos up at the moment, in words for admins: broken vendors, their wishes, and full caps."""

from datetime import datetime

from django.db.models import Count

from sora_portal.catalog import breaker_state
from sora_portal.catalog.circuit_breaker import Operation
from sora_portal.catalog.models import Breaker, Connection, VideoModel
from sora_portal.generations.domain import State
from sora_portal.generations.models import Generation
from sora_portal.web.words import about


def delays(now: datetime) -> list[str]:
    """Return one sentence for each thing that holds videos up, in the order of the connections; two or three queries.

    Paused connections and closed models are left out: they have sentences of their own.
    """
    unwell: dict[int, dict[str, Breaker]] = {}
    for row in breaker_state.tripped():
        unwell.setdefault(row.connection_id, {})[row.operation] = row
    # Live rows are due at some time, and few: that the filter says so lets the database read only them.
    rows = Generation.objects.filter(
        model__in=VideoModel.objects.offered().values("pk"), state=State.QUEUED.value, due_at__isnull=False
    )
    rows = rows.exclude(waiting_for="")
    waiting = dict(rows.values_list("connection_id").annotate(Count("pk")))
    if not unwell and not waiting:
        return []
    found = []
    for connection in Connection.objects.filter(pk__in={*unwell, *waiting}, paused_at=None):
        rows_there = waiting.get(connection.pk, 0)
        found += list(_of(connection, unwell.get(connection.pk, {}), rows_there, now))
    return found


def _of(connection: Connection, unwell: dict[str, Breaker], waiting: int, now: datetime) -> list[str]:
    said = []
    opened = [unwell[name].opened_at for name in (Operation.CREATE, Operation.QUERY) if name in unwell]
    since = min((at for at in opened if at), default=None)
    if since:
        held = f"{_videos(waiting)} for it" if waiting else "Nothing is sent there"
        said.append(
            f"{connection.label} has not answered properly for {about((now - since).total_seconds())}."
            f" {held}; the portal keeps asking whether it works again."
        )
    elif waiting:
        said.append(
            f"{_videos(waiting)} for a free place at {connection.label}, which takes {connection.max_in_flight} at once"
            f" and {connection.max_creates} new ones in ten seconds."
        )
    download = unwell.get(Operation.DOWNLOAD)
    if download is not None and download.opened_at:
        said.append(
            f"The download server of {connection.label} has not answered for"
            f" {about((now - download.opened_at).total_seconds())}. Finished videos are fetched when it does."
        )
    return said


def _videos(number: int) -> str:
    return f"{number} video{' waits' if number == 1 else 's wait'}"
