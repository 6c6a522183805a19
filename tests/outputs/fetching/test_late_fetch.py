"""What a vendor made after all of a video that had ended: kept, shown, and not charged."""

import time
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from sora_portal.generations.dispatch import send
from sora_portal.generations.domain import FETCH_LIMIT, LATE_WATCH, State
from sora_portal.generations.models import Attempt, Generation, LateTask
from sora_portal.generations.resolution import actions
from sora_portal.generations.vendor import create_result, status_result
from sora_portal.ledger.models import Hold, Journal, Transfer
from sora_portal.outputs.media import storage
from sora_portal.outputs.models import Output
from sora_portal.outputs.tasks import recover
from sora_portal.providers.base import Created, ErrorKind, Job, JobState, Verdict
from tests import factories
from tests.outputs.fetching import late
from tests.sandbox_server import Sandbox
from tests.vendors import day

pytestmark = pytest.mark.django_db


def step() -> LateTask:
    """Look after the only late task, and return it."""
    recover(LateTask.objects.get().pk)
    return LateTask.objects.get()


def books() -> tuple[int, int]:
    """Return how many lines the ledger has."""
    return Journal.objects.count(), Transfer.objects.count()


@pytest.mark.django_db(transaction=True)
def test_late_callback_of_a_written_off_video_brings_its_file_and_moves_no_credits(
    sandboxed: Sandbox, live_server: LiveServer, settings: Settings
) -> None:
    settings.SORA_PORTAL_PUBLIC_URL = live_server.url
    row = factories.generation(model=factories.offered_model("apixo-sora-2"), prompt="A horse [lost] [wait:2]")
    send.submit_step(row.pk)
    row.refresh_from_db()
    actions.write_off(by=factories.mo(), generation=row, reason="no news for hours", now=timezone.now())
    before = books()

    end = time.monotonic() + 30
    while not Output.objects.exists() and time.monotonic() < end:
        if not day.work():
            time.sleep(0.1)

    row.refresh_from_db()
    output = Output.objects.get(generation=row)
    assert (row.state, row.review, row.sha256) == ("failed", "to_review", output.sha256)
    assert row.recovered_at is not None
    assert storage.video_path(output.sha256, output.mime).stat().st_size == output.size
    assert row.events.filter(kind="recovered").count() == 1
    hold = Hold.objects.get()
    assert (hold.captured, hold.released, books()) == (0, row.price_milli, before)
    call_command("ledger_verify", stdout=StringIO())


def test_late_create_answer_of_a_written_off_video_brings_its_file(sandboxed: Sandbox) -> None:
    row = late.written_off()
    created = Created(Verdict.ACCEPTED, task_id=late.task_of(sandboxed))
    create_result.record_created(attempt_id=row.attempts.get().pk, created=created)

    assert (step().outcome, Output.objects.get().generation) == ("recovered", row)


def test_video_that_is_written_off_while_its_task_is_known_is_watched_from_then_on(sandboxed: Sandbox) -> None:
    sandboxed.settings(seconds_per_video=0.1)
    row = factories.generation(model=factories.offered_model("apixo-sora-2"), prompt="A horse [no-callback]")
    send.submit_step(row.pk)
    row.refresh_from_db()
    status_result._ask_people(row, timezone.now(), "It takes too long.")
    actions.write_off(by=factories.mo(), generation=row, reason="nobody waits for it", now=timezone.now())
    late.task_of(sandboxed)

    assert step().outcome == "recovered"


def test_video_that_the_vendor_failed_and_then_made_is_recovered(sandboxed: Sandbox) -> None:
    row = factories.generation(model=factories.offered_model("apixo-sora-2"), prompt="A horse [no-callback]")
    send.submit_step(row.pk)
    attempt = row.attempts.get()
    failed = Job(state=JobState.FAILED, kind=ErrorKind.GENERATION_FAILED)
    status_result.record(attempt_id=attempt.pk, job=failed, now=timezone.now())
    task = late.task_of(sandboxed)

    late.callback(row, task, state="failed")
    watched = LateTask.objects.get()
    assert watched.until > timezone.now() + timedelta(seconds=5), "that it failed is no reason to hurry"
    late.now_due()

    assert step().outcome == "recovered", "nobody told us, and it is seen"
    row.refresh_from_db()
    assert row.state == "failed"


