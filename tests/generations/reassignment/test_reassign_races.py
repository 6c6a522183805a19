"""Retiring, deciding and claiming at the same moment: each video goes one way, with one hold, and none goes twice."""

import time
from collections.abc import Callable

import pytest
from django.utils import timezone

from sora_portal.catalog import actions as catalog
from sora_portal.catalog.models import VideoModel
from sora_portal.errors import Refused
from sora_portal.generations import actions, transitions
from sora_portal.generations.dispatch import claim as dispatch_claim
from sora_portal.generations.dispatch.send import submit_step
from sora_portal.generations.models import Attempt, Generation
from sora_portal.generations.reassignment import actions as reassignment_actions
from sora_portal.generations.transitions import Lost
from tests import factories
from tests.generations.reassignment.waiting import books_are_right, place, queued, retire, roomy, together
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def _workers(rows: list[Generation], number: int = 3) -> list[Callable[[], object]]:
    """Return workers that each try to send every row, in an order of their own."""

    def work(start: int) -> object:
        for row in rows[start:] + rows[:start]:
            submit_step(row.pk)
        return None

    return [lambda start=index * 5: work(start) for index in range(number)]  # type: ignore[misc]


def _retire_and_move(model: VideoModel, onto: VideoModel) -> object:
    catalog.set_model_lifecycle(by=factories.mo(), model=model, lifecycle="retired", successor=onto)
    retired = factories.offered_model(model.slug)
    moved = reassignment_actions.move_all(by=factories.mo(), place=place(retired), onto=onto, now=timezone.now())
    # What came back from a worker meanwhile, or was skipped, is decided by the next press of the button.
    again = reassignment_actions.move_all(by=factories.mo(), place=place(retired), onto=onto, now=timezone.now())
    return moved, again


def test_moving_while_workers_claim_sends_each_video_once(sandboxed: Sandbox) -> None:
    onto, rows = factories.offered_model("apixo-kling-2-6"), queued(20)
    model = factories.offered_model()
    roomy()
    together(*_workers(rows), lambda: _retire_and_move(model, onto))
    for row in rows:
        submit_step(row.pk)
    creates = sandboxed.memory()["creates"]
    assert len(creates) == Attempt.objects.count() == 20
    for row in Generation.objects.all():
        assert row.state == "running"
        attempt = Attempt.objects.get(generation=row)
        assert (attempt.connection_id, attempt.wire_model) == (row.connection_id, row.model.wire_id)
    books_are_right()


def test_after_retiring_no_worker_claims(sandboxed: Sandbox) -> None:
    rows, model = queued(12), factories.offered_model()
    roomy()
    sent_before = []

    def retire_now() -> None:
        catalog.set_model_lifecycle(by=factories.mo(), model=model, lifecycle="retired")
        sent_before.append(Attempt.objects.count())

    together(*_workers(rows), retire_now)
    assert Attempt.objects.count() == sent_before[0]
    assert Generation.objects.filter(state="queued").count() == 12 - sent_before[0]
    books_are_right()


def test_two_admins_who_decide_differently_decide_each_video_once() -> None:
    rows = queued(16)
    where = place(retire())
    onto = factories.offered_model("apixo-kling-2-6")
    tallies = together(
        lambda: reassignment_actions.move_all(by=factories.mo(), place=where, onto=onto, now=timezone.now()),
        lambda: reassignment_actions.release_all(by=factories.mo(), place=where, reason="", now=timezone.now()),
    )
    decided = sum(tally.moved + tally.released for tally in tallies)  # type: ignore[attr-defined]
    assert decided == len(rows) == Generation.objects.filter(state="failed").count() + _moved()
    books_are_right()


def _moved() -> int:
    return Generation.objects.filter(model__slug="apixo-kling-2-6", state="queued").count()


def test_deciding_while_its_author_cancels_returns_the_credits_once() -> None:
    rows = queued(10)
    where = place(retire())
    onto = factories.offered_model("apixo-kling-2-6")

    def cancel_all() -> None:
        for row in rows:
            actions.cancel(by=factories.ada(), generation=row, now=timezone.now())

    together(
        cancel_all, lambda: reassignment_actions.move_all(by=factories.mo(), place=where, onto=onto, now=timezone.now())
    )
    assert set(Generation.objects.values_list("state", flat=True)) == {"cancelled"}
    books_are_right()


def test_whoever_read_the_row_before_it_moved_on_can_no_longer_move_it() -> None:
    stale = queued(1)[0]
    where = place(retire())
    onto = factories.offered_model("apixo-kling-2-6")
    reassignment_actions.move_all(by=factories.mo(), place=where, onto=onto, now=timezone.now())
    with pytest.raises(Lost):
        transitions.move(stale, dispatch_claim.State.FAILED, now=timezone.now())
    books_are_right()


def test_a_worker_that_waits_for_the_row_while_it_moves_on_claims_it_for_the_new_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = queued(1)[0]
    where = place(retire())
    onto = factories.offered_model("apixo-kling-2-6")
    real = reassignment_actions.change_model

    def slow(*values: object, **named: object) -> None:
        time.sleep(0.3)  # the row is locked, and the worker waits for it
        real(*values, **named)  # type: ignore[arg-type]
        time.sleep(0.3)

    def claim() -> object:
        time.sleep(0.15)
        return dispatch_claim.claim(row.pk, timezone.now())

    monkeypatch.setattr(reassignment_actions, "change_model", slow)
    _, claimed = together(
        lambda: reassignment_actions.move_all(by=factories.mo(), place=where, onto=onto, now=timezone.now()), claim
    )
    assert isinstance(claimed, dispatch_claim.Claim)
    assert claimed.attempt.connection_id == onto.connection_id
    books_are_right()


def test_a_killed_workers_claim_is_not_taken_up_for_a_model_that_ended_meanwhile(sandboxed: Sandbox) -> None:
    row = queued(1)[0]
    assert dispatch_claim.claim(row.pk, timezone.now()) is not None  # and then it was killed
    retire()
    Generation.objects.filter(pk=row.pk).update(held_until=timezone.now())
    submit_step(row.pk)
    row.refresh_from_db()
    assert (row.state, sandboxed.memory()["creates"]) == ("queued", [])
    assert row.waiting_for.startswith("Sora 2 has ended.")
    with pytest.raises(Refused):
        reassignment_actions.move_all(
            by=factories.mo(), place=place(retire()), onto=factories.offered_model(), now=timezone.now()
        )
    books_are_right()
