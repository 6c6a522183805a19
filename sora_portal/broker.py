"""The queue's table as a django-q2 broker: by the portal's own clock, urgent calls first, and a queue for each cluster.

Two clusters of one name, on two hosts, share the work in their common queue. What is meant for one of them alone (the
pulse by which its watchdog sees that it works, the next slice of a sweep) is in a queue of its own, whose name its
watchdog gives it in the environment.
"""

import os
from datetime import datetime, timedelta
from time import sleep
from typing import Any

from django.db.models import Case, Q, QuerySet, Value, When
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ

from sora_portal import clock

OWN_QUEUE_VARIABLE = "SORA_PORTAL_OWN_QUEUE"
FIRST = "work-first"
"""Calls to a connection with a free place: they take milliseconds to come to the point, a download takes minutes."""
AHEAD = {"work": [FIRST]}
LEFT_BEHIND = timedelta(hours=1)


def own_queue(default: str) -> str:
    """Return the name of the queue that this cluster alone reads; `default` outside a watched cluster."""
    return os.environ.get(OWN_QUEUE_VARIABLE) or default


def waiting(keys: list[str], now: datetime) -> QuerySet[OrmQ]:
    """Return the entries of these queues that may be taken, the first queue first.

    One that is locked for longer than any entry can be was taken or queued by a clock that was wrong.
    """
    never = now + timedelta(seconds=2 * Conf.RETRY)
    place = Case(*(When(key=key, then=Value(number)) for number, key in enumerate(keys)))
    rows: QuerySet[OrmQ] = OrmQ.objects.filter(Q(lock__lte=now) | Q(lock__gt=never), key__in=keys)
    return rows.order_by(place, "id")


def sweep_out(cluster: str) -> None:
    """Forget what is in queues of clusters that are gone."""
    OrmQ.objects.filter(key__startswith=f"{cluster}:", lock__lt=clock.now() - LEFT_BEHIND).delete()


class Queue(ORM):  # type: ignore[misc]
    """django-q2's own broker for a table, where it differs."""

    def enqueue(self, task: str) -> int:
        """Put an entry into the queue; return its row's id."""
        row = self.get_connection().create(key=self.list_key or Conf.CLUSTER_NAME, payload=task, lock=clock.now())
        return int(row.pk)

    def dequeue(self) -> list[tuple[int, str]] | None:
        """Take the next entry; rests a little and returns None when there is none."""
        self.get_connection()
        now = clock.now()
        own = os.environ.get(OWN_QUEUE_VARIABLE)
        keys = [*([own] if own else []), *AHEAD.get(self.list_key, []), self.list_key]
        row = waiting(keys, now).first()
        if row is None:
            sleep(Conf.POLL)
            return None
        # Of several that saw it, one takes it.
        taken = OrmQ.objects.filter(pk=row.pk, lock=row.lock).update(lock=now + timedelta(seconds=Conf.RETRY))
        return [(row.pk, row.payload)] if taken else None

    def queue_size(self) -> int:
        """Return how many entries wait."""
        return waiting([self.list_key], clock.now()).count()

    def lock_size(self) -> int:
        """Return how many entries somebody has taken."""
        rows: Any = OrmQ.objects.filter(key=self.list_key, lock__gt=clock.now())
        return int(rows.count())