@pytest.mark.parametrize("marker", ["[fail]", "[policy-late]"])
def test_late_task_that_failed_leaves_nothing_and_is_asked_about_again(sandboxed: Sandbox, marker: str) -> None:
    row = late.written_off(marker)
    late.callback(row, late.task_of(sandboxed))
    before = books()

    watched = step()

    row.refresh_from_db()
    assert watched.due_at is not None
    assert watched.until > timezone.now() + timedelta(seconds=5)
    assert (row.recovered_at, row.review, Output.objects.count(), books()) == (None, "", 0, before)


def test_callback_and_step_twice_make_one_file_and_one_question(sandboxed: Sandbox) -> None:
    row = late.written_off()
    task = late.task_of(sandboxed)
    late.callback(row, task)
    step()
    polls = sandboxed.memory()["tasks"][0]["polls"]

    late.callback(row, task, note="again")
    step()

    assert (Output.objects.count(), row.events.filter(kind="recovered").count()) == (1, 1)
    assert sandboxed.memory()["tasks"][0]["polls"] == polls


def test_callback_that_claims_success_of_a_running_task_only_makes_the_portal_look(sandboxed: Sandbox) -> None:
    sandboxed.settings(seconds_per_video=60)
    row = late.written_off()
    late.callback(row, sandboxed.memory()["tasks"][0]["task_id"])

    watched = step()

    assert watched.due_at is not None
    assert watched.until > timezone.now() + timedelta(seconds=5), "at the pace of the sandbox"
    assert not Output.objects.exists()


def test_watch_ends_after_fifteen_days_without_another_question(sandboxed: Sandbox) -> None:
    sandboxed.settings(seconds_per_video=600)
    row = late.written_off()
    late.callback(row, sandboxed.memory()["tasks"][0]["task_id"])
    step()
    polls = sandboxed.memory()["tasks"][0]["polls"]
    LateTask.objects.update(ends_at=timezone.now(), until=timezone.now())

    assert (step().due_at, sandboxed.memory()["tasks"][0]["polls"]) == (None, polls)
    assert LATE_WATCH == 15 * 24 * 3600, "so long vendors keep a file"


def test_task_that_the_vendor_does_not_know_for_a_while_is_still_asked_about(sandboxed: Sandbox) -> None:
    row = late.written_off()
    late.callback(row, late.task_of(sandboxed))
    sandboxed.reset()
    for _ in range(4):
        late.now_due()
        step()

    assert (LateTask.objects.get().due_at is not None, LateTask.objects.get().not_found) == (True, 4)


def test_file_that_cannot_be_had_is_told_once_and_tried_in_the_rhythm_of_the_watch(sandboxed: Sandbox) -> None:
    row = late.written_off("[gone]")
    late.callback(row, late.task_of(sandboxed))
    LateTask.objects.update(tries=FETCH_LIMIT - 2)
    for _ in range(3):
        watched = step()
        late.now_due()

    assert (watched.due_at is not None, watched.tries, Output.objects.exists()) == (True, FETCH_LIMIT, False)
    assert row.events.filter(kind="late", text__contains="cannot be had").count() == 1


def test_late_task_of_a_video_that_is_under_way_again_is_left_alone(sandboxed: Sandbox) -> None:
    row = factories.generation(model=factories.offered_model("apixo-sora-2"), state=State.UNCONFIRMED)
    wait = Created(Verdict.WAIT, kind=ErrorKind.RATE_LIMITED, code="429")
    create_result.record_created(attempt_id=row.attempts.get().pk, created=wait)
    create_result.record_created(
        attempt_id=row.attempts.get().pk, created=Created(Verdict.ACCEPTED, task_id="the-task")
    )

    watched = step()

    assert Generation.objects.get().state == "queued"
    assert watched.due_at is not None
    assert Attempt.objects.get().answers.count() == 0, "nobody asked for it"
