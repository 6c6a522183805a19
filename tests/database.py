"""Databases for tests: a migrated one to copy, and emptying one whose tables refuse to be emptied.

Migrating takes seconds, and a run wants a dozen databases: `copy_migrated` migrates once for each state of the
migrations.

A test that commits for real (`live_server`, `django_db(transaction=True)`) ends with Django's flush:
DELETE on SQLite, TRUNCATE on PostgreSQL. Guarded tables refuse both. `guards_lifted` switches every guard of the
database off around it, and the fixture below does so for every flush of the run. It is the only place that may.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import TransactionTestCase


ROOT = Path(__file__).resolve().parents[1]


def copy_migrated(target: Path) -> None:
    """Put a migrated SQLite database without rows at `target`."""
    digest = hashlib.sha256()
    for path in (ROOT / "requirements-dev.lock", *sorted(ROOT.glob("sora_portal/*/migrations/*.py"))):
        digest.update(path.read_bytes())
    kept = ROOT / ".venv" / f"migrated-{digest.hexdigest()[:16]}.sqlite3"
    with (ROOT / ".venv" / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            for old in kept.parent.glob("migrated-*"):
                old.unlink()
            part = kept.with_suffix(".part")
            environment = {
                **{name: value for name, value in os.environ.items() if not name.startswith("COV_")},
                "DJANGO_SETTINGS_MODULE": "tests.settings",
                "TEST_DATABASE_URL": f"sqlite:///{part}",
            }
            command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
            subprocess.run(command, cwd=ROOT, env=environment, check=True)
            part.rename(kept)
        shutil.copyfile(kept, target)


@contextmanager
def guards_lifted(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Switch off every trigger whose name begins with "guard_", and on again afterwards."""
    off, on = _switches(connection)
    _run(connection, off)
    try:
        yield
    finally:
        _run(connection, on)


def _switches(connection: BaseDatabaseWrapper) -> tuple[list[str], list[str]]:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Inside a transaction: what is still to be checked is checked now, or the tables are "in use".
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgname LIKE 'guard\\_%'")
            found = cursor.fetchall()
            off, on = ([f"ALTER TABLE {table} {verb} TRIGGER {name}" for table, name in found] for verb in _VERBS)
            return off, on
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'guard\\_%' ESCAPE '\\'"
        )
        found = cursor.fetchall()
        return [f"DROP TRIGGER {name}" for name, _ in found], [sql for _, sql in found]


_VERBS = ("DISABLE", "ENABLE")


def _run(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture(autouse=True, scope="session")
def guards_allow_flush() -> Iterator[None]:
    """Lift the guards whenever Django empties the database between two tests."""
    flush = TransactionTestCase._fixture_teardown

    def lifted(self: Any) -> None:
        with guards_lifted(connections["default"]):
            flush(self)

    TransactionTestCase._fixture_teardown = lifted  # type: ignore[method-assign]
    yield
    TransactionTestCase._fixture_teardown = flush  # type: ignore[method-assign]
