"""A vendor that breaks down and comes back: nothing is sent into the dark, and no paid create is ever the test."""

import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from sora_portal.catalog import breaker_state
from sora_portal.catalog.circuit_breaker import Operation, Position
from sora_portal.catalog.models import Breaker, Connection
from sora_portal.generations.dispatch import claim as dispatch_claim
from sora_portal.generations.dispatch import send
from sora_portal.generations.domain import State
from sora_portal.generations.models import Generation
from sora_portal.generations.polling import poller
from sora_portal.generations.polling.lease_file import LeaseFile
from tests import factories
from tests.providers.http.raw_server import raw_server
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)
NOWHERE = "http://127.0.0.1:9"
REST = "Ruxa AI does not answer properly right now. Your video waits; nothing is lost."


def _position(operation: Operation = Operation.CREATE) -> Position:
    return breaker_state.of(factories.offered_model().connection.pk)[operation].rules.position


def _at(connection: Connection) -> Position:
    return breaker_state.of(connection.pk)[Operation.CREATE].rules.position


def _sent(prompt: str = "A horse") -> Generation:
    row = factories.generation(prompt=prompt)
    send.submit_step(row.pk)
    return Generation.objects.get(pk=row.pk)


def _over(**more: object) -> None:
    """Let the rest of every open breaker be over."""
    Breaker.objects.exclude(opened_at=None).update(next_try_at=timezone.now() - timedelta(seconds=1), **more)


def _sweep(folder: Path, seconds: float = 0.5) -> None:
    poller.Poller(LeaseFile(folder, "1")).run(seconds)


def _sweep_until(folder: Path, there: Callable[[], bool]) -> None:
    """Sweep until something holds; on a busy machine that takes its time."""
    poller.Poller(LeaseFile(folder, "1")).run(20, lambda: not there())


def _broken_down() -> Generation:
    """Return a video that waits behind three creates without a clear answer."""
    for _ in range(3):
        assert _sent("A horse [500]").state == "unconfirmed"
    return _sent()


def test_three_unclear_answers_stop_the_creates_and_the_row_says_so(sandboxed: Sandbox) -> None:
    row = _broken_down()
    assert (row.state, row.waiting_for, _position()) == ("queued", REST, Position.OPEN)
    assert len(sandboxed.memory()["creates"]) == 3


def test_however_long_it_rests_no_create_tests_the_vendor(sandboxed: Sandbox) -> None:
    row = _broken_down()
    _over()
    for _ in range(3):
        send.submit_step(row.pk)
    assert len(sandboxed.memory()["creates"]) == 3


def test_a_status_query_that_comes_through_lets_one_create_go_and_its_answer_the_others(
    sandboxed: Sandbox, tmp_path: Path
) -> None:
    row, other = _broken_down(), _sent()
    _over()
    _sweep_until(tmp_path, lambda: _position() is Position.HALF_OPEN)
    assert _position() is Position.HALF_OPEN
    assert len(sandboxed.memory()["creates"]) == 3, "the query cost nothing"
    send.submit_step(other.pk)
    assert Generation.objects.get(pk=other.pk).state == "queued", "it is not its turn"
    send.submit_step(row.pk)
    assert Generation.objects.get(pk=row.pk).state == "running"
    assert _position() is Position.CLOSED
    send.submit_step(other.pk)
    assert Generation.objects.get(pk=other.pk).state == "running"


def test_a_trial_that_goes_wrong_opens_it_again_for_longer(sandboxed: Sandbox, tmp_path: Path) -> None:
    Generation.objects.filter(pk=_broken_down().pk).update(prompt="A horse [500]")
    _over()
    _sweep_until(tmp_path, lambda: _position() is Position.HALF_OPEN)
    before = breaker_state.of(factories.offered_model().connection.pk)[Operation.CREATE]
    send.submit_step(Generation.objects.get(state="queued").pk)
    after = breaker_state.of(before.connection_id)[Operation.CREATE]
    assert (before.rules.position, after.rules.position) == (Position.HALF_OPEN, Position.OPEN)
    assert (after.rests, after.failures) == (before.rests + 1, before.failures + 1)
    assert after.next_try_at
    assert after.next_try_at > timezone.now() + timedelta(seconds=40)


def test_of_many_workers_one_sends_the_trial(sandboxed: Sandbox) -> None:
    _broken_down()
    rows = [_sent() for _ in range(4)]
    breaker_state.half_open(connection_id=rows[0].connection_id)
    gate = threading.Barrier(5)

    def claim(pk: int) -> bool:
        gate.wait()
        try:
            return dispatch_claim.claim(pk, timezone.now()) is not None
        finally:
            connections.close_all()

    keys = Generation.objects.filter(state="queued").values_list("pk", flat=True)
    with ThreadPoolExecutor(5) as pool:
        claimed = list(pool.map(claim, keys))
    assert sum(claimed) == 1
    assert Generation.objects.filter(state="submitting").count() == 1


