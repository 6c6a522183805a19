"""Places at a vendor: as many as its caps allow, in whichever process, and a fair turn for those who wait."""

import random
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from sora_portal.accounts.models import User
from sora_portal.broker import FIRST
from sora_portal.catalog.models import Connection, VideoModel
from sora_portal.generations import admission
from sora_portal.generations.dispatch import claim
from sora_portal.generations.domain import State
from sora_portal.generations.models import Attempt, Generation, Line
from sora_portal.generations.polling import poller
from sora_portal.generations.transitions import move
from tests import factories, forks
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db


def _caps(**caps: int) -> Connection:
    row = factories.offered_model().connection
    Connection.objects.filter(pk=row.pk).update(**caps)
    return row


def _queued(number: int, author: User | None = None) -> list[Generation]:
    return [factories.generation(author=author) for _ in range(number)]


def _goes(row: Generation) -> bool:
    return claim.claim(row.pk, timezone.now()) is not None


def _said(row: Generation) -> str:
    return Generation.objects.get(pk=row.pk).waiting_for


def _called() -> int:
    """Return how many workers were called, and let them come."""
    calls = OrmQ.objects.filter(key=FIRST)
    Line.objects.update(called_at=None)
    return calls.delete()[0]


def _next() -> int | None:
    turn = claim.claim_next(factories.offered_model().connection_id, timezone.now())
    return turn.claim.generation.pk if turn and turn.claim else None


def _end(row: Generation) -> None:
    fresh = Generation.objects.get(pk=row.pk)
    move(fresh, State.FAILED, now=timezone.now(), text="It ended")


def test_a_free_place_goes_to_the_member_who_has_none() -> None:
    _caps(max_in_flight=2)
    first, *more = _queued(5)
    late = factories.generation(author=factories.rae())
    assert _goes(first)
    assert [_goes(row) for row in more] == [False] * 4, "one place is free, and it is rae's turn"
    assert _said(more[0]) == "Waiting for a free place at Ruxa AI. One video goes first."
    assert _goes(late)


