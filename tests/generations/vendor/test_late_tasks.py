"""The watch over late tasks: who begins it, how often, and that the sweep finds it without any wake-up."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from sora_portal.generations.domain import LATE_ROUNDS, Phase, State
from sora_portal.generations.models import Attempt, LateTask
from sora_portal.generations.polling import requeue
from sora_portal.generations.transitions import Lost, move, move_attempt
from sora_portal.generations.vendor import late_tasks
from tests import factories

pytestmark = pytest.mark.django_db


def heard(state: State = State.FAILED) -> Attempt:
    """Return the attempt of an ended video of whose task a callback claims success."""
    attempt = factories.generation(state=state).attempts.get()
    late_tasks.hear(attempt.pk, timezone.now())
    return attempt


def claimed(attempt: Attempt) -> LateTask:
    """Return the late task, claimed now."""
    LateTask.objects.filter(pk=attempt.pk).update(until=timezone.now())
    row = late_tasks.claim(attempt.pk, timezone.now())
    assert row is not None
    return row


def over(attempt: Attempt) -> None:
    """Let the watch have lasted long enough."""
    LateTask.objects.filter(pk=attempt.pk).update(ends_at=timezone.now(), until=timezone.now())
    assert late_tasks.claim(attempt.pk, timezone.now()) is None


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED])
def test_every_known_task_of_a_video_that_ends_without_a_file_is_watched_from_soon_on(state: State) -> None:
    row = factories.generation(state=State.SUBMITTING)
    begun = row.attempts.get()
    move_attempt(begun, Phase.REJECTED, vendor_task_id="the-task")
    now = timezone.now()
    move(row, state, now=now)
    watched = LateTask.objects.get(attempt=begun)
    assert watched.due_at is not None
    assert timedelta() < watched.due_at - now <= timedelta(minutes=5)
    assert watched.ends_at - now == timedelta(days=15)


def test_no_row_watches_what_never_began() -> None:
    factories.generation(state=State.CANCELLED)
    assert not LateTask.objects.exists()


@pytest.mark.parametrize("state", [State.RUNNING, State.SUCCEEDED, State.NEEDS_DECISION])
def test_video_that_lives_or_has_its_file_is_not_watched(state: State) -> None:
    heard(state)
    assert not LateTask.objects.exists()


def test_watch_that_ended_begins_again_a_bounded_number_of_times() -> None:
    attempt = heard()
    for number in range(1, LATE_ROUNDS + 2):
        row = LateTask.objects.get()
        assert row.rounds == min(number, LATE_ROUNDS)
        if row.due_at is not None:
            over(attempt)
        late_tasks.hear(attempt.pk, timezone.now())
    assert LateTask.objects.get().due_at is None


def test_worker_of_an_earlier_round_writes_nothing() -> None:
    attempt = heard()
    frozen = claimed(attempt)
    over(attempt)
    late_tasks.hear(attempt.pk, timezone.now())
    with pytest.raises(Lost):
        late_tasks.rest(frozen, timezone.now())


def test_flood_of_claims_brings_no_look_closer_than_its_pause() -> None:
    attempt = heard()
    late_tasks.rest(claimed(attempt), timezone.now() + timedelta(hours=1))
    before = timezone.now()
    for _ in range(3):
        late_tasks.hear(attempt.pk, before)
    assert LateTask.objects.get().until == before + late_tasks.HEARD_PAUSE


def test_sweep_wakes_what_nobody_woke_and_leaves_alone_what_is_over() -> None:
    first, second = heard(), heard()
    over(second)
    OrmQ.objects.all().delete()
    requeue.requeue_late_tasks(timezone.now())
    assert not OrmQ.objects.exists(), "its own wake-up has a moment"
    later = timezone.now() + timedelta(seconds=10)
    requeue.requeue_late_tasks(later)
    requeue.requeue_late_tasks(later)
    assert [row.task["args"] for row in OrmQ.objects.all()] == [(first.pk,)]


def test_looks_become_rarer_the_longer_it_is_watched() -> None:
    row = claimed(heard())
    row.attempt.pace = 1.0
    pauses = [late_tasks.pause(row, row.opened_at + timedelta(hours=hours)) for hours in (0, 1, 12, 300)]
    assert [pause.total_seconds() for pause in pauses] == [300, 900, 10_800, 86_400]
