"""The queue runs the portal's own tasks with ids, whatever stands in its tables."""

import pickle
from datetime import timedelta
from multiprocessing import Event, Queue, Value
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.core_signing import dumps
from django_q.models import OrmQ, Schedule, Task
from django_q.pusher import pusher
from django_q.scheduler import scheduler
from django_q.signing import SignedPackage
from django_q.status import Stat
from django_q.tasks import async_task
from django_q.worker import worker

from sora_portal.operations import single_process_worker
from sora_portal.task_queue import Entries, NotOurs

pytestmark = pytest.mark.django_db

SUBMIT = "sora_portal.generations.tasks.submit"


@pytest.fixture(autouse=True)
def one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the parts of a cluster run inside the test's own transaction."""
    for module in ("scheduler", "worker"):
        monkeypatch.setattr(f"django_q.{module}.close_old_django_connections", lambda: None)


class Payload:
    """What runs when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


class Pickles:
    """What django-q2 wrote into its table before there was a gate."""

    dumps = staticmethod(pickle.dumps)


def forged(entry: object, serializer: Any = None) -> str:
    """Return an entry signed with our own key, as if that had been stolen."""
    package: str = dumps(
        entry, key=Conf.SECRET_KEY, salt=Conf.PREFIX, compress=False, serializer=serializer or Verbatim
    )
    return package


class Verbatim:
    """Bytes as they are."""

    @staticmethod
    def dumps(entry: object) -> bytes:
        return str(entry).encode()


def run_queue() -> None:
    """Let django-q2's own pusher and worker take what is in the table of the queue."""
    tasks: Any = Queue()
    once = Event()
    once.set()
    for _ in range(OrmQ.objects.count()):
        pusher(tasks, once, get_broker("work"))
    tasks.put("STOP")
    worker(tasks, Queue(), Value("f", -1))


@pytest.mark.parametrize(
    "values",
    [
        {"args": "'touch {}'", "func": "os.system"},
        {"args": "'touch {}'", "func": "os.system", "kwargs": "q_options={{'sync': True}}"},
        {"args": "1", "func": SUBMIT, "hook": "os.system"},
        {"args": "'{}'", "func": "pathlib.Path.touch"},
        {"args": "'1'", "func": SUBMIT},
    ],
)
def test_a_schedule_row_runs_nothing(values: dict[str, str], tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    row = {name: value.format(mark) for name, value in values.items()}
    Schedule.objects.create(next_run=timezone.now() - timedelta(minutes=1), schedule_type=Schedule.ONCE, **row)
    scheduler(get_broker("work"))
    run_queue()
    assert not mark.exists()
    assert not OrmQ.objects.exists()


def test_no_cluster_looks_for_schedules() -> None:
    assert not Conf.SCHEDULER


@pytest.mark.parametrize(
    "entry",
    [
        '["os.system", "touch {}"]',
        '["sora_portal.generations.tasks.os.system", "touch {}"]',
        '["sora_portal.failpoints.os.system", "touch {}"]',
        f'["{SUBMIT}", "1"]',
        f'["{SUBMIT}", true]',
        f'["{SUBMIT}", 1, 2]',
        f'["{SUBMIT}"]',
        '["sora_portal.generations.tasks.ensure_sweep"]',
        '["sora_portal.generations.tasks.beat"]',
        f'{{"func": "{SUBMIT}", "args": [1]}}',
        "[]",
        "7",
        "null",
    ],
)
def test_a_row_of_the_queue_that_is_no_task_of_ours_is_dropped_by_both_loops(entry: str, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    for take in (run_queue, lambda: [step() for step in single_process_worker.take(5)]):
        OrmQ.objects.create(key="work", payload=forged(entry.replace("{}", str(mark))), lock=timezone.now())
        take()
        assert not OrmQ.objects.exists()
        assert not mark.exists()


@pytest.mark.parametrize("wrapped", [True, False])
def test_an_entry_is_never_unpickled(wrapped: bool, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    payload = forged({"func": SUBMIT, "args": (Payload(mark),)} if wrapped else Payload(mark), Pickles)
    OrmQ.objects.create(key="work", payload=payload, lock=timezone.now())
    run_queue()
    assert not mark.exists()
    assert not OrmQ.objects.exists()


@pytest.mark.parametrize(
    ("name", "arguments", "options"),
    [
        ("os.system", ["true"], {}),
        (SUBMIT, ["1"], {}),
        (SUBMIT, [1], {"hook": "os.system"}),
        (SUBMIT, [1], {"sync": True}),
        (SUBMIT, [1], {"chain": [("os.system", ("true",))]}),
        (SUBMIT, [1], {"group": "mine"}),
        (SUBMIT, [], {"generation_id": 1}),
    ],
)
def test_what_the_queue_would_drop_cannot_be_queued(name: str, arguments: list[Any], options: dict[str, Any]) -> None:
    with pytest.raises(NotOurs):
        async_task(name, *arguments, **options)
    assert not OrmQ.objects.exists()


def test_statistics_of_a_cluster_are_not_kept_and_do_not_fail() -> None:
    assert Entries.dumps(Stat.__new__(Stat)) == b"null"


def test_a_task_of_ours_comes_back_as_it_was_queued() -> None:
    async_task(SUBMIT, 5, cluster="work")
    task = SignedPackage.loads(OrmQ.objects.get().payload)
    assert (task["func"], task["args"], task["kwargs"]) == (SUBMIT, (5,), {})


def test_the_hook_of_a_result_is_not_called(tmp_path: Path) -> None:
    now = timezone.now()
    Task.objects.create(
        id="1", name="x", func=SUBMIT, hook="tests.operations.test_task_queue.shout", started=now, stopped=now
    )
    assert not _shouted


_shouted: list[object] = []


def shout(result: object) -> None:
    """Note that a hook was called."""
    _shouted.append(result)
