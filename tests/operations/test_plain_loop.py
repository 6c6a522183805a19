"""The plain loop's own edges; that it does the work of both clusters is shown by tests/crashes."""

import threading
from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

from sora_portal.generations.enqueue import SUBMIT, WORK
from sora_portal.operations import single_process_worker
from sora_portal.operations.single_process_worker import PlainLoop
from tests.operations.supervision.processes import wait_until

pytestmark = pytest.mark.django_db


def test_loop_takes_as_many_wake_ups_as_it_has_threads_free() -> None:
    for number in range(3):
        async_task(SUBMIT, number, cluster=WORK)
    assert len(single_process_worker.take(2)) == 2
    assert OrmQ.objects.count() == 1


def test_loop_leaves_what_is_another_clusters_and_what_is_not_due() -> None:
    async_task("sora_portal.generations.tasks.sweep_slice", 1, "", cluster="sweep")
    async_task(SUBMIT, 1, cluster=WORK)
    OrmQ.objects.filter(key=WORK).update(lock=timezone.now() + timedelta(minutes=1))
    assert single_process_worker.take(5) == []
    assert OrmQ.objects.count() == 2


def test_loop_drops_an_entry_that_somebody_else_signed() -> None:
    OrmQ.objects.create(key=WORK, payload="rubbish:signature", lock=timezone.now())
    assert single_process_worker.take(5) == []
    assert OrmQ.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_loop_finishes_what_it_has_begun_when_it_is_asked_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, may_end, done = threading.Event(), threading.Event(), threading.Event()

    def step() -> None:
        begun.set()
        may_end.wait(20)
        done.set()

    monkeypatch.setattr(single_process_worker, "take", lambda count: [step] if not begun.is_set() else [])
    loop = PlainLoop(threads=1)
    running = threading.Thread(target=loop.run)
    running.start()
    assert begun.wait(20)
    loop.stop()
    may_end.set()
    running.join(20)
    assert done.is_set()
    wait_until(lambda: not running.is_alive(), seconds=5, what="the loop to end")
