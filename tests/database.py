"""Emptying a database whose tables refuse to be emptied.

A test that commits for real (`live_server`, `django_db(transaction=True)`) ends with Django's flush:
DELETE on SQLite, TRUNCATE on PostgreSQL. Guarded tables refuse both. `guards_lifted` switches every guard of the
database off around it, and the fixture below does so for every flush of the run. It is the only place that may.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import TransactionTestCase


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
