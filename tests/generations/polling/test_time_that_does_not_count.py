"""Nothing irreversible follows from the wall clock alone, and nothing rests for days because a clock was wrong."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from sora_portal.broker import Queue, waiting
from sora_portal.generations import admission
from sora_portal.generations.dispatch import claim
from sora_portal.generations.domain import State
from sora_portal.generations.models import Attempt, Generation
from sora_portal.generations.polling import poller
from sora_portal.generations.polling.overdue import bring_back
from sora_portal.generations.resolution import actions
from sora_portal.generations.vendor import late_tasks, status_result
from sora_portal.providers.base import Job, JobState
from sora_portal.uptime import counted
from sora_portal.uptime.models import Span
from tests import factories

pytestmark = pytest.mark.django_db
OFF = timedelta(days=4)


def _lost() -> Generation:
    return factories.generation(state=State.UNCONFIRMED)


def _write_off(row: Generation, now: timezone.datetime) -> None:
    actions.write_off_overdue(row.pk, now)


def _claim(row: Generation, now: timezone.datetime) -> None:
    claim.claim(row.pk, now)


def _look(row: Generation, now: timezone.datetime) -> None:
    attempt = Attempt.objects.get(generation=row)
    status_result.record(attempt_id=attempt.pk, job=Job(JobState.RUNNING), now=now)


def _grace(row: Generation, now: timezone.datetime) -> None:
    poller.lease(now, 1.0)


def _queued() -> Generation:
    row = factories.generation()
    admission.Connection.objects.update(max_in_flight=0)
    return row


def _running() -> Generation:
    return factories.generation(state=State.RUNNING)


@pytest.mark.parametrize(
    ("make", "act", "worked", "then"),
    [
        (_lost, _write_off, timedelta(hours=73), "failed"),
        (_lost, _grace, timedelta(minutes=11), "needs_decision"),
        (_queued, _claim, timedelta(hours=25), "failed"),
        (_running, _look, timedelta(hours=3), "needs_decision"),
    ],
)
def test_days_off_end_nothing_and_as_much_time_at_work_does(
    make: Callable[[], Generation],
    act: Callable[[Generation, timezone.datetime], None],
    worked: timedelta,
    then: str,
) -> None:
    row = make()
    began = timezone.now()
    counted.keep(began)
    before = Generation.objects.get(pk=row.pk).state
    for now in (began + OFF, began + OFF + timedelta(minutes=1)):
        act(row, now)
        counted.keep(now)
        assert Generation.objects.get(pk=row.pk).state == before
    Span.objects.filter(began_at=began + OFF).update(ended_at=began + OFF + worked)
    act(row, began + OFF + worked)
    assert Generation.objects.get(pk=row.pk).state == then


def test_a_clock_that_goes_back_leaves_no_row_resting_for_days() -> None:
    now = timezone.now()
    wrong = now + OFF
    rows = [factories.generation(state=state) for state in (State.QUEUED, State.RUNNING, State.UNCONFIRMED)]
    Generation.objects.update(due_at=wrong, held_until=wrong)
    counted.keep(wrong)
    assert counted.keep(now), "time went back"
    assert bring_back(now)
    assert bring_back(now) == 0
    assert all(row.due_at == now and row.held_until == now for row in Generation.objects.all())
    assert admission.first(rows[0].connection_id, now) == rows[0].pk


def test_what_is_due_in_time_is_left_alone() -> None:
    factories.generation()
    factories.generation(state=State.RUNNING)
    _lost()
    before = list(Generation.objects.order_by("pk").values_list("due_at", "held_until"))
    assert bring_back(timezone.now()) == 0
    assert list(Generation.objects.order_by("pk").values_list("due_at", "held_until")) == before


def test_an_entry_of_the_queue_from_the_future_is_taken_now() -> None:
    now = timezone.now()
    OrmQ.objects.create(key="work", payload="x", lock=now + OFF)
    assert Queue("work").dequeue()
    assert not waiting(["work"], timezone.now()).exists(), "it is taken, by whoever works on it"


def test_creates_from_the_future_fill_no_window() -> None:
    row = factories.generation()
    admission.Connection.objects.update(max_creates=1)
    sent = factories.generation(state=State.RUNNING)
    Attempt.objects.filter(generation=sent).update(prepared_at=timezone.now() + OFF)
    assert admission.capacity(row.connection, timezone.now()).free > 0


def test_a_late_watch_does_not_end_while_the_portal_is_off() -> None:
    row = factories.generation(state=State.RUNNING)
    attempt = Attempt.objects.get(generation=row)
    now = timezone.now()
    counted.keep(now)
    actions.move(row, State.FAILED, now=now, text="It ended")
    late_tasks.watch(generation=row, attempt=attempt, now=now)
    held = late_tasks.claim(attempt.pk, now + timedelta(days=60))
    assert held is not None


@pytest.mark.parametrize("job", [Job(JobState.SUCCEEDED), Job(found=False)])
def test_people_are_asked_although_a_wrong_clock_saw_the_first_look(job: Job) -> None:
    row = _running()
    now = timezone.now()
    attempt = Attempt.objects.get(generation=row)
    for at in (OFF, timedelta(0), *(timedelta(minutes=11 + number) for number in range(5))):
        status_result.record(attempt_id=attempt.pk, job=job, now=now + at)
    row.refresh_from_db()
    assert row.state == "needs_decision"
