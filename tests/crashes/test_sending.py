"""A worker that dies, freezes or loses its disk on the way to the vendor: never a second request, nothing lost."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone
from django_q.models import OrmQ

from sora_portal import failpoints
from sora_portal.generations.dispatch.send import submit_step
from sora_portal.generations.domain import SEND_WINDOW
from sora_portal.generations.models import Attempt
from tests.crashes.conftest import Crew, state, video


def creates(crew: Crew) -> int:
    """Return how many create calls have reached the vendor."""
    return len(crew.sandbox.memory()["creates"])


def receipts(crew: Crew) -> list[str]:
    return sorted(path.suffix for path in crew._folder.glob("spool/*"))


def test_worker_killed_after_its_claim_is_followed_by_exactly_one_request(crew: Crew) -> None:
    row = video()
    crew.dies_at("claimed")
    assert (state(row), row.attempts.get().phase, creates(crew)) == ("submitting", "prepared", 0)
    crew.lease_ends(row)
    crew.until(lambda: state(row) == "succeeded")
    row.refresh_from_db()
    assert creates(crew) == 1
    assert row.attempts.count() == 1


@pytest.mark.parametrize("point", ["sending", "journal-written"])
def test_worker_killed_before_the_first_byte_sends_nothing_ever(crew: Crew, point: str) -> None:
    row = video()
    crew.dies_at(point)
    assert (row.attempts.get().phase, creates(crew)) == ("sending", 0)
    crew.lease_ends(row)
    crew.until(lambda: state(row) == "unconfirmed")
    crew.lease_ends(row)
    crew.until(lambda: state(row) == "needs_decision")
    row.refresh_from_db()
    assert creates(crew) == 0
    assert not row.hold.is_settled, "the credits stay reserved"


def test_worker_killed_with_the_answer_unread_is_healed_by_the_callback(crew: Crew, live_server: object) -> None:
    crew.public = str(live_server)
    row = video(slug="apixo-sora-2")  # whose callbacks name the task
    crew.dies_at("answer-unread")
    assert (row.attempts.get().phase, creates(crew), receipts(crew)) == ("sending", 1, [])
    crew.sandbox.wait_until(lambda memory: bool(memory["tasks"][0]["callbacks"]))
    crew.until(lambda: state(row) == "succeeded")
    assert creates(crew) == 1


def test_worker_killed_with_the_receipt_on_disk_binds_the_task_at_the_next_start(crew: Crew) -> None:
    row = video()
    crew.dies_at("receipt-written")
    assert (row.attempts.get().phase, receipts(crew)) == ("sending", [".json"])
    # No callback can come, and the lease still runs: only the receipt can tell.
    crew.until(lambda: state(row) == "succeeded")
    assert (creates(crew), receipts(crew)) == (1, [])


def test_database_away_after_the_answer_leaves_a_receipt_that_binds_the_task(crew: Crew) -> None:
    row = video()
    failpoints.arm("receipt-written", "database")
    # In this process: a worker of its own would bind the task before anybody could look.
    with pytest.raises(OperationalError, match="database is away"):
        submit_step(row.pk)
    assert (row.attempts.get().phase, receipts(crew)) == ("sending", [".json"])
    crew.until(lambda: state(row) == "succeeded")
    assert (creates(crew), receipts(crew)) == (1, [])


def test_worker_killed_before_it_removes_the_receipt_binds_the_task_once(crew: Crew) -> None:
    row = video()
    crew.dies_at("answer-recorded")
    assert row.attempts.get().phase == "accepted"
    crew.until(lambda: state(row) == "succeeded" and receipts(crew) == [])
    assert Attempt.objects.get().vendor_task_id == crew.sandbox.memory()["tasks"][0]["task_id"]


def test_full_disk_keeps_a_worker_from_claiming(crew: Crew) -> None:
    row = video()
    failpoints.arm("disk-check", "disk")
    # In this process: a worker of its own would try again before anybody could look.
    with pytest.raises(OSError, match="disk is full"):
        submit_step(row.pk)
    assert (state(row), row.attempts.count(), creates(crew)) == ("queued", 0, 0)
    crew.lease_ends(row)
    crew.until(lambda: state(row) == "succeeded")


def test_disk_that_fills_up_after_the_answer_costs_the_receipt_only(crew: Crew) -> None:
    row = video()
    failpoints.arm("receipt", "disk")
    crew.until(lambda: state(row) == "succeeded")
    assert (failpoints.armed(), creates(crew)) == ([], 1)


def test_worker_frozen_after_its_claim_sends_nothing_when_it_wakes(crew: Crew) -> None:
    row = video()
    frozen = crew.freezes_at("claimed")
    assert row.attempts.get().phase == "prepared"
    crew.lease_ends(row)
    crew.until(lambda: state(row) == "succeeded")
    crew.wakes(frozen)
    assert (state(row), creates(crew)) == ("succeeded", 1)


def test_worker_frozen_before_the_first_byte_sends_nothing_when_it_wakes(crew: Crew) -> None:
    row = video()
    frozen = crew.freezes_at("sending")
    crew.lease_ends(row)
    crew.until(lambda: state(row) == "unconfirmed")
    closes = (row.attempts.get().sending_at or timezone.now()) + timedelta(seconds=SEND_WINDOW)
    crew.wait(lambda: timezone.now() > closes)
    crew.wakes(frozen)
    first, *more = row.attempts.order_by("number")
    assert (first.verdict, first.vendor_task_id) == ("not_sent", None)
    assert creates(crew) <= len(more) <= 1, "it went back in line, and whoever sends it then is the first who does"


def test_step_that_kills_three_workers_needs_a_decision_and_lets_others_go_on(crew: Crew) -> None:
    row = video()
    for _ in range(3):
        crew.dies_at("claimed")
        crew.lease_ends(row)
    other = video("another fox")
    crew.until(lambda: state(row) == "needs_decision" and state(other) == "succeeded")
    assert creates(crew) == 1


def test_create_that_tests_a_vendor_and_is_never_heard_of_does_not_close_the_way(crew: Crew) -> None:
    known = video("a fox that the vendor can be asked about")
    crew.until(lambda: state(known) == "succeeded")
    unclear = [video(f"fox {number} [500]") for number in range(3)]
    crew.until(lambda: all(state(row) in ("unconfirmed", "needs_decision") for row in unclear))
    trial = video("the one that is let through")
    crew.dies_at("sending")
    assert (state(trial), creates(crew)) == ("submitting", 4)
    crew.lease_ends(trial)
    other = video("the one after it")
    crew.until(lambda: state(other) == "succeeded")
    assert (state(trial) in ("unconfirmed", "needs_decision"), creates(crew)) == (True, 5)


def test_queue_lost_altogether_is_driven_from_the_rows(crew: Crew) -> None:
    rows = [video(f"fox {number}") for number in range(3)]
    OrmQ.objects.all().delete()
    crew.until(lambda: {state(row) for row in rows} == {"succeeded"})
    assert creates(crew) == 3
