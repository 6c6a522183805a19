"""A worker that is frozen with a transaction open: its locks do not stop the others, and it can do nothing later."""

import pytest
from django.db import connection

from sora_portal.credits.models import Journal
from tests.crashes.conftest import Crew, state, video


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has one writer: only the end of a frozen one lets others go on"
)
def test_worker_frozen_inside_a_transaction_does_not_hold_the_others_up(crew: Crew) -> None:
    row = video()
    frozen = crew.freezes_at("capture-uncommitted")
    # Waits for the server to end the frozen transaction, whose lock it needs.
    crew.lease_ends(row)
    crew.until(lambda: state(row) == "succeeded")
    crew.wakes(frozen)
    assert Journal.objects.filter(kind="capture").count() == 1
