"""What the tests of retired models share: videos that wait for one, and doing several things at once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection
from django.utils import timezone

from sora_portal.catalog import actions as catalog
from sora_portal.catalog.models import Connection, VideoModel
from sora_portal.generations.models import Generation
from sora_portal.generations.reassignment.actions import Target
from sora_portal.ledger.models import Hold
from sora_portal.ledger.verify import differences
from tests import factories


def retire(slug: str = "ruxa-sora-2", successor: str = "apixo-kling-2-6") -> VideoModel:
    """Retire a model today and return it as it is then."""
    model, follows = factories.offered_model(slug), factories.offered_model(successor)
    catalog.set_model_lifecycle(by=factories.mo(), model=model, lifecycle="retired", successor=follows)
    return factories.offered_model(slug)


def place(model: VideoModel) -> Target:
    """The place where the videos of `model` wait."""
    return Target(model.connection, model)


def roomy() -> None:
    """Lift the caps on what a vendor takes at once and in a while: the tests are about something else."""
    Connection.objects.update(max_in_flight=10_000, max_creates=10_000)


def queued(number: int, **values: str) -> list[Generation]:
    """Return `number` videos of ada's that wait for the first model."""
    return [factories.generation(now=timezone.now(), **values) for _ in range(number)]  # type: ignore[arg-type]


def books_are_right() -> None:
    """Check the ledger, and that each live video has one unsettled hold of its price, and each ended one none."""
    assert differences() == []
    for row in Generation.objects.select_related("hold"):
        assert row.hold.amount == row.price_milli
        assert row.hold.is_settled is not row.is_live
        holds = Hold.objects.filter(ref__startswith=row.public_id)
        assert [hold.pk for hold in holds if not hold.is_settled] == ([row.hold_id] if row.is_live else [])


def together(*works: Callable[[], object]) -> list[object]:
    """Run `works` at once, each with a database connection of its own, and return what they return."""
    gate = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> object:
        gate.wait()
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))
