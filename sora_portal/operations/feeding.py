"""What the watchdogs put into the queues so that a healthy cluster has something to show."""

from collections.abc import Callable

from django.conf import settings
from django.db import close_old_connections, connection
from django.utils import timezone
from django_q.brokers import Broker, get_broker
from django_q.models import OrmQ
from django_q.tasks import async_task

from sora_portal.generations import tasks as sweep
from sora_portal.operations import verifying

WORK, SWEEP = "work", settings.SWEEP_CLUSTER


class Receipt:
    """A broker that remembers the queue row of what went through it; `async_task` itself forgets it."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.list_key: str = broker.list_key
        self.row: int | None = None

    def enqueue(self, package: str) -> int:
        """Queue a signed package and keep the row's id."""
        self.row = int(self._broker.enqueue(package))
        return self.row


class PulseFeed:
    """Keeps one `pulse` on its way to the work cluster, and never more than one that nobody has taken yet.

    A cluster that is down must not find a heap of them when it comes back.
    """

    def __init__(self) -> None:
        self._row: int | None = None

    def __call__(self) -> None:
        """Queue a pulse unless the one before it still waits; raises what the database raises."""
        if self._row is not None and OrmQ.objects.filter(pk=self._row, lock__lte=timezone.now()).exists():
            return
        receipt = Receipt(get_broker(WORK))
        async_task("sora_portal.operations.tasks.pulse", broker=receipt)
        self._row = receipt.row


def feed_sweep() -> None:
    """See to it that the sweep's batons go round; its slices touch the beat file themselves, every tick."""
    sweep.ensure_sweep()


def with_fresh_connection(feed: Callable[[], None]) -> Callable[[], None]:
    """Return `feed` for a thread that lives for ever: after a failure the next call gets a new connection."""

    def call() -> None:
        close_old_connections()
        try:
            feed()
        except Exception:
            connection.close()
            raise

    return call


def feed_for(cluster: str) -> Callable[[], None]:
    """Return the feeding function of a cluster by its name."""
    return with_fresh_connection(feed_sweep if cluster == SWEEP else _feed_work())


def _feed_work() -> Callable[[], None]:
    """Return the feed of the work cluster: pulses, and what is to be done once an hour."""
    pulse = PulseFeed()

    def feed() -> None:
        pulse()
        verifying.reconcile_if_due()

    return feed
