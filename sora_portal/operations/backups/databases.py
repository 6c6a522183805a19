"""The database by its engine's own way: a copy while others write, and the way back in one transaction."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from django.db import connection, connections

# Who has a session's key is signed in, so no backup holds them: after a restore everybody signs in again.
SESSIONS = "django_session"
FILES = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}


class Failed(Exception):
    """The engine's own tool said no; the message is for the person who called it."""


def engine() -> str:
    """Return the engine's name as `FILES` has it."""
    return connection.vendor


def dump(folder: Path) -> Path:
    """Write a copy of the database into `folder` while the portal runs, checked by the engine; raises Failed."""
    target = folder / FILES[engine()]
    if engine() == "postgresql":
        without = f"--exclude-table-data={SESSIONS}"
        _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", without, f"--file={target}")
        check(target)
        return target
    with _open(_path()) as source, _open(target) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        copy.execute(f"DELETE FROM {SESSIONS}")  # noqa: S608 - a constant
        copy.commit()
        # What was deleted would still be in the file's free pages.
        copy.execute("VACUUM")
    check(target)
    return target


def check(file: Path) -> None:
    """Raise Failed when the copy is damaged."""
    if file.name == FILES["postgresql"]:
        _run("pg_restore", "--list", str(file), into=subprocess.DEVNULL)
        return
    with _open(file) as copy:
        try:
            [(said,)] = copy.execute("PRAGMA integrity_check(1)").fetchall()
        except sqlite3.DatabaseError as error:
            raise Failed(f"{file.name} is damaged: {error}") from None
    if said != "ok":
        raise Failed(f"{file.name} is damaged: {said}")


def load(folder: Path) -> None:
    """Put the copy in `folder` in the place of the database, all or nothing; raises Failed."""
    source = folder / FILES[engine()]
    connections.close_all()
    if engine() == "postgresql":
        with tempfile.NamedTemporaryFile(suffix=".sql") as script:
            _run("pg_restore", "--no-owner", "--no-privileges", f"--file={script.name}", str(source))
            # By hand and not by --clean: what a newer release has added to this database goes as well.
            anew = ("--command=DROP SCHEMA public CASCADE", "--command=CREATE SCHEMA public")
            strict = ("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1")
            _run("psql", *strict, *anew, f"--file={script.name}", into=subprocess.DEVNULL)
        return
    with _open(source) as copy, _open(_path()) as target:
        try:
            copy.backup(target)
        except sqlite3.Error as error:
            raise Failed(f"The database file could not be written: {error}. Stop the portal first.") from None


def is_empty() -> bool:
    """Whether nothing would be lost if the database were replaced."""
    return not connection.introspection.table_names()


def _path() -> Path:
    return Path(connection.settings_dict["NAME"])


@contextlib.contextmanager
def _open(path: Path) -> Any:
    with contextlib.closing(sqlite3.connect(path, timeout=20)) as opened:
        yield opened


def _run(program: str, *arguments: str, into: int | None = None) -> None:
    """Run one of PostgreSQL's programs on our database; the password goes by the environment, never by the line."""
    found = shutil.which(program)
    if found is None:
        raise Failed(f"{program} is not installed here. It comes with PostgreSQL's client programs.")
    at = connection.settings_dict
    names = {"PGDATABASE": "NAME", "PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD"}
    environment = {**os.environ, **{name: str(at[key]) for name, key in names.items() if at[key]}}
    done = subprocess.run(
        [found, *arguments], env=environment, stdout=into, stderr=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise Failed(f"{program}: {done.stderr.strip()[-500:]}")
