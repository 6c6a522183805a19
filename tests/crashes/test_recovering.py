"""A worker that dies while it recovers a late file: one file, no charge, and the end stands."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from sora_portal.generations.dispatch import send
from sora_portal.generations.models import Generation, LateTask
from sora_portal.generations.resolution import actions
from sora_portal.generations.vendor import create_result
from sora_portal.ledger.models import Journal
from sora_portal.outputs.models import Output
from sora_portal.providers.base import Created, Verdict
from tests import factories
from tests.crashes.conftest import Crew, video
from tests.crashes.test_fetching import files


def ended_too_early(crew: Crew) -> Generation:
    """Return a written-off video whose lost answer comes now, from the disk or the wire."""
    row = video("a fox [lost-silent]")
    send.submit_step(row.pk)
    row.refresh_from_db()
    actions.write_off(by=factories.mo(), generation=row, reason="no news for hours", now=timezone.now())
    memory = crew.sandbox.wait_until(lambda memory: memory["tasks"][0]["state"] == "succeeded")
    created = Created(Verdict.ACCEPTED, task_id=memory["tasks"][0]["task_id"])
    create_result.record_created(attempt_id=row.attempts.get().pk, created=created)
    return row


@pytest.mark.parametrize("point", ["mid-download", "recovered-stored", "recovery-uncommitted"])
def test_worker_killed_while_it_recovers_leaves_one_file_and_no_charge(crew: Crew, data_dir: Path, point: str) -> None:
    row = ended_too_early(crew)
    crew.dies_at(point)
    assert not Output.objects.exists()
    past = timezone.now() - timedelta(seconds=5)
    LateTask.objects.filter(due_at__isnull=False).update(until=past, due_at=past)
    crew.until(lambda: Generation.objects.filter(recovered_at__isnull=False).exists())
    row.refresh_from_db()
    assert (row.state, files(data_dir), Output.objects.count()) == ("failed", [".mp4", ".webp"], 1)
    assert not Journal.objects.filter(kind="capture").exists()
