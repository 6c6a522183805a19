"""Two things at once: whoever comes second finds the row as the first left it, and money moves once."""

import copy
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from django_q.models import OrmQ

from sora_portal.generations import actions, enqueue
from sora_portal.generations.dispatch import claim as dispatch_claim
from sora_portal.generations.dispatch import send
from sora_portal.generations.domain import State
from sora_portal.generations.feed import counter
from sora_portal.generations.models import Generation
from sora_portal.generations.transitions import Lost
from sora_portal.generations.vendor import create_result
from sora_portal.ledger import actions as credits
from sora_portal.ledger.models import Hold
from sora_portal.providers.base import Created, ErrorKind, Verdict
from tests import factories
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db
WAIT = Created(Verdict.WAIT, kind=ErrorKind.RATE_LIMITED, code="429", message="slow down")


def _submit(key: str) -> actions.Submitted:
    model = factories.offered_model()
    return actions.submit(
        by=factories.ada(),
        project=factories.project(),
        model=model,
        prompt="A horse taking flight",
        choices=model.rules.defaults(),
        submit_key=key,
        now=timezone.now(),
    )


def _together(*works: Callable[[], object]) -> list[object]:
    """Run `works` at once, each with a database connection of its own, and return what they return."""
    gate = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> object:
        gate.wait()
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def test_a_wish_to_cancel_is_granted_when_the_vendor_says_later() -> None:
    row = factories.generation(state=State.SUBMITTING)
    assert actions.cancel(by=factories.ada(), generation=row, now=timezone.now()) is False
    create_result.record_created(attempt_id=row.attempts.get().pk, created=WAIT)
    row.refresh_from_db()
    assert (row.state, Hold.objects.get().released) == ("cancelled", 40_000)


def test_a_queued_row_that_nobody_wants_any_more_is_not_sent(sandboxed: Sandbox) -> None:
    row = factories.generation()
    Generation.objects.filter(pk=row.pk).update(cancel_wanted_at=timezone.now())
    send.submit_step(row.pk)
    row.refresh_from_db()
    assert (row.state, sandboxed.memory()["creates"]) == ("cancelled", [])


def test_cancel_of_a_row_that_went_out_and_came_back_meanwhile_cancels_it() -> None:
    shown = factories.generation()
    Generation.objects.filter(pk=shown.pk).update(fence=shown.fence + 1)
    assert actions.cancel(by=factories.ada(), generation=shown, now=timezone.now()) is True
    assert Generation.objects.get().state == "cancelled"


@pytest.mark.django_db(transaction=True)
def test_a_double_click_with_the_last_credits_gets_its_video_twice_and_no_refusal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    factories.money(40)
    factories.project()
    factories.offered_model()
    hold = credits.hold

    def slow(**values: object) -> Hold:
        time.sleep(0.3)  # both have looked for an earlier video by now
        return hold(**values)  # type: ignore[arg-type]

    monkeypatch.setattr(credits, "hold", slow)
    pressed = _together(*[lambda: _submit("one").generation.pk] * 2)
    assert len(set(pressed)) == 1
    assert Generation.objects.count() == Hold.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_submitting_and_a_late_refusal_do_not_wait_for_each_other_in_a_circle(monkeypatch: pytest.MonkeyPatch) -> None:
    row = factories.generation(state=State.UNCONFIRMED)
    attempt = row.attempts.get().pk
    publish, hold = counter.publish, credits.hold

    def slow_publish(generation: Generation, **values: bool) -> int:
        number = publish(generation, **values)
        time.sleep(0.4)
        return number

    def slow_hold(**values: object) -> Hold:
        held = hold(**values)  # type: ignore[arg-type]
        time.sleep(0.4)
        return held

    monkeypatch.setattr(counter, "publish", slow_publish)
    monkeypatch.setattr(credits, "hold", slow_hold)
    refusal = Created(Verdict.REFUSED, kind=ErrorKind.CONTENT_POLICY, message="no", code="400")
    _together(
        lambda: create_result.record_created(attempt_id=attempt, created=refusal),
        lambda: _submit("two"),
    )
    assert sorted(Generation.objects.values_list("state", flat=True)) == ["failed", "queued"]


@pytest.mark.django_db(transaction=True)
def test_two_workers_with_one_claim_let_one_cross() -> None:
    row = factories.generation()
    claim = dispatch_claim.claim(row.pk, timezone.now())
    assert claim is not None

    def cross() -> bool:
        try:
            return dispatch_claim.mark_sending(copy.deepcopy(claim))
        except Lost:
            return False

    assert sorted(map(bool, _together(cross, cross))) == [False, True]
    assert row.attempts.get().phase == "sending"


@pytest.mark.django_db(transaction=True)
def test_a_queue_that_cannot_be_written_costs_a_wake_up_and_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.money()

    def away(*_: object, **__: object) -> None:
        raise RuntimeError("the queue is away")

    monkeypatch.setattr(enqueue, "async_task", away)
    row = _submit("one").generation
    assert (row.state, OrmQ.objects.count()) == ("queued", 0)
    assert row.due_at is not None
    assert row.due_at < timezone.now() + timedelta(seconds=1), "the sweep finds it"


@pytest.mark.django_db(transaction=True)
def test_a_claim_is_seen_by_the_next_one_before_it_counts_free_places() -> None:
    rows = [factories.generation() for _ in range(4)]
    connection_row = rows[0].connection
    type(connection_row).objects.filter(pk=connection_row.pk).update(max_in_flight=1)
    now = timezone.now()
    claims = _together(*[lambda pk=row.pk: dispatch_claim.claim(pk, now) for row in rows])  # type: ignore[misc]
    assert len([claim for claim in claims if claim]) == 1
    with transaction.atomic():
        assert Generation.objects.filter(state="submitting").count() == 1
