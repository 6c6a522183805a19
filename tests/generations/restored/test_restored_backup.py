"""A database that was set back, or copied, beside a send journal that knows more: nothing is paid for twice."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from sora_portal.catalog import actions as catalog
from sora_portal.catalog.models import Connection, Credential
from sora_portal.generations import actions
from sora_portal.generations.domain import State
from sora_portal.generations.models import Attempt, Generation
from sora_portal.generations.polling.lease_file import LeaseFile
from sora_portal.generations.polling.poller import Poller
from sora_portal.generations.resolution import actions as resolution_actions
from sora_portal.generations.restored import check, differences, release
from sora_portal.installation import identity, journal, safe_mode
from sora_portal.installation.models import Installation
from sora_portal.installation.safe_mode import InSafeMode
from sora_portal.ledger import actions as credits
from tests import factories
from tests.generations.restored.setting_back import TWELVE, doubled, live, queued, released, sent, set_back, started
from tests.sandbox_server import Sandbox

__all__ = ["live"]
pytestmark = pytest.mark.django_db


def test_twelve_videos_queued_in_an_older_backup_are_not_sent_again(live: Sandbox) -> None:
    started()
    rows = queued()
    set_back(lambda: sent(rows))
    assert safe_mode.holds()
    sent(rows)
    assert len(live.memory()["creates"]) == TWELVE
    released()
    sent(rows)
    assert (len(live.memory()["creates"]), doubled(live)) == (TWELVE, 0)
    assert set(Generation.objects.values_list("state", flat=True)) == {"running"}
    tasks = {task["task_id"] for task in live.memory()["tasks"]}
    assert set(Attempt.objects.values_list("vendor_task_id", flat=True)) == tasks


def test_video_paid_after_the_backup_is_listed_and_taken_up(live: Sandbox) -> None:
    started()
    queued(1)
    set_back(lambda: sent([factories.generation(prompt="made after the backup") for _ in range(3)]))
    assert len(differences.entries(Installation.objects.get())) == 3
    assert released().taken_up == {"running": 3}
    rows = Generation.objects.filter(prompt="made after the backup")
    assert {row.hold.amount for row in rows} == {row.price_milli for row in rows} != {0}
    started()
    assert not safe_mode.holds()


def test_paid_video_that_no_budget_holds_keeps_safe_mode_until_one_does(live: Sandbox) -> None:
    started()
    queued(1)
    set_back(lambda: sent([factories.generation(prompt="made after the backup")]))
    scope = credits.organisation_scope()
    credits.set_quota(by=factories.mo(), scope=scope, monthly=0, now=timezone.now())
    with pytest.raises(release.DoesNotFit, match="cannot be taken up yet"):
        released()
    assert safe_mode.holds()
    credits.set_quota(by=factories.mo(), scope=scope, monthly=10_000_000, now=timezone.now())
    assert released().taken_up == {"running": 1}


def test_twelve_videos_on_a_copy_elsewhere_are_not_sent(live: Sandbox, settings: Settings, tmp_path: Path) -> None:
    started()
    rows = queued()
    shutil.copytree(journal.folder(), tmp_path / "copy" / "journal")
    settings.DATA_DIR = tmp_path / "copy"
    started()
    sent(rows)
    assert live.memory()["creates"] == []
    assert "copied or moved" in " ".join(safe_mode.on().reasons)


def test_copy_gets_its_own_identity_and_loses_its_keys(live: Sandbox, settings: Settings, data_dir: Path) -> None:
    started()
    before = Installation.objects.get().uid
    rows = [*queued(3), factories.generation(state=State.FETCHING), factories.generation(state=State.UNCONFIRMED)]
    Connection.objects.update(secret_key="a-key-that-pays")
    catalog.pin_credential(connection=Connection.objects.all()[0], now=timezone.now())
    shutil.copytree(journal.folder(), data_dir / "elsewhere" / "journal")
    settings.DATA_DIR = data_dir / "elsewhere"
    started()
    with pytest.raises(release.KeysInEnvironment):
        release.copied(by=factories.mo(), now=timezone.now())
    settings.SORA_PORTAL_VENDORS = {}
    assert release.copied(by=factories.mo(), now=timezone.now()).ended == len(rows)
    assert not any(row.key for row in Connection.objects.all())
    assert not any(row.secret_key for row in Credential.objects.all())
    assert Installation.objects.get().uid != before
    assert set(Generation.objects.values_list("state", flat=True)) == {"failed"}
    started()
    assert not safe_mode.holds()


def _removed() -> None:
    shutil.rmtree(journal.folder())


def _identity_removed() -> None:
    identity.file().unlink()


def _identity_damaged() -> None:
    identity.file().write_text("{")


def _sends_removed() -> None:
    shutil.rmtree(journal.folder() / "sent")


def _put_back_from_a_copy() -> None:
    shutil.copytree(journal.folder(), f"{journal.folder()}-copy")
    shutil.rmtree(journal.folder())
    shutil.copytree(f"{journal.folder()}-copy", journal.folder())


def _of_an_older_epoch() -> None:
    Installation.objects.update(epoch=0)


@pytest.mark.parametrize(
    "harm",
    [_removed, _identity_removed, _identity_damaged, _sends_removed, _put_back_from_a_copy, _of_an_older_epoch],
)
def test_journal_that_is_gone_or_another_means_safe_mode(live: Sandbox, harm: Callable[[], None]) -> None:
    started()
    first, second = queued(2)
    sent([first])
    Attempt.objects.update(sending_at=timezone.now() - differences.SHOWN_BY * 2)
    Installation.objects.update(since=timezone.now() - differences.SHOWN_BY * 3)
    harm()
    started()
    sent([second])
    assert safe_mode.holds()
    assert len(live.memory()["creates"]) == 1
    released(send_rest=False)
    assert Generation.objects.get(pk=second.pk).state == "failed"
    started()
    assert not safe_mode.holds()


def test_nothing_ends_in_safe_mode(live: Sandbox) -> None:
    started()
    row, doubtful = queued(1)[0], factories.generation(state=State.NEEDS_DECISION)
    safe_mode.enter(("a test",), timezone.now())
    with pytest.raises(InSafeMode):
        actions.cancel(by=factories.ada(), generation=row, now=timezone.now())
    reason = "given up by the admin"
    with pytest.raises(InSafeMode):
        resolution_actions.write_off(by=factories.mo(), generation=doubtful, reason=reason, now=timezone.now())
    assert {row.state for row in Generation.objects.all()} == {"queued", "needs_decision"}


def test_queued_video_says_why_it_waits(live: Sandbox) -> None:
    queued(1)
    safe_mode.enter(("a test",), timezone.now())
    check.tell_waiting()
    assert "safe mode" in Generation.objects.get().waiting_for


@pytest.mark.django_db(transaction=True)
def test_sweep_asks_and_ends_nothing_in_safe_mode(live: Sandbox, data_dir: Path) -> None:
    started()
    [row] = queued(1)
    sent([row])
    safe_mode.enter(("a test",), timezone.now())
    Generation.objects.update(due_at=timezone.now())
    asked = len(live.memory()["queries"]) if "queries" in live.memory() else 0
    with LeaseFile(data_dir / "run", "test") as diary:
        Poller(diary).run(1.5)
    assert Generation.objects.get().due_at <= timezone.now()
    assert (len(live.memory()["queries"]) if "queries" in live.memory() else 0) == asked


def test_practice_goes_on_without_a_decision(sandboxed: Sandbox, settings: Settings, tmp_path: Path) -> None:
    started()
    rows = queued(3)
    set_back(lambda: sent(rows[:2]))
    assert not safe_mode.holds()
    sent(rows)
    assert len(sandboxed.memory()["creates"]) == 3
    shutil.copytree(journal.folder(), tmp_path / "copy" / "journal")
    settings.DATA_DIR = tmp_path / "copy"
    started()
    assert not safe_mode.holds()
    Installation.objects.all().delete()
    started()
    assert not safe_mode.holds()


def test_installation_of_an_earlier_release_takes_its_identity_once(live: Sandbox) -> None:
    factories.generation(state=State.RUNNING)
    started()
    row, found = Installation.objects.get(), identity.read()
    assert not safe_mode.holds()
    assert (row.uid, row.epoch, row.live) == (found.uid, found.epoch, True)
    started()
    assert Installation.objects.get().uid == row.uid


def test_backup_from_before_the_first_key_knows_from_the_journal_that_money_was_spent(
    live: Sandbox, settings: Settings
) -> None:
    keys, settings.SORA_PORTAL_VENDORS = settings.SORA_PORTAL_VENDORS, {}
    started()
    row = queued(1)[0]

    def pay() -> None:
        settings.SORA_PORTAL_VENDORS = keys
        sent([row])
        settings.SORA_PORTAL_VENDORS = {}

    set_back(pay)
    assert safe_mode.holds()


@pytest.mark.django_db(transaction=True)
def test_sweep_reads_the_answers_that_only_the_journal_has(live: Sandbox, data_dir: Path) -> None:
    """As after a backup between a request and its answer, with nothing sent since."""
    started()
    rows = [factories.generation(state=state) for state in (State.SUBMITTING, State.UNCONFIRMED)]
    Attempt.objects.update(answered_at=None)
    for row in rows:
        journal.begin(f"{row.public_id}-1", {})
        journal.learn(f"{row.public_id}-1", {"answer": {"verdict": "accepted", "task_id": f"task-{row.pk}"}})
    with LeaseFile(data_dir / "run", "test") as diary:
        Poller(diary).run(1.5)
    assert set(Attempt.objects.values_list("vendor_task_id", flat=True)) == {f"task-{row.pk}" for row in rows}


def test_what_was_paid_is_taken_up_although_the_key_is_lost(live: Sandbox, settings: Settings) -> None:
    started()
    queued(1)
    set_back(lambda: sent([factories.generation(prompt="made after the backup")]))
    settings.SORA_PORTAL_VENDORS, settings.SORA_PORTAL_SANDBOX = {}, False
    assert released().taken_up == {"running": 1}
