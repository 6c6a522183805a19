"""The count after a chaos run finds every kind of damage, and nothing in a house where all is well."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from chaos.invariants import Memory, broken
from sora_portal.generations.domain import State
from sora_portal.generations.models import Attempt, Generation
from sora_portal.generations.resolution import actions
from sora_portal.outputs.media import storage
from sora_portal.outputs.models import Output
from tests import factories
from tests.database import guards_lifted
from tests.generations.resolution import doubt
from tests.outputs import clips
from tests.outputs.fetching import late

pytestmark = pytest.mark.django_db


def task(row: Generation, task_id: str = "", state: str = "succeeded") -> dict[str, Any]:
    """Return what the vendor remembers of the task of `row`."""
    return {"task_id": task_id or f"task-{row.public_id}", "prompt": row.prompt, "state": state}


def headings(*tasks: dict[str, Any], keys: tuple[str, ...] = (), quiet: bool = True) -> set[str]:
    memory: Memory = {"creates": [], "tasks": list(tasks)}
    return {one.heading for one in broken(memory, keys=keys, quiet=quiet)}


@pytest.fixture
def done() -> Generation:
    """A finished video with its file."""
    row = clips.finished()
    output = Output.objects.get(generation=row)
    real = hashlib.sha256(clips.clip()).hexdigest()
    target = storage.video_path(real, output.mime)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(clips.clip())
    Output.objects.filter(pk=output.pk).update(sha256=real)
    return row


def test_house_where_all_is_well_has_nothing_to_count(done: Generation) -> None:
    assert headings(task(done), keys=(done.submit_key,)) == set()


def test_submit_without_its_video_is_lost(done: Generation) -> None:
    assert headings(task(done), keys=("never-arrived",)) == {"lost"}


def test_constraint_that_is_gone_counts_though_nobody_ran_into_it(done: Generation) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX generations_one_live_attempt")
    assert headings(task(done)) == {"ledger I8"}


def test_video_without_its_file_is_lost(done: Generation) -> None:
    path: Path = storage.video_path(Output.objects.get().sha256, "video/mp4")
    path.write_bytes(b"something else")
    assert headings(task(done)) == {"lost"}


def test_second_task_for_one_video_is_paid_twice_and_known_to_nobody(done: Generation) -> None:
    assert headings(task(done), task(done, "another")) == {"double-paid", "lost"}


def test_task_that_only_the_vendor_knows_is_lost_unless_the_portal_says_that_it_does_not_know() -> None:
    queued = factories.generation(prompt="one")
    doubtful = factories.generation(prompt="two", state=State.UNCONFIRMED)
    assert headings(task(queued), task(doubtful, "lost"), quiet=False) == {"lost"}
    assert headings(task(doubtful, "lost"), quiet=False) == set()


def test_task_of_another_video_has_two_owners(done: Generation) -> None:
    other = factories.generation(prompt="other", state=State.RUNNING)
    swapped = {**task(done), "prompt": other.prompt}
    assert headings(swapped, task(other, state="running"), quiet=False) >= {"two owners"}


def test_failure_of_a_video_that_the_vendor_finished_is_wrongly_settled() -> None:
    failed = factories.generation(state=State.FAILED)
    assert headings(task(failed)) == {"wrongly settled"}
    assert headings(task(failed, state="failed")) == set()


def test_write_off_of_a_video_that_the_vendor_finished_is_no_wrong_settlement() -> None:
    row = doubt.unknown()
    actions.write_off(by=factories.mo(), generation=row, reason="no news for hours", now=timezone.now())
    row.attempts.update(vendor_task_id="late")
    assert headings(task(row, "late")) == set()


def test_recovered_video_without_its_file_is_lost() -> None:
    row = late.recovered()
    assert headings(task(row)) == set()
    storage.video_path(row.sha256, "video/mp4").unlink()
    assert headings(task(row)) == {"lost"}


def test_end_without_settlement_is_wrongly_settled() -> None:
    row = factories.generation()
    Generation.objects.filter(pk=row.pk).update(state="failed", due_at=None, finished_at=timezone.now())
    assert headings() == {"wrongly settled"}


def test_row_that_nobody_moves_is_stuck_only_once_it_is_quiet() -> None:
    factories.generation()
    assert headings() == {"stuck"}
    assert headings(quiet=False) == set()


def test_two_live_attempts_are_counted_where_the_index_is_gone() -> None:
    row = factories.generation(state=State.UNCONFIRMED)
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX generations_one_live_attempt")
    attempt = Attempt.objects.get()
    attempt.pk, attempt.number, attempt.token_hash = None, 2, "x"
    attempt.save(force_insert=True)
    assert headings(quiet=False) == {"two live attempts", "ledger I8"}
    assert row.attempts.count() == 2


def test_difference_in_the_ledger_is_counted(done: Generation) -> None:
    with guards_lifted(connection), connection.cursor() as cursor:
        cursor.execute("UPDATE credits_account SET credits = credits + 1, balance = balance + 1 WHERE bucket = 'spent'")
    assert headings(task(done)) == {"ledger I1"}
