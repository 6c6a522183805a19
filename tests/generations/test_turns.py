"""Places at a vendor: as many as its caps allow, in whichever process, and a fair turn for those who wait."""

import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import DjangoCaptureOnCommitCallbacks

from sora_portal.accounts.models import User
from sora_portal.catalog.models import Connection, VideoModel
from sora_portal.generations import claiming, sweep
from sora_portal.generations.domain import State
from sora_portal.generations.models import Attempt, Generation
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
    return claiming.claim(row.pk, timezone.now()) is not None


def _said(row: Generation) -> str:
    return Generation.objects.get(pk=row.pk).waiting_for


def _woken() -> list[int]:
    return [task.task["args"][0] for task in OrmQ.objects.order_by("pk")]


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


def test_whoever_comes_out_of_turn_wakes_whose_turn_it_is(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    _caps(max_in_flight=1)
    first, second = _queued(2)
    late = factories.generation(author=factories.rae())
    assert [_goes(row) for row in (first, second, late)] == [True, False, False]
    _caps(max_in_flight=2)
    with django_capture_on_commit_callbacks(execute=True):
        assert not _goes(second), "ada has one under way, rae has none"
    assert _woken() == [late.pk]
    assert _goes(late)


def test_a_row_that_waits_is_told_how_many_go_first_and_publishes_only_news() -> None:
    _caps(max_in_flight=1)
    first, second, third = _queued(3)
    assert [_goes(row) for row in (first, second, third)] == [True, False, False]
    assert [_said(row).rpartition(". ")[2] for row in (second, third)] == ["It is next.", "One video goes first."]
    seen = Generation.objects.get(pk=third.pk).changed
    assert not _goes(third)
    assert Generation.objects.get(pk=third.pk).changed == seen


@pytest.mark.django_db(transaction=True)
def test_the_end_of_a_video_wakes_the_next_in_turn() -> None:
    _caps(max_in_flight=1)
    first, *more = _queued(3)
    late = factories.generation(author=factories.rae())
    for row in (first, *more, late):
        _goes(row)
    OrmQ.objects.all().delete()
    _end(first)
    assert _woken() == [more[0].pk], "both members have none under way, and this one waits longest"
    assert _goes(more[0])
    OrmQ.objects.all().delete()
    _end(more[0])
    assert len(_woken()) == 1


@pytest.mark.django_db(transaction=True)
def test_one_wake_up_brings_the_next_until_all_places_are_taken() -> None:
    _caps(max_in_flight=1)
    rows = _queued(4)
    for row in rows:
        _goes(row)
    _caps(max_in_flight=3)
    OrmQ.objects.all().delete()
    assert _goes(rows[1])
    assert _woken() == [rows[2].pk]
    assert _goes(rows[2])
    assert _woken() == [rows[2].pk], "the third place is taken: nobody is woken in vain"


def test_the_sweep_wakes_as_many_as_there_are_places_and_tells_the_others() -> None:
    _caps(max_in_flight=2)
    rows = _queued(5)
    Generation.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    sweep.lease(timezone.now(), 1.0)
    assert _woken() == [rows[0].pk, rows[1].pk]
    assert _said(rows[4]) == "Waiting for a free place at Ruxa AI. 4 videos go first."
    OrmQ.objects.all().delete()
    _caps(max_in_flight=0)
    Generation.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    sweep.lease(timezone.now(), 1.0)
    assert _woken() == []
    soon = timezone.now() + timedelta(seconds=11)
    assert all(row.due_at and row.due_at < soon for row in Generation.objects.all())


def test_the_sweep_wakes_what_waited_a_day_even_where_nothing_is_free() -> None:
    _caps(max_in_flight=0)
    old, new = _queued(2)
    Generation.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(hours=25))
    Generation.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    sweep.lease(timezone.now(), 1.0)
    assert _woken() == [old.pk]
    assert not _goes(old)
    assert [Generation.objects.get(pk=row.pk).state for row in (old, new)] == ["failed", "queued"]


def test_videos_of_a_paused_model_keep_no_place_in_the_line() -> None:
    _caps(max_in_flight=1)
    stuck = factories.generation()
    VideoModel.objects.filter(pk=stuck.model_id).update(lifecycle="paused")
    other = factories.generation(model=factories.offered_model("ruxa-sora-2-hd"))
    assert _goes(other)
    assert not _goes(stuck)
    assert "is paused" in _said(stuck)


def test_no_more_creates_than_the_cap_in_any_ten_seconds_and_the_next_when_there_is_room() -> None:
    _caps(max_creates=2)
    rows = _queued(3)
    assert [_goes(row) for row in rows] == [True, True, False]
    row = Generation.objects.get(pk=rows[2].pk)
    assert "2 new videos in ten seconds" in row.waiting_for
    oldest = Attempt.objects.order_by("prepared_at")[0].prepared_at
    # The sandbox's time runs faster, by the pace of its connection.
    window = timedelta(seconds=11) * row.connection.pace
    assert row.due_at == oldest + window
    assert claiming.claim(row.pk, oldest + window) is not None


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
        workers.append(forks.start(("tests.generations.claimer", start, *mine), values, log))
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0, 0]
    claimed = [int(pk) for log in logs for pk in log.read_text().split()]
    assert len(claimed) == len(set(claimed)) == goes
    authors = Generation.objects.filter(pk__in=claimed).values_list("author__username", flat=True)
    assert abs(list(authors).count("ada") - list(authors).count("rae")) <= 1, "each member got a fair share"
