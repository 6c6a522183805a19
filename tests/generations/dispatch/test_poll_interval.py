"""When a video is looked at: by its vendor's advice, less often where the vendor reports, never as a herd."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from sora_portal.catalog import breaker_state
from sora_portal.catalog.circuit_breaker import Operation
from sora_portal.catalog.models import Connection
from sora_portal.generations.dispatch import claim as dispatch_claim
from sora_portal.generations.dispatch import send
from sora_portal.generations.domain import State
from sora_portal.generations.models import Attempt, Generation
from sora_portal.generations.polling import poller
from sora_portal.generations.polling.lease_file import LeaseFile
from sora_portal.generations.vendor.create_result import accept
from sora_portal.generations.vendor.health import HealthCounter
from sora_portal.generations.vendor.status_result import record
from sora_portal.providers.base import ErrorKind, Job, JobState
from tests import factories
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("origin", "callbacks", "interval"),
    [("", True, 10), ("https://portal.example", False, 10), ("https://portal.example", True, 30)],
)
def test_a_vendor_that_was_given_an_address_is_asked_a_third_as_often(
    settings: Settings, origin: str, callbacks: bool, interval: float
) -> None:
    settings.SORA_PORTAL_PUBLIC_URL = origin
    row = factories.generation(model=factories.offered_model("apixo-sora-2"))
    Connection.objects.update(callbacks=callbacks)
    claim = dispatch_claim.claim(row.pk, timezone.now())
    assert claim is not None
    assert claim.attempt.interval == interval
    assert (send.callback_url(claim.attempt, "token") is not None) is (interval == 30)


def test_the_first_look_comes_by_the_vendors_advice_and_no_two_at_once() -> None:
    now = timezone.now()
    dues = set()
    for number in range(8):
        row = factories.generation(state=State.UNCONFIRMED, model=factories.offered_model("apixo-sora-2"))
        assert accept(generation=row, attempt=row.attempts.get(), task_id=f"t{number}", now=now)
        dues.add(Generation.objects.get(pk=row.pk).due_at)
    assert len(dues) == 8
    assert all(due and timedelta(seconds=180) <= due - now <= timedelta(seconds=190) for due in dues)


def test_a_look_keeps_the_rows_phase_for_ever(settings: Settings) -> None:
    row = factories.generation(state=State.RUNNING, model=factories.offered_model("apixo-sora-2"))
    due = timezone.now() + timedelta(seconds=0.3)
    for number in range(1, 6):
        Generation.objects.filter(pk=row.pk).update(due_at=due)
        poller.lease(due - timedelta(seconds=0.3), 1.0)
        due += timedelta(seconds=10)
        assert Generation.objects.get(pk=row.pk).due_at == due, number


def test_a_503_with_a_wish_postpones_its_own_row_and_a_429_the_account() -> None:
    row = factories.generation(state=State.RUNNING)
    attempt, now = row.attempts.select_related("connection").get(), timezone.now()
    Attempt.objects.update(base_url=attempt.connection.url)
    attempt.base_url = attempt.connection.url
    tally = HealthCounter()

    def told(kind: ErrorKind) -> None:
        job = Job(usable=False, kind=kind, retry_after=120)
        record(attempt_id=attempt.pk, job=job, now=now)
        tally.note(attempt, job, began_at=now, now=now)
        tally.write(now)

    told(ErrorKind.MODEL_UNAVAILABLE)
    due = Generation.objects.get().due_at
    assert due
    assert due >= now + timedelta(seconds=119)
    assert breaker_state.of(row.connection_id)[Operation.QUERY].wish_until is None
    told(ErrorKind.RATE_LIMITED)
    assert breaker_state.of(row.connection_id)[Operation.QUERY].wish_until == now + timedelta(seconds=120)


def test_a_hundred_errors_in_a_row_wait_longer_and_longer_and_end_nothing() -> None:
    row = factories.generation(state=State.RUNNING)
    now, waits = timezone.now(), []
    for _ in range(100):
        record(attempt_id=row.attempts.get().pk, job=Job(usable=False, kind=ErrorKind.TRANSIENT), now=now)
        due = Generation.objects.get().due_at
        assert due
        waits.append((due - now).total_seconds())
    assert Generation.objects.get().state == "running"
    assert waits[0] < 5
    assert waits == sorted(waits)
    assert waits[-1] <= 900
    record(attempt_id=row.attempts.get().pk, job=Job(state=JobState.RUNNING), now=now)
    assert row.attempts.get().errors == 0


@pytest.mark.parametrize(("interval", "minutes", "next_look"), [(30, 19, 30), (30, 21, 300), (600, 21, 600)])
def test_after_twenty_minutes_a_look_every_five_is_enough(interval: float, minutes: float, next_look: float) -> None:
    row = factories.generation(state=State.RUNNING)
    row.attempts.update(interval=interval)
    now = timezone.now()
    Generation.objects.update(started_at=now - timedelta(minutes=minutes), due_at=now)
    poller.lease(now, 1.0)
    assert Generation.objects.get().due_at == now + timedelta(seconds=next_look)


class Slow(BaseHTTPRequestHandler):
    """Answers after a while that the task is running; counts how many wait at once."""

    protocol_version = "HTTP/1.1"
    lock = threading.Lock()
    now = most = total = 0

    def do_GET(self) -> None:
        with self.lock:
            type(self).now += 1
            type(self).total += 1
            type(self).most = max(self.most, self.now)
        time.sleep(0.3)
        body = json.dumps({"code": 200, "data": {"taskId": "t", "state": "processing"}}).encode()
        with self.lock:
            type(self).now -= 1
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def _slow_vendor() -> Iterator[str]:
    Slow.now = Slow.most = Slow.total = 0
    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.django_db(transaction=True)
def test_two_sweepers_together_ask_no_more_at_once_than_the_cap(sandbox: Sandbox, tmp_path: Path) -> None:
    model = factories.offered_model("apixo-sora-2")
    for _ in range(24):
        factories.generation(state=State.RUNNING, model=model)
    Connection.objects.update(max_polls=4)
    now = timezone.now()

    def run(name: str) -> None:
        try:
            poller.Poller(LeaseFile(tmp_path, name)).run(1.5)
        finally:
            connections.close_all()

    with _slow_vendor() as url:
        Attempt.objects.update(base_url=url)
        keys = list(Generation.objects.values_list("pk", flat=True))
        for half, pks in enumerate((keys[:12], keys[12:])):
            Generation.objects.filter(pk__in=pks).update(due_at=now + timedelta(seconds=1.2 * half))
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(run, ("1", "2")))
    assert Slow.total >= 20, "they all get their turn"
    assert 2 <= Slow.most <= 4