def test_a_vendor_that_stays_away_is_asked_later_and_later(
    sandboxed: Sandbox, settings: Settings, tmp_path: Path
) -> None:
    _broken_down()
    settings.SORA_PORTAL_SANDBOX_URL = NOWHERE
    rests = []
    for _ in range(3):
        _over()
        _sweep_until(tmp_path, lambda: not Breaker.objects.filter(next_try_at__lt=timezone.now()).exists())
        found = breaker_state.of(factories.offered_model().connection.pk)[Operation.CREATE]
        assert found.next_try_at
        rests.append((found.next_try_at - timezone.now()).total_seconds())
        assert found.rules.position is Position.OPEN
    assert rests == sorted(rests)
    assert rests[2] > 3 * rests[0]


def test_clear_refusals_are_no_trouble_of_the_vendor(sandboxed: Sandbox) -> None:
    for number in range(4):
        _sent(f"A horse {number} [429]")
        Breaker.objects.update(wish_until=None)
        _sent("A horse [refuse]")
    assert _position() is Position.CLOSED
    assert breaker_state.of(factories.offered_model().connection.pk)[Operation.CREATE].last_success_at is None


def test_queries_that_fail_stop_the_looks_and_the_creates_but_no_video(
    sandboxed: Sandbox, settings: Settings, tmp_path: Path
) -> None:
    rows = [_sent() for _ in range(6)]
    home = rows[0].attempts.get().base_url
    for row in rows:
        row.attempts.update(base_url=f"{NOWHERE}/ruxa")
    settings.SORA_PORTAL_SANDBOX_URL = NOWHERE
    Generation.objects.update(due_at=timezone.now())
    _sweep_until(tmp_path, lambda: _position(Operation.QUERY) is Position.OPEN)
    assert _position(Operation.QUERY) is Position.OPEN
    errors = sorted(row.attempts.get().errors for row in rows)
    Generation.objects.update(due_at=timezone.now())
    _sweep(tmp_path)
    assert sorted(row.attempts.get().errors for row in rows) == errors, "nobody is asked while it rests"
    assert Generation.objects.filter(state="running").count() == 6, "poll errors are never a failed video"
    waiting = _sent()
    assert waiting.waiting_for == REST, "what cannot be watched is not paid for"
    settings.SORA_PORTAL_SANDBOX_URL = sandboxed.url
    for row in rows:
        row.attempts.update(base_url=home)
    _over()
    Generation.objects.filter(state="running").update(due_at=timezone.now() + timedelta(seconds=1))
    in_trouble = Generation.objects.filter(state="running", attempts__errors__gt=0)
    _sweep_until(tmp_path, lambda: not in_trouble.all().exists())
    assert _position(Operation.QUERY) is Position.CLOSED
    assert not in_trouble.all().exists()
    assert len(sandboxed.memory()["creates"]) == 6


def test_a_vendor_without_any_known_task_is_asked_about_none(sandboxed: Sandbox, tmp_path: Path) -> None:
    row = factories.offered_model("apixo-sora-2").connection
    now = timezone.now()
    breaker_state.failed(connection_id=row.pk, operation=Operation.CREATE, kind="transient", text="", now=now, count=3)
    _over()
    _sweep_until(tmp_path, lambda: _at(row) is Position.HALF_OPEN)
    assert _at(row) is Position.HALF_OPEN, "“no such task” is an answer"


def test_a_429_that_says_how_long_leaves_the_whole_account_alone(settings: Settings, tmp_path: Path) -> None:
    def busy(client: socket.socket) -> None:
        client.sendall(b'HTTP/1.1 429 Slow\r\nRetry-After: 60\r\nContent-Length: 12\r\n\r\n{"code":429}')

    for _ in range(3):
        factories.generation(state=State.RUNNING)
    now = timezone.now()
    for place, row in enumerate(Generation.objects.order_by("pk")):
        Generation.objects.filter(pk=row.pk).update(due_at=now + timedelta(seconds=2 * place))
    with raw_server(busy) as server:
        settings.SORA_PORTAL_SANDBOX_URL = server.url
        for row in Generation.objects.all():
            row.attempts.update(base_url=f"{server.url}/ruxa")
        _sweep(tmp_path, 5)
        assert len(server.requests) == 1
    found = breaker_state.of(Connection.objects.get(slug="ruxa").pk)[Operation.QUERY]
    assert found.wish_until
    assert now + timedelta(seconds=55) < found.wish_until < now + timedelta(seconds=70)
    assert found.rules.position is Position.CLOSED
