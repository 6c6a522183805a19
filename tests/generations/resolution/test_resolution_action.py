"""What an admin decides about a video in doubt: write off, watch, download, put back."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from django_q.models import OrmQ

from sora_portal.errors import NotAllowed
from sora_portal.generations.dispatch import claim, send
from sora_portal.generations.domain import State
from sora_portal.generations.models import Generation, Line
from sora_portal.generations.resolution import actions
from sora_portal.generations.vendor import create_result
from sora_portal.generations.vendor.status_result import record
from sora_portal.ledger.models import Hold
from sora_portal.providers.base import Job
from tests import factories
from tests.generations.resolution import doubt
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db
REASON = "Ruxa's support knows nothing of it"


def _write_off(row: Generation, reason: str = REASON, **values: Any) -> None:
    actions.write_off(**{"by": factories.mo(), "generation": row, "reason": reason, "now": timezone.now()} | values)


def _act(action: Callable[..., None], row: Generation) -> None:
    action(by=factories.mo(), generation=row, now=timezone.now())


@pytest.mark.parametrize(
    ("make", "phase"),
    [
        (doubt.unknown, "written_off"),
        (doubt.watched, "written_off"),
        (doubt.undownloadable, "written_off"),
        (doubt.poisoned, "rejected"),
        (lambda: factories.generation(state=State.UNCONFIRMED), "written_off"),
    ],
    ids=["unknown", "watched", "undownloadable", "poisoned", "unconfirmed"],
)
def test_write_off_ends_every_video_in_doubt_and_returns_its_credits(
    make: Callable[[], Generation], phase: str
) -> None:
    row = make()
    _write_off(row)
    assert doubt.standing(row) == ("failed", phase, "settled")
    row.refresh_from_db()
    assert (row.hold.released, row.hold.captured) == (40_000, 0)
    assert row.failure_text == f"Written off: {REASON}"
    event = row.events.latest("pk")
    assert (event.by, event.text) == (factories.mo(), f"Written off: {REASON}")


@pytest.mark.parametrize("state", [State.QUEUED, State.SUBMITTING, State.RUNNING, State.FETCHING, State.SUCCEEDED])
def test_write_off_refuses_a_video_that_is_not_in_doubt(state: State) -> None:
    row = factories.generation(state=state)
    with pytest.raises(actions.Overtaken):
        _write_off(row)
    assert Generation.objects.get().state == state


@pytest.mark.parametrize("reason", ["", "no", "  nine ch  ", " " * 20])
def test_write_off_wants_a_reason_of_ten_characters(reason: str) -> None:
    row = doubt.unknown()
    with pytest.raises(actions.ReasonTooShort, match="at least 10 characters"):
        _write_off(row, reason)
    assert doubt.standing(row) == ("needs_decision", "unknown", "held")


@pytest.mark.parametrize("person", [factories.ada, factories.rae, factories.eve])
def test_only_an_admin_decides(person: Callable[[], Any]) -> None:
    row, now = doubt.watched(), timezone.now()
    for action in (actions.keep_watching, actions.try_download, actions.put_back):
        with pytest.raises(NotAllowed):
            action(by=person(), generation=row, now=now)
    with pytest.raises(NotAllowed):
        _write_off(row, by=person())
    with pytest.raises(NotAllowed):
        actions.enter_task_id(by=person(), generation=row, task_id="x")
    assert doubt.standing(row) == ("needs_decision", "accepted", "held")


def test_the_second_decision_is_told_what_the_first_one_was() -> None:
    row = doubt.watched()
    stale = Generation.objects.get(pk=row.pk)
    _write_off(row)
    with pytest.raises(actions.Overtaken, match=f"because Mo Lindqvist was faster: “Written off: {REASON}”"):
        _act(actions.keep_watching, stale)
    assert doubt.standing(row) == ("failed", "written_off", "settled")


def test_a_decision_after_news_from_the_vendor_says_so() -> None:
    row = factories.generation(state=State.UNCONFIRMED)
    create_result.accept(generation=row, attempt=row.attempts.get(), task_id="late", now=timezone.now())
    with pytest.raises(actions.Overtaken, match="there was news meanwhile: “The vendor is working on it”"):
        _write_off(row)
    assert doubt.standing(row) == ("running", "accepted", "held")


@pytest.mark.django_db(transaction=True)
def test_five_admins_at_once_make_one_decision() -> None:
    row = doubt.watched()

    def press(turn: int) -> str:
        try:
            if turn % 2:
                _act(actions.keep_watching, row)
            else:
                _write_off(row)
        except actions.Overtaken:
            return "overtaken"
        finally:
            connections.close_all()
        return "won"

    factories.mo()
    with ThreadPoolExecutor(5) as pool:
        ends = sorted(pool.map(press, range(5)))
    assert ends == ["overtaken"] * 4 + ["won"]
    assert row.events.filter(source="needs_decision").count() == 1
    assert doubt.standing(row) in {("failed", "written_off", "settled"), ("running", "accepted", "held")}


def test_keep_watching_starts_the_clock_and_the_counts_again() -> None:
    row = doubt.watched(now=timezone.now() - timedelta(hours=5))
    row.attempts.update(not_found=7, not_found_since=row.created_at, errors=2, no_result=1)
    now = timezone.now()
    actions.keep_watching(by=factories.mo(), generation=row, now=now)
    row.refresh_from_db()
    attempt = row.attempts.get()
    assert (row.state, row.started_at, row.due_at, row.failure_text) == ("running", now, now, "")
    assert (attempt.not_found, attempt.not_found_since, attempt.errors, attempt.no_result) == (0, None, 0, 0)
    record(attempt_id=attempt.pk, job=Job(found=False), now=now)
    row.refresh_from_db()
    assert row.state == "running", 'one more "no such task" does not bring it straight back'


@pytest.mark.parametrize("make", [doubt.unknown, doubt.poisoned])
def test_keep_watching_needs_a_task(make: Callable[[], Generation]) -> None:
    row = make()
    with pytest.raises(actions.NotPossible, match="nothing to watch"):
        _act(actions.keep_watching, row)


@pytest.mark.django_db(transaction=True)
def test_try_download_wakes_the_download_with_all_its_tries() -> None:
    row = doubt.undownloadable()
    OrmQ.objects.all().delete()
    _act(actions.try_download, row)
    row.refresh_from_db()
    assert (row.state, row.tries, row.failure_text) == ("fetching", 0, "")
    assert [task.func() for task in OrmQ.objects.all()] == ["sora_portal.outputs.tasks.fetch"]


@pytest.mark.parametrize("make", [doubt.unknown, doubt.watched, doubt.poisoned])
def test_try_download_needs_an_address(make: Callable[[], Generation]) -> None:
    with pytest.raises(actions.NotPossible, match="nothing to download"):
        _act(actions.try_download, make())


def _die_thrice(row: Generation) -> None:
    """Let three workers claim the row and die before they send."""
    for _ in range(4):
        past = timezone.now() - timedelta(seconds=1)
        Generation.objects.filter(pk=row.pk).update(due_at=past, held_until=past)
        claim.claim(row.pk, timezone.now())


@pytest.mark.django_db(transaction=True)
def test_put_back_queues_and_the_next_worker_sends_it_once(sandboxed: Sandbox) -> None:
    row = factories.generation()
    _die_thrice(row)
    row.refresh_from_db()
    assert (row.state, "failed three times" in row.failure_text) == ("needs_decision", True)
    OrmQ.objects.all().delete()
    Line.objects.update(called_at=None)
    _act(actions.put_back, row)
    assert [task.func() for task in OrmQ.objects.all()] == ["sora_portal.generations.tasks.fill"]
    assert doubt.standing(row) == ("queued", "rejected", "held")
    send.submit_step(row.pk)
    assert doubt.standing(row) == ("running", "accepted", "held")
    assert len(sandboxed.memory()["creates"]) == 1
    assert Hold.objects.get().state == "held"


def test_put_back_gives_an_old_video_another_day_in_the_queue(sandboxed: Sandbox) -> None:
    row = doubt.poisoned(now=timezone.now() - timedelta(hours=30))
    _act(actions.put_back, row)
    send.submit_step(row.pk)
    assert Generation.objects.get().state == "running"


@pytest.mark.parametrize("make", [doubt.unknown, doubt.watched, doubt.undownloadable])
def test_put_back_never_sends_what_the_vendor_may_have(make: Callable[[], Generation]) -> None:
    row = make()
    with pytest.raises(actions.NotPossible, match="not sent a second time"):
        _act(actions.put_back, row)
    assert Generation.objects.get().state == "needs_decision"
