"""Wake-ups: none comes too early to be of use, none piles up while nobody works, none falls with its neighbour."""

import asyncio
import socket
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from sora_portal.generations import admission
from sora_portal.generations.dispatch import send
from sora_portal.generations.domain import State
from sora_portal.generations.models import Generation, Line
from sora_portal.generations.polling import poller, requeue
from sora_portal.generations.polling.lease_file import LeaseFile
from sora_portal.providers import http
from sora_portal.providers.base import Call, NoReply
from tests import factories
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db


def _set(row: Generation, **seconds: float) -> None:
    now = timezone.now()
    Generation.objects.filter(pk=row.pk).update(**{name: now + timedelta(seconds=at) for name, at in seconds.items()})


@pytest.mark.django_db(transaction=True)
def test_a_worker_is_called_when_a_row_may_go_out_and_not_before(sandboxed: Sandbox) -> None:
    row = factories.generation()
    OrmQ.objects.all().delete()
    Line.objects.update(called_at=None)
    _set(row, due_at=60, held_until=60)
    admission.call_where_free(timezone.now())
    assert not OrmQ.objects.exists(), "a worker that is called now would find nothing to do"
    admission.call_where_free(timezone.now() + timedelta(seconds=61))
    assert OrmQ.objects.count() == 1
    _set(row, held_until=-1)
    send.fill_step(row.connection_id)
    assert Generation.objects.get().state == "running"


def test_a_worker_that_comes_too_early_asks_to_be_woken_in_time() -> None:
    row = factories.generation()
    _set(row, due_at=60, held_until=2)
    send.submit_step(row.pk)
    row.refresh_from_db()
    assert row.state == "queued"
    assert row.due_at == row.held_until


def test_wake_ups_do_not_pile_up_while_nobody_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requeue, "BACKLOG", 4)
    for _ in range(3):
        factories.generation(state=State.FETCHING)
    for _ in range(5):
        Generation.objects.update(due_at=timezone.now())
        poller.lease(timezone.now(), 1.0)
    assert OrmQ.objects.count() == 4
    OrmQ.objects.all().delete()
    Generation.objects.update(due_at=timezone.now())
    poller.lease(timezone.now(), 1.0)
    assert OrmQ.objects.count() == 3, "once somebody works again, every row is woken"


def test_wake_ups_that_dead_workers_took_along_keep_nobody_from_being_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requeue, "BACKLOG", 4)
    row = factories.generation(state=State.FETCHING)
    # As django-q2 leaves what a killed cluster had taken: locked for a quarter of an hour.
    taken = timezone.now() + timedelta(seconds=1000)
    OrmQ.objects.bulk_create([OrmQ(key="work", payload="", lock=taken) for _ in range(4)])
    Generation.objects.update(due_at=timezone.now())
    poller.lease(timezone.now(), 1.0)
    assert [task.task["args"] for task in OrmQ.objects.filter(lock__lte=timezone.now())] == [(row.pk,)]


def test_one_row_that_cannot_be_handled_does_not_cost_the_others_their_look(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.generation(state=State.UNCONFIRMED)
    running = factories.generation(state=State.RUNNING)
    fetching = factories.generation(state=State.FETCHING)
    past = timezone.now() - timedelta(seconds=1)
    Generation.objects.update(due_at=past)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the books do not agree")

    monkeypatch.setattr(requeue, "move", broken)
    looks = poller.lease(timezone.now(), 1.0)
    assert [look.attempt.generation_id for look in looks] == [running.pk]
    assert [task.task["args"] for task in OrmQ.objects.all()] == [(fetching.pk,)]


@pytest.mark.django_db(transaction=True)
def test_the_sweep_shows_life_while_its_last_looks_hang(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    factories.generation(state=State.RUNNING)
    Generation.objects.update(due_at=timezone.now())
    signs: list[float] = []

    class Hanging:
        async def __aenter__(self) -> "Hanging":
            return self

        async def __aexit__(self, *_: object) -> None: ...

        async def aclose(self) -> None: ...

        async def send(self, call: Call) -> NoReply:
            await asyncio.sleep(15)
            return NoReply(sent=True, reason="never")

    monkeypatch.setattr(poller, "DRAIN", 2.0)
    monkeypatch.setattr(poller, "Pool", lambda *_, **__: Hanging())
    monkeypatch.setattr(poller, "beat", lambda: signs.append(time.monotonic()))
    poller.Poller(LeaseFile(tmp_path, "1")).run(1.5)
    ended = time.monotonic()
    gaps = [after - before for before, after in zip(signs, [*signs[1:], ended], strict=True)]
    assert max(gaps) < 3, "the watchdog gives a silent sweep seven seconds"


@pytest.mark.django_db(transaction=True)
def test_a_vendor_that_hangs_does_not_cost_another_vendor_its_looks(
    sandboxed: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(http, "LANE_CONNECTIONS", 1)
    monkeypatch.setattr(poller, "DRAIN", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, never answers
        for _ in range(9):
            factories.generation(state=State.RUNNING, model=factories.offered_model("apixo-sora-2")).attempts.update(
                base_url=f"http://127.0.0.1:{silent.getsockname()[1]}"
            )
        Generation.objects.update(due_at=timezone.now())
        well = factories.generation(model=factories.offered_model("ruxa-sora-2"))
        send.submit_step(well.pk)
        _set(well, due_at=0.5)
        poller.Poller(LeaseFile(tmp_path, "1")).run(2.5)
    assert sandboxed.memory()["tasks"][0]["polls"] > 0
