"""A day in the portal, run in one process: a live server for callbacks, a real sweeper, a worker that reads the queue.

The only things that are not as in production are the clock of intervals, which runs a hundred times faster, and that
the worker is a loop in the test instead of a cluster.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.utils.module_loading import import_string
from django_q.models import OrmQ

from sora_portal.catalog.models import Breaker, Connection, VideoModel
from sora_portal.generations.models import Generation
from sora_portal.generations.polling.lease_file import LeaseFile
from sora_portal.generations.polling.poller import Poller
from sora_portal.ledger import verify
from sora_portal.ledger.models import Hold
from tests import factories

SLUGS = {"ruxa": "ruxa-sora-2", "apixo": "apixo-sora-2", "sora2api": "sora2api-standard"}
WIDE = 1000
DOUBT = ("unconfirmed", "needs_decision")


def outcome(row: Generation) -> str:
    """Return where a row stands in one word: its state, why it failed, "in doubt" for the two states of doubt."""
    if row.state in DOUBT:
        return "in doubt"
    return f"failed {row.failure_kind}" if row.state == "failed" else row.state


def order(vendor: str, prompt: str) -> Generation:
    """Submit one video as ada does; its wake-up is in the queue. No cap of ours holds it back."""
    model = factories.offered_model(SLUGS[vendor])
    Connection.objects.filter(max_in_flight__lt=WIDE).update(max_in_flight=WIDE, max_creates=WIDE)
    return factories.generation(model=model, prompt=prompt)


def work() -> int:
    """Do what is in the queue, as a worker does, and return how many tasks there were."""
    tasks = list(OrmQ.objects.order_by("pk"))
    for row in tasks:
        task: dict[str, Any] = row.task
        OrmQ.objects.filter(pk=row.pk).delete()
        import_string(task["func"])(*task["args"])
    return len(tasks)


@contextmanager
def sweeping(folder: Path) -> Iterator[None]:
    """Let a real sweeper run beside the block."""
    stop = threading.Event()
    sweeper = Poller(LeaseFile(folder, "1"))
    thread = threading.Thread(target=sweeper.run, args=(600, lambda: not stop.is_set()))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def live(until: dict[int, str], *, seconds: float = 140, unlatch: bool = True) -> dict[int, str]:
    """Work until every row (by primary key) is where `until` says or `seconds` are over; return where they are.

    "running|in doubt" in `until` takes either, and is returned for either.
    `unlatch` opens again what a vendor's trouble paused, so that one scenario does not hold up the next.
    """
    end = time.monotonic() + seconds
    seen: dict[int, str] = {}
    reopened = 0.0
    while time.monotonic() < end:
        if not work():
            time.sleep(0.05)
        # Not in every turn: SQLite has one writer, and a callback that has to wait too long for its turn is lost.
        if unlatch and time.monotonic() > reopened + 0.3:
            open_ways()
            reopened = time.monotonic()
        ends = {row.pk: outcome(row) for row in Generation.objects.filter(pk__in=until)}
        seen = {pk: until[pk] if end in until[pk].split("|") else end for pk, end in ends.items()}
        if seen == until:
            break
    return seen


def held_up(row: Generation, *, seconds: float = 60) -> None:
    """Work until a queued video says why it waits."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not Generation.objects.filter(pk=row.pk).exclude(waiting_for="").exists():
        if not work():
            time.sleep(0.05)


def open_ways() -> None:
    """Let everything go out again, whatever was latched or rests."""
    Breaker.objects.all().delete()
    Connection.objects.exclude(paused_at=None).update(paused_at=None, pause_reason="", latched=False)
    VideoModel.objects.exclude(lifecycle="active").update(lifecycle="active")


def books() -> None:
    """Hold the money against the rows: reserved while it lives, captured once for a file, released for a failure."""
    assert verify.differences() == []
    for row in Generation.objects.select_related("hold"):
        hold = row.hold
        assert isinstance(hold, Hold)
        settled = (hold.state, hold.captured, hold.released)
        expected = {
            "succeeded": ("settled", row.price_milli, 0),
            "failed": ("settled", 0, row.price_milli),
            "cancelled": ("settled", 0, row.price_milli),
        }
        assert settled == expected.get(row.state, ("held", 0, 0)), (row.prompt, row.state, settled)
