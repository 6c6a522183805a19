"""Workers that die, freeze or meet over a late task: one file, no charge, and the end stands."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from sora_portal.generations.domain import LOST_LEASES_LIMIT
from sora_portal.generations.models import Generation, LateTask
from sora_portal.generations.vendor import late_tasks
from sora_portal.ledger.models import Journal
from sora_portal.outputs.fetching import ingest
from sora_portal.outputs.models import Output
from sora_portal.outputs.tasks import recover
from tests.outputs.fetching import late
from tests.outputs.fetching.test_fetch_crashes import Killed, dies
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(sandboxed: Sandbox) -> Generation:
    """A written-off video whose vendor says by now that it made it."""
    row = late.written_off()
    late.callback(row, late.task_of(sandboxed))
    return row


def step() -> LateTask:
    """Look after the only late task, and return it."""
    recover(LateTask.objects.get().pk)
    return LateTask.objects.get()


@pytest.mark.parametrize(
    "where",
    [
        "fetching.ingest.download",
        "fetching.ingest.inspect",
        "media.storage.keep",
        "fetching.late_fetch.note_file",
        "fetching.late_fetch.late_tasks.recover",
    ],
)
def test_recovery_after_a_death_at_any_step_ends_with_one_file_and_no_charge(
    row: Generation, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(f"sora_portal.outputs.{where}", dies)
        with pytest.raises(Killed):
            step()
    assert not Output.objects.exists()
    assert step().busy, "the dead worker's lease still runs"
    late.now_due()

    assert step().outcome == "recovered"
    row.refresh_from_db()
    assert (row.state, Output.objects.count()) == ("failed", 1)
    assert not Journal.objects.filter(kind="capture").exists()


def test_recovery_that_kills_its_worker_every_time_is_given_up(
    row: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "download", dies)
    for _ in range(LOST_LEASES_LIMIT):
        with pytest.raises(Killed):
            step()
        late.now_due()

    assert (step().due_at, LateTask.objects.get().outcome) == (None, "3 workers died over it")


def during(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Do something between the download and the examination."""
    inspect = ingest.inspect

    def acting(*args: object, **kwargs: object) -> object:
        act()
        return inspect(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(ingest, "inspect", acting)


def test_second_worker_meanwhile_does_nothing(
    row: Generation, sandboxed: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def second() -> None:
        before = sandboxed.memory()["tasks"][0]["polls"]
        step()
        seen.append(sandboxed.memory()["tasks"][0]["polls"] - before)

    during(monkeypatch, second)

    assert step().outcome == "recovered"
    assert seen == [0]


def test_worker_that_slept_past_its_lease_writes_nothing(row: Generation, monkeypatch: pytest.MonkeyPatch) -> None:
    def overtake() -> None:
        late.now_due()
        assert late_tasks.claim(LateTask.objects.get().pk, timezone.now()) is not None

    during(monkeypatch, overtake)

    assert (step().busy, Output.objects.count()) == (True, 0)
    row.refresh_from_db()
    assert row.recovered_at is None
