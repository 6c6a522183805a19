"""What the watchdogs put into the queues so that a healthy cluster has something to show."""

from collections.abc import Callable

from django.conf import settings
from django.db import close_old_connections, connection
from django_q.brokers import Broker, get_broker
from django_q.tasks import async_task

from sora_portal import clock
from sora_portal.broker import sweep_out, waiting
from sora_portal.generations.polling.slot import Lookout
from sora_portal.operations.reconciliation import checks

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
    """Keeps one `pulse` on its way to one cluster, and never more than one that nobody has taken yet.

    A cluster that is down must not find a heap of them when it comes back. `queue` is its own: another cluster beside
    it, on another host, must not take its pulses and live on them.
    """

    def __init__(self, queue: str = WORK) -> None:
        self._queue = queue
        self._row: int | None = None

    def __call__(self) -> None:
        """Queue a pulse unless the one before it still waits; raises what the database raises."""
        if self._row is not None and waiting([self._queue], clock.now()).filter(pk=self._row).exists():
            return
        receipt = Receipt(get_broker(self._queue))
        async_task("sora_portal.operations.tasks.pulse", broker=receipt)
        self._row = receipt.row


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


def feed_for(cluster: str, queue: str) -> Callable[[], None]:
    """Return the feeding function of a cluster by its name; `queue` is the one that it alone reads."""
    return with_fresh_connection(_feed(cluster, queue))


def _feed(cluster: str, queue: str) -> Callable[[], None]:
    """Return what keeps a cluster at work: pulses for one that is idle, slices of the sweep, the hourly work."""
    pulse = PulseFeed(queue)
    work = Lookout(queue) if cluster == SWEEP else checks.reconcile_if_due
    sweep_out(cluster)

    def feed() -> None:
        pulse()
        work()

    return feed
