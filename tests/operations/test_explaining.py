"""Trouble with the machine or the settings is one sentence and a status, not a traceback."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import IntegrityError, OperationalError

from sora_portal.startup_errors import explained
from tests.operations.installation import ROOT, Installation


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "", "/data/run/x"), "The disk is full (/data/run/x)"),
        (OSError(errno.EROFS, "", "/data"), "/data is on a disk that cannot be written to"),
        (PermissionError(errno.EACCES, "", "/data"), "/data may not be read or written by this account"),
        (OperationalError("database or disk is full"), "The disk is full, so the database"),
        (OperationalError("attempt to write a readonly database"), "may not be written by this account"),
        (OperationalError("connection failed: Connection refused"), "The database cannot be used. It says: connection"),
    ],
)
def test_trouble_of_the_machine_is_a_sentence(error: Exception, words: str) -> None:
    assert words in str(explained(error))


def test_fault_of_ours_keeps_its_traceback() -> None:
    assert [explained(error) for error in (KeyError("x"), IntegrityError("x"), OSError(errno.EINVAL, "x"))] == [
        None
    ] * 3


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("DATABASE_URL", "nonsense", "DATABASE_URL has to be sqlite:///path or postgres://"),
        ("DATABASE_URL", "sqlite://", "DATABASE_URL has to be sqlite:///path or postgres://"),
        (
            "DATABASE_URL",
            "postgres://a:secret@127.0.0.1:1/x",
            "The database cannot be used. It says: connection failed",
        ),
        ("SORA_PORTAL_DATA_DIR", "{file}/below", "is not a folder. Choose another"),
        ("SORA_PORTAL_WORKERS", "many", "The settings cannot be used: "),
    ],
)
def test_command_ends_with_a_sentence(tmp_path: Path, variable: str, value: str, words: str) -> None:
    file = tmp_path / "file"
    file.touch()
    house = Installation(tmp_path)
    wrong = {**house.environment, variable: value.format(file=file)}
    said = subprocess.run(
        [sys.executable, "manage.py", "migrate"], cwd=ROOT, env=wrong, capture_output=True, text=True, check=False
    )
    assert said.returncode == 1
    assert words.format(file=file) in said.stderr
    assert "Traceback" not in said.stderr
    assert "secret" not in said.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a disk that is always full")  # noqa: PTH110
def test_work_on_a_full_disk_ends_with_a_sentence() -> None:
    lines = (
        "from sora_portal import startup_errors\n"
        "startup_errors.run(lambda: open('/dev/full', 'w', buffering=1).write('x\\n'))\n"
    )
    said = subprocess.run([sys.executable, "-c", lines], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (said.returncode, "Traceback" in said.stderr) == (1, False), said.stderr
    assert "The disk is full" in said.stderr
