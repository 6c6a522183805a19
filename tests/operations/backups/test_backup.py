"""`manage.py backup` and `manage.py restore`: the drill, on the database that the tests run on."""

import io
import json
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from sora_portal.catalog.models import Connection
from sora_portal.generations.models import Generation
from sora_portal.generations.restored import release
from sora_portal.installation import journal, media, safe_mode
from sora_portal.operations.backups import actions
from sora_portal.operations.reconciliation import checks
from tests import factories
from tests.generations.restored.setting_back import doubled, live, queued, released, sent, started
from tests.sandbox_server import Sandbox

__all__ = ["live"]
pytestmark = pytest.mark.django_db(transaction=True)


def backup(folder: Path) -> None:
    call_command("backup", str(folder), stdout=io.StringIO())


def restore(folder: Path, *options: str) -> str:
    said = io.StringIO()
    call_command("restore", str(folder), *options, stdout=said)
    return said.getvalue()


def test_restored_backup_sends_nothing_twice_and_loses_nothing_paid(
    live: Sandbox, data_dir: Path, client: Client
) -> None:
    started()
    client.force_login(factories.ada())
    session = client.cookies["sessionid"].value
    Connection.objects.update(secret_key="a-stored-key-that-pays")
    rows = queued(2)
    kept = data_dir / "media" / "aa.mp4"
    kept.write_bytes(b"a video")
    media.require()
    backup(data_dir / "backup")
    (data_dir / "media" / media.MARKER).write_text("another")
    later = factories.generation(prompt="paid after the backup")
    sent([*rows, later])
    kept.unlink()

    assert "Start the portal" in restore(data_dir / "backup", "--yes")
    started()
    assert safe_mode.holds()
    assert Generation.objects.count() == 2
    assert kept.read_bytes() == b"a video"
    assert media.is_here()
    assert released().taken_up == {"running": 3}
    sent(list(Generation.objects.all()))
    assert (len(live.memory()["creates"]), doubled(live)) == (3, 0)
    assert Generation.objects.filter(public_id=later.public_id).exists()
    assert checks.differences() == []
    assert client.get("/").status_code == 302, "sessions are not in a backup"
    _holds_no_secret(data_dir / "backup", session)


def _holds_no_secret(folder: Path, session: str) -> None:
    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    keys = [*settings.SORA_PORTAL_FIELD_KEYS, settings.SECRET_KEY, "a-stored-key-that-pays", "a-key-that-pays", session]
    assert [key for key in keys if key.encode() in everything] == []
    assert {path.stat().st_mode & 0o077 for path in [folder, *folder.rglob("*")]} == {0}


def test_damaged_or_unfinished_backup_replaces_nothing(live: Sandbox, data_dir: Path) -> None:
    started()
    queued(1)
    folder = data_dir / "backup"
    (data_dir / "media" / "aa.mp4").write_bytes(b"a video")
    backup(folder)
    assert "all as they were" in restore(folder, "--check")
    with pytest.raises(CommandError, match="not empty"):
        backup(folder)
    queued(1)
    (folder / "media" / "aa.mp4").write_bytes(b"a video!")
    with pytest.raises(CommandError, match=r"media/aa\.mp4 is not what it was"):
        restore(folder, "--yes")
    (folder / "media" / "aa.mp4").unlink()
    with pytest.raises(CommandError, match="missing"):
        restore(folder, "--yes")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"] = {"../outside": [0, ""]}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(CommandError, match="leads out"):
        restore(folder, "--yes")
    (folder / "manifest.json").unlink()
    with pytest.raises(CommandError, match="not finished"):
        restore(folder, "--yes")
    assert Generation.objects.count() == 2


@pytest.mark.parametrize(("answer", "goes_on"), [("restore", True), ("yes", False), ("", False)])
def test_restore_over_something_asks(
    live: Sandbox, data_dir: Path, monkeypatch: pytest.MonkeyPatch, answer: str, goes_on: bool
) -> None:
    started()
    queued(1)
    backup(data_dir / "backup")
    queued(1)
    monkeypatch.setattr("builtins.input", lambda _: answer)
    if goes_on:
        restore(data_dir / "backup")
    else:
        with pytest.raises(CommandError, match="Nothing was changed"):
            restore(data_dir / "backup")
    assert Generation.objects.count() == (1 if goes_on else 2)


def test_journal_forgets_what_ended_long_ago_and_a_backup_has(live: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    started()
    rows = queued(3)
    sent(rows)
    release._end(Generation.objects.get(pk=rows[0].pk), factories.mo(), timezone.now())
    monkeypatch.setattr(journal, "KEPT_ALWAYS", 1)
    assert actions.prune(timezone.now()) == 0
    assert actions.prune(timezone.now() + actions.JOURNAL_KEPT * 2) == 1, "of those that have not ended none"
    assert len(journal.names()) == 2