def test_whoever_comes_out_of_turn_has_whose_turn_it_is_called(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    _caps(max_in_flight=1)
    first, second = _queued(2)
    late = factories.generation(author=factories.rae())
    assert [_goes(row) for row in (first, second, late)] == [True, False, False]
    _caps(max_in_flight=2)
    with django_capture_on_commit_callbacks(execute=True):
        assert not _goes(second), "ada has one under way, rae has none"
    assert _called() == 1
    assert [_next(), _next()] == [late.pk, None]


def test_a_row_that_waits_is_told_how_many_go_first_and_publishes_only_news() -> None:
    _caps(max_in_flight=1)
    first, second, third = _queued(3)
    assert [_goes(row) for row in (first, second, third)] == [True, False, False]
    assert [_said(row).rpartition(". ")[2] for row in (second, third)] == ["It is next.", "One video goes first."]
    seen = Generation.objects.get(pk=third.pk).changed
    assert not _goes(third)
    assert Generation.objects.get(pk=third.pk).changed == seen


@pytest.mark.django_db(transaction=True)
def test_the_end_of_a_video_calls_one_worker_for_whoever_was_served_longest_ago() -> None:
    _caps(max_in_flight=1)
    first, *more = _queued(3)
    late = factories.generation(author=factories.rae())
    assert _next() == first.pk
    _called()
    for ended, follows in ((first, late), (late, more[0]), (more[0], more[1])):
        _end(ended)
        assert _called() == 1
        assert _next() == follows.pk
    _end(more[1])
    assert _next() is None


@pytest.mark.django_db(transaction=True)
def test_few_calls_are_on_their_way_however_many_videos_wait() -> None:
    factories.generation()
    OrmQ.objects.all().delete()
    _queued(5)
    assert OrmQ.objects.count() == 0, "one is on its way"
    Line.objects.update(called_at=timezone.now() - timedelta(seconds=6))
    _queued(2)
    assert _called() == 1, "that one must have died"


def test_the_sweep_calls_a_worker_where_a_place_is_free_and_tells_those_who_wait(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    _caps(max_in_flight=2)
    rows = _queued(5)
    Generation.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    with django_capture_on_commit_callbacks(execute=True):
        admission.call_where_free(timezone.now())
        poller.lease(timezone.now(), 1.0)
    assert (_called(), OrmQ.objects.count()) == (1, 0)
    assert [_said(row) for row in rows[:2]] == ["", ""], "these go out at once"
    assert _said(rows[4]) == "Waiting for a free place at Ruxa AI. 4 videos go first."
    _caps(max_in_flight=0)
    Generation.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    with django_capture_on_commit_callbacks(execute=True):
        admission.call_where_free(timezone.now())
        poller.lease(timezone.now(), 1.0)
    assert OrmQ.objects.count() == 0
    soon = timezone.now() + timedelta(seconds=11)
    assert all(row.due_at and row.due_at < soon for row in Generation.objects.all())


def test_the_sweep_wakes_what_waited_a_day_even_where_nothing_is_free() -> None:
    _caps(max_in_flight=0)
    old, new = _queued(2)
    Generation.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(hours=25))
    Generation.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    poller.lease(timezone.now(), 1.0)
    assert [task.task["args"] for task in OrmQ.objects.all()] == [(old.pk,)]
    assert not _goes(old)
    assert [Generation.objects.get(pk=row.pk).state for row in (old, new)] == ["failed", "queued"]


def test_what_waits_for_a_paused_model_is_told_so_without_a_worker() -> None:
    rows = _queued(2)
    VideoModel.objects.filter(pk=rows[0].model_id).update(lifecycle="paused")
    Generation.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    poller.lease(timezone.now(), 1.0)
    assert all("is paused" in _said(row) for row in rows)
    assert OrmQ.objects.count() == 0
    assert _next() is None


@pytest.mark.parametrize("seed", range(8))
def test_the_next_by_the_index_is_the_first_of_the_line(seed: int) -> None:
    """`turns.first` looks at one row of each member; `turns.line` at all of them, by the rules of the domain."""
    dice = random.Random(seed)
    _caps(max_in_flight=50, max_creates=50)
    people = [factories.ada(), factories.rae(), factories.mo()]
    rows = [factories.generation(author=dice.choice(people)) for _ in range(9)]
    held = timezone.now() + timedelta(minutes=1)
    Generation.objects.filter(pk=dice.choice(rows).pk).update(held_until=held)
    for _ in range(8):
        line = admission.queue_order(rows[0].connection_id, timezone.now())
        assert admission.first(rows[0].connection_id, timezone.now()) == line[0] == _next()
    assert _next() is None


def test_videos_of_a_paused_model_keep_no_place_in_the_line() -> None:
    _caps(max_in_flight=1)
    stuck = factories.generation()
    VideoModel.objects.filter(pk=stuck.model_id).update(lifecycle="paused")
    other = factories.generation(model=factories.offered_model("ruxa-sora-2-hd"))
    assert _goes(other)
    assert not _goes(stuck)
    assert "is paused" in _said(stuck)


def test_no_more_creates_than_the_cap_in_any_ten_seconds_and_the_next_when_there_is_room(settings: Settings) -> None:
    settings.SORA_PORTAL_SANDBOX_PACE = 1.0
    _caps(max_creates=2)
    rows = _queued(3)
    assert [_goes(row) for row in rows] == [True, True, False]
    row = Generation.objects.get(pk=rows[2].pk)
    assert "2 new videos in ten seconds" in row.waiting_for
    oldest = Attempt.objects.order_by("prepared_at")[0].prepared_at
    window = timedelta(seconds=11)
    assert row.due_at <= oldest + window
    assert claim.claim(row.pk, oldest + window) is not None


def test_a_cap_of_none_lets_everything_wait() -> None:
    _caps(max_creates=0)
    assert not _goes(_queued(1)[0])


def test_a_row_that_the_vendor_asked_to_wait_is_in_nobodys_way() -> None:
    _caps(max_in_flight=1)
    first, second = _queued(2)
    later = timezone.now() + timedelta(minutes=5)
    Generation.objects.filter(pk=first.pk).update(held_until=later, due_at=later)
    assert _goes(second)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("caps", "goes"), [({"max_in_flight": 5}, 5), ({"max_creates": 3, "max_in_flight": 50}, 3)])
def test_the_caps_hold_across_processes(caps: dict[str, int], goes: int, sandbox: Sandbox, tmp_path: Path) -> None:
    _caps(**caps)
    rows = [str(row.pk) for row in _queued(6) + [factories.generation(author=factories.rae()) for _ in range(6)]]
    start = str(time.time() + 1.0)
    logs = [tmp_path / f"log-{shift}" for shift in range(0, 12, 3)]
    values = {"DATA_DIR": tmp_path, "SORA_PORTAL_SANDBOX_PACE": 1}
    workers = []
    for number, log in enumerate(logs):
        mine = rows[3 * number :] + rows[: 3 * number]
        workers.append(forks.start(("tests.generations.dispatch.claimer", start, *mine), values, log))
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0, 0]
    claimed = [int(pk) for log in logs for pk in log.read_text().split()]
    assert len(claimed) == len(set(claimed)) == goes
    authors = Generation.objects.filter(pk__in=claimed).values_list("author__username", flat=True)
    assert abs(list(authors).count("ada") - list(authors).count("rae")) <= 1, "each member got a fair share"
