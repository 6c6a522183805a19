"""The sweep: every due row is found, looked at once, and due again."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries, Settings

from sora_portal.generations.dispatch import send
from sora_portal.generations.domain import State
from sora_portal.generations.models import Attempt, CallbackInbox, Generation, PollerSlot
from sora_portal.generations.polling import poller, requeue, slot
from sora_portal.generations.polling.lease_file import LeaseFile
from sora_portal.generations.resolution import actions
from sora_portal.generations.vendor import create_result
from sora_portal.ledger.models import Hold
from tests import factories
from tests.generations.resolution import doubt
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db


def _queued() -> list[str]:
    return [task.func() for task in OrmQ.objects.order_by("pk")]


def _make_due(**seconds: float) -> None:
    Generation.objects.update(due_at=timezone.now() + timedelta(**(seconds or {"seconds": -1})))


def test_lease_returns_a_look_and_moves_the_row_on_by_its_interval() -> None:
    row = factories.generation(state=State.RUNNING, model=factories.offered_model("apixo-sora-2"))
    due = timezone.now() + timedelta(seconds=0.5)
    Generation.objects.update(due_at=due)
    looks = poller.lease(timezone.now(), 1.0)
    assert [(look.attempt.generation_id, look.at) for look in looks] == [(row.pk, due)]
    row.refresh_from_db()
    assert row.due_at == due + timedelta(seconds=10)


def test_lease_gives_a_row_to_one_sweeper_only() -> None:
    factories.generation(state=State.RUNNING)
    _make_due()
    assert len(poller.lease(timezone.now(), 1.0)) == 1
    assert poller.lease(timezone.now(), 1.0) == []


def test_lease_leaves_what_is_not_due() -> None:
    factories.generation(state=State.RUNNING)
    _make_due(seconds=30)
    assert poller.lease(timezone.now(), 1.0) == []


def test_lease_after_an_outage_spreads_the_backlog() -> None:
    for _ in range(36):
        factories.generation(state=State.RUNNING)
    _make_due(hours=-1)
    now = timezone.now()
    assert len(poller.lease(now, 1.0)) == 36
    later = set(Generation.objects.values_list("due_at", flat=True))
    assert len(later) == 36
    assert all(now < at <= now + timedelta(seconds=5) for at in later if at)


@pytest.mark.parametrize(
    ("state", "task"),
    [
        (State.SUBMITTING, "sora_portal.generations.tasks.submit"),
        (State.FETCHING, "sora_portal.outputs.tasks.fetch"),
    ],
)
def test_lease_wakes_the_rows_that_nobody_woke(state: State, task: str) -> None:
    row = factories.generation(state=state)
    _make_due()
    assert poller.lease(timezone.now(), 1.0) == []
    assert _queued() == [task]
    row.refresh_from_db()
    assert row.due_at is not None
    assert row.due_at > timezone.now(), "the row is due again, so a lost wake-up costs a minute"


def test_an_unconfirmed_row_asks_a_person_when_its_grace_is_over() -> None:
    row = factories.generation(state=State.UNCONFIRMED)
    _make_due()
    poller.lease(timezone.now(), 1.0)
    row.refresh_from_db()
    assert (row.state, row.hold.state) == ("needs_decision", "held")


@pytest.mark.parametrize("make", [doubt.unknown, lambda: factories.generation(state=State.UNCONFIRMED)])
def test_a_request_that_nobody_heard_of_for_three_days_is_written_off_by_nobody(
    make: Callable[[], Generation],
) -> None:
    row = make()
    doubt.sent(row, hours_ago=72.1)
    _make_due()
    poller.lease(timezone.now(), 1.0)
    assert doubt.standing(row) == ("failed", "written_off", "settled")
    event = row.events.latest("pk")
    assert (event.by, "after three days" in event.text) == (None, True)
    assert Hold.objects.get().released == 40_000
    poller.lease(timezone.now(), 1.0)
    assert row.events.latest("pk") == event


@pytest.mark.parametrize(
    ("make", "phase", "hours"),
    [
        (doubt.unknown, "unknown", 71.9),
        (doubt.watched, "accepted", 500),
        (doubt.undownloadable, "accepted", 500),
        (doubt.poisoned, "rejected", 500),
    ],
    ids=["early", "watched", "undownloadable", "poisoned"],
)
def test_the_policy_leaves_everything_else_to_people(make: Callable[[], Generation], phase: str, hours: float) -> None:
    row = make()
    doubt.sent(row, hours_ago=hours)
    _make_due()
    poller.lease(timezone.now(), 1.0)
    assert doubt.standing(row) == ("needs_decision", phase, "held")
    assert Generation.objects.get().due_at > timezone.now() + timedelta(minutes=4)


def test_the_policy_gives_way_to_news_that_comes_at_the_same_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    row = doubt.unknown()
    doubt.sent(row, hours_ago=80)
    lookup = actions.live_attempt

    def late(generation: Generation) -> Attempt | None:
        attempt = lookup(generation)
        assert attempt is not None
        create_result.accept(generation=generation, attempt=attempt, task_id="late", now=timezone.now())
        return attempt

    monkeypatch.setattr(actions, "live_attempt", late)
    assert not actions.write_off_overdue(row.pk, timezone.now())
    assert doubt.standing(row) == ("running", "accepted", "held")


def test_old_videos_are_polled_every_five_minutes() -> None:
    row = factories.generation(state=State.RUNNING)
    Generation.objects.update(started_at=timezone.now() - timedelta(minutes=30))
    _make_due()
    poller.lease(timezone.now(), 1.0)
    row.refresh_from_db()
    assert row.due_at is not None
    assert row.due_at > timezone.now() + timedelta(seconds=250)


def test_lease_takes_as_many_queries_for_fifty_rows_as_for_one(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(50):
        factories.generation(state=State.RUNNING)
    _make_due()
    with django_assert_num_queries(5):
        poller.lease(timezone.now(), 1.0)


def test_a_callback_whose_wake_up_got_lost_is_queued_again() -> None:
    row = factories.generation(state=State.RUNNING)
    CallbackInbox.objects.create(
        attempt=row.attempts.get(),
        body_hash="x",
        body=b"{}",
        received_at=timezone.now(),
        due_at=timezone.now() - timedelta(seconds=10),
    )
    requeue.requeue_inbox(timezone.now())
    requeue.requeue_inbox(timezone.now())
    assert _queued() == ["sora_portal.generations.tasks.callback"]


@pytest.mark.django_db(transaction=True)
def test_the_sweep_sees_a_real_video_through_to_fetching(
    sandboxed: Sandbox, settings: Settings, tmp_path: Path
) -> None:
    settings.SORA_PORTAL_TIME_SCALE = 0.05
    row = factories.generation(model=factories.offered_model("apixo-sora-2"))
    send.submit_step(row.pk)
    row.refresh_from_db()
    assert row.state == "running"
    poller.Poller(LeaseFile(tmp_path, "1")).run(8, lambda: Generation.objects.get(pk=row.pk).state == "running")
    row.refresh_from_db()
    assert row.state == "fetching"
    assert "sora_portal.outputs.tasks.fetch" in _queued()


@pytest.mark.django_db(transaction=True)
def test_a_sweeper_makes_the_looks_that_a_killed_one_left_behind(sandboxed: Sandbox, tmp_path: Path) -> None:
    row = factories.generation(prompt="a fox [wait:600]", model=factories.offered_model("apixo-sora-2"))
    send.submit_step(row.pk)
    later = timezone.now() + timedelta(seconds=60)
    Generation.objects.update(due_at=later)
    done = factories.generation(state=State.SUCCEEDED)
    standing = Attempt.objects.get(generation=row).pk, Attempt.objects.get(generation=done).pk, 987_654
    for name in ("1", "2"):
        (tmp_path / f"sweep-{name}.diary").write_text("".join(f"{pk}\n" for pk in standing) + ".\n")
    with LeaseFile(tmp_path, "2") as mine:
        poller.Poller(mine).run(20, lambda: not sandboxed.memory()["tasks"][0]["polls"])
    assert sandboxed.memory()["tasks"][0]["polls"] == 1, "once, though it stood in both"
    row.refresh_from_db()
    assert row.due_at == later, "the row keeps its rhythm"


def test_lookout_starts_each_silent_slot_once() -> None:
    lookout = slot.Lookout()
    assert lookout() == 2
    assert lookout() == 0, "it was asked for a moment ago"
    assert [task.key for task in OrmQ.objects.all()] == ["sweep", "sweep"]


@pytest.mark.parametrize("off", [-3600, 0, 3600])
def test_lookout_leaves_a_lively_baton_alone_whatever_its_clock_says(
    off: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slot, "SLOTS", (1,))
    PollerSlot.objects.update_or_create(slot=1, defaults={"holder": "somebody", "beats": 7, "beat_at": timezone.now()})
    lookout = slot.Lookout()
    assert lookout() == 0, "it has to be watched first"
    monkeypatch.setattr(slot, "SILENCE", 0.0)
    for beats in range(8, 12):
        PollerSlot.objects.update(beats=beats, beat_at=timezone.now() + timedelta(seconds=off))
        assert lookout() == 0
    assert lookout() == 1, "it is silent now"


def test_a_slice_without_the_baton_does_nothing() -> None:
    PollerSlot.objects.update_or_create(slot=1, defaults={"holder": "somebody", "beats": 5, "beat_at": timezone.now()})
    slot.run_slice(1, "take over at 4")
    slot.run_slice(1, "somebody else")
    assert PollerSlot.objects.get(slot=1).holder == "somebody"
    assert _queued() == []


@pytest.mark.django_db(transaction=True)
def test_a_slice_hands_its_baton_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slot, "SLICE", 0.1)
    PollerSlot.objects.update_or_create(slot=1)
    slot.run_slice(1, "take over at 0")
    task = OrmQ.objects.get()
    assert task.task["args"] == (1, PollerSlot.objects.get(slot=1).holder)
