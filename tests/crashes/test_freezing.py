"""A worker that is frozen with a transaction open: its locks do not stop the others, and it can do nothing later."""

import pytest
from django.db import connection

from sora_portal.ledger.models import Journal
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


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer, which the test has to wait for")
def test_worker_frozen_with_many_videos_in_line_keeps_the_connection_from_others_once_at_most(crew: Crew) -> None:
    rows = [video(f"fox {number}") for number in range(8)]
    frozen = crew.freezes_at("claimed")
    # Each of its lanes that waited for the connection would keep it for ten seconds, longer than this test waits.
    crew.until(lambda: {state(row) for row in rows} == {"succeeded"})
    crew.wakes(frozen)
    assert len(crew.sandbox.memory()["creates"]) == 8
