"""Backups in a test: what was done is taken back in the database, and stays in the journal and at the vendor."""

from collections import Counter
from collections.abc import Callable

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from sora_portal.catalog.models import Connection
from sora_portal.generations.dispatch.send import submit_step
from sora_portal.generations.models import Generation
from sora_portal.generations.restored import check, release
from tests import factories
from tests.sandbox_server import Sandbox

TWELVE = 12


@pytest.fixture
def live(sandboxed: Sandbox, settings: Settings) -> Sandbox:
    """The sandbox as a vendor that costs money: with a key."""
    settings.SORA_PORTAL_VENDORS = {"ruxa": {"url": f"{sandboxed.url}/ruxa", "key": "a-key-that-pays"}}
    return sandboxed


def started() -> None:
    """Begin as a new process does: it looks at once."""
    check._looked.clear()
    check.closed(timezone.now())


def queued(count: int = TWELVE) -> list[Generation]:
    factories.offered_model()
    Connection.objects.update(max_in_flight=100, max_creates=100)
    return [factories.generation(prompt=f"fox {number}") for number in range(count)]


def sent(rows: list[Generation]) -> None:
    for row in rows:
        submit_step(row.pk)


def set_back(work: Callable[[], None]) -> None:
    """Make a backup, do `work`, and restore the backup: of the database, not of the data folder."""
    backup = transaction.atomic()
    # Like the test's own transaction: what is sent in it is not sent inside one of the portal's.
    backup._from_testcase = True  # type: ignore[attr-defined]
    with backup:
        work()
        transaction.set_rollback(True)
    started()


def doubled(live: Sandbox) -> int:
    prompts = Counter(create["body"]["input"]["prompt"] for create in live.memory()["creates"])
    return sum(count > 1 for count in prompts.values())


def released(*, send_rest: bool = True) -> release.Released:
    return release.restored(by=factories.mo(), send_rest=send_rest, now=timezone.now())
