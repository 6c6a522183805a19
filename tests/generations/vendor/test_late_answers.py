"""Answers to a create call that come after their lease, after a decision, or to a full disk: no task id gets lost."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from sora_portal.catalog.models import Connection, VideoModel
from sora_portal.generations.dispatch import claim, send
from sora_portal.generations.dispatch.send import CREATE_TIMEOUT
from sora_portal.generations.domain import LEASE, SEND_WINDOW, State
from sora_portal.generations.models import Attempt, Generation
from sora_portal.generations.resolution import actions
from sora_portal.generations.vendor import create_result, receipts
from sora_portal.ledger.models import Hold
from sora_portal.providers.base import Created, ErrorKind, Verdict
from tests import factories
from tests.generations.resolution import doubt
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db
ACCEPTED = Created(Verdict.ACCEPTED, task_id="the-task")


def _answered(row: Generation, created: Created) -> Generation:
    create_result.record_created(attempt_id=row.attempts.get().pk, created=created)
    return Generation.objects.get(pk=row.pk)


def test_a_full_disk_does_not_cost_the_task_id(sandboxed: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    row = factories.generation()

    def full(receipt: receipts.Receipt) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(receipts, "write", full)
    send.submit_step(row.pk)
    task = sandboxed.memory()["tasks"][0]["task_id"]
    assert (row.attempts.get().vendor_task_id, Generation.objects.get().state) == (task, "running")


def test_nothing_is_claimed_while_receipts_cannot_be_written(sandboxed: Sandbox, data_dir: Path) -> None:
    row = factories.generation()
    (data_dir / "spool").rmdir()
    with pytest.raises(OSError, match="spool"):
        send.submit_step(row.pk)
    assert (Generation.objects.get().state, row.attempts.count()) == ("queued", 0)
    assert sandboxed.memory()["creates"] == []


@pytest.mark.parametrize("asked", [False, True])
def test_a_late_wait_puts_the_video_back_in_line(asked: bool) -> None:
    row = doubt.unknown() if asked else factories.generation(state=State.UNCONFIRMED)
    row = _answered(row, Created(Verdict.WAIT, kind=ErrorKind.RATE_LIMITED, code="429", message="slow"))
    assert (row.state, row.failure_kind, Hold.objects.get().state) == ("queued", "", "held")


def test_late_vendor_trouble_pauses_the_connection_and_keeps_the_video() -> None:
    trouble = Created(Verdict.VENDOR_TROUBLE, kind=ErrorKind.NO_BALANCE, code="402", message="top up")
    row = _answered(factories.generation(state=State.UNCONFIRMED), trouble)
    assert (row.state, Hold.objects.get().state) == ("queued", "held")
    assert Connection.objects.get(pk=row.connection_id).latched


def test_a_task_id_that_comes_after_the_write_off_is_kept_and_told() -> None:
    row = factories.generation(state=State.UNCONFIRMED)
    actions.write_off(by=factories.mo(), generation=row, reason="no news for hours", now=timezone.now())
    row = _answered(row, ACCEPTED)
    assert (row.state, row.attempts.get().vendor_task_id) == ("failed", "the-task")
    assert Hold.objects.get().released == 40_000, "money does not move by itself"
    assert row.events.get(kind="late").text


def test_a_receipt_of_a_video_that_was_written_off_is_kept_as_well() -> None:
    row = factories.generation(state=State.UNCONFIRMED)
    actions.write_off(by=factories.mo(), generation=row, reason="no news for hours", now=timezone.now())
    receipts.write(receipts.Receipt(row.attempts.get().pk, "the-task"))
    create_result.import_receipts()
    assert row.attempts.get().vendor_task_id == "the-task"


def test_two_different_task_ids_for_one_attempt_are_told() -> None:
    row = factories.generation(state=State.RUNNING, task_id="from-a-callback")
    row = _answered(row, ACCEPTED)
    assert row.attempts.get().vendor_task_id == "from-a-callback"
    assert "the-task" in row.events.get(kind="late").staff_text


def test_the_same_task_id_twice_is_no_news() -> None:
    row = _answered(factories.generation(state=State.RUNNING, task_id="the-task"), ACCEPTED)
    assert not row.events.filter(kind="late").exists()


def test_a_task_of_another_video_is_no_answer() -> None:
    factories.generation(state=State.RUNNING, task_id="the-task")
    row = _answered(factories.generation(state=State.SUBMITTING), ACCEPTED)
    attempt = row.attempts.get()
    assert (row.state, attempt.phase, "the-task" in attempt.vendor_message) == ("unconfirmed", "unknown", True)


def test_one_bad_receipt_does_not_hold_up_the_others() -> None:
    broken, good = factories.generation(state=State.UNCONFIRMED), factories.generation(state=State.UNCONFIRMED)
    model = factories.offered_model("apixo-sora-2")
    Generation.objects.filter(pk=broken.pk).update(model=model)
    VideoModel.objects.filter(pk=model.pk).update(spec={"nonsense": True})
    for row in (broken, good):
        receipts.write(receipts.Receipt(row.attempts.get().pk, f"task-{row.pk}"))
    create_result.import_receipts()
    assert good.attempts.get().vendor_task_id == f"task-{good.pk}"
    assert [receipt.task_id for receipt in receipts.waiting()] == [f"task-{broken.pk}"], "it is tried again"


def test_a_receipt_without_a_row_is_put_aside_for_people(data_dir: Path) -> None:
    receipts.write(receipts.Receipt(4711, "somebody-paid-for-this"))
    create_result.import_receipts()
    assert list(receipts.waiting()) == []
    kept = [path.read_text() for path in (data_dir / "spool").iterdir()]
    assert any("somebody-paid-for-this" in text for text in kept)


def test_a_receipt_of_another_attempt_with_the_same_number_binds_nothing(data_dir: Path) -> None:
    row = factories.generation(state=State.UNCONFIRMED)
    receipts.write(receipts.Receipt(row.attempts.get().pk, "of-a-video-after-the-backup", whose="another"))
    create_result.import_receipts()
    assert (row.attempts.get().vendor_task_id, list(receipts.waiting())) == (None, [])


def test_a_request_that_cannot_be_written_never_counts_as_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    row = factories.generation()

    class Broken:
        def create_call(self, *_: object) -> None:
            raise ValueError("cannot be put into words")

    monkeypatch.setattr(send, "provider", lambda _: Broken())
    with pytest.raises(ValueError, match="words"):
        send.submit_step(row.pk)
    assert Attempt.objects.get().phase == "prepared", "the point of no return was not crossed"


def test_a_create_call_ends_before_its_lease() -> None:
    assert LEASE > CREATE_TIMEOUT + SEND_WINDOW
    row = factories.generation()
    now = timezone.now()
    claim.claim(row.pk, now)
    row.refresh_from_db()
    assert row.held_until is not None
    assert row.held_until > now + timedelta(seconds=CREATE_TIMEOUT)
