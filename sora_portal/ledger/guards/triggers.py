"""Triggers by which the database itself keeps the ledger's promises, whoever speaks SQL to it.

A `Guard` is a set of triggers on one table, written once for each database. Migrations install them through
`operation`; `installed` lists those that are there, so that `ledger_verify` can miss one. Every trigger's name begins
with "guard_".

Two things to know when changing a guarded table. SQLite rebuilds a table for most schema changes and drops its
triggers with the old one: such a migration ends with `guards.operation(...)` again. And emptying a guarded table
(Django's flush, between tests that commit) is exactly what guards refuse: see tests/database.py.
"""

# ruff: noqa: S608 - table and column names from this package, put together once by a migration

from dataclasses import dataclass
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.operations import RunPython

PREFIX = "guard_"


@dataclass(frozen=True)
class Trigger:
    """One trigger on a table: `sql` follows `CREATE TRIGGER <name>`; on PostgreSQL it calls a function.

    `body` is that function's PL/pgSQL block; empty means the shared function that refuses any change.
    """

    name: str
    sql: str
    body: str = ""


@dataclass(frozen=True)
class Guard:
    """The triggers of one table for each database vendor."""

    table: str
    sqlite: tuple[Trigger, ...]
    postgresql: tuple[Trigger, ...]

    def triggers(self, vendor: str) -> tuple[Trigger, ...]:
        """Return the triggers for a database `vendor`; raises NotImplementedError for one without guards."""
        if vendor not in ("sqlite", "postgresql"):
            raise NotImplementedError(f"The ledger cannot keep its promises on {vendor}: use SQLite or PostgreSQL.")
        return self.sqlite if vendor == "sqlite" else self.postgresql


def append_only(table: str, *, unique: tuple[str, ...] = (), pk: str = "id") -> Guard:
    """Return the guard that keeps rows of `table` as they were written: no UPDATE, DELETE or TRUNCATE.

    `unique` names further unique columns. SQLite needs them because INSERT OR REPLACE deletes the row that is in the
    way without asking delete triggers.
    """
    return Guard(
        table,
        sqlite=(
            refusal(table, "update", "UPDATE"),
            refusal(table, "delete", "DELETE"),
            replacing(table, (pk, *unique)),
        ),
        postgresql=(
            Trigger(f"{PREFIX}{table}_change", f"BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW"),
            Trigger(f"{PREFIX}{table}_truncate", f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT"),
        ),
    )


def install(connection: BaseDatabaseWrapper, *guards: Guard) -> None:
    """Create the triggers of `guards`, replacing those that are there."""
    remove(connection, *guards)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_function("guard_append_only", _REFUSE_ANY))
        for guard in guards:
            for trigger in guard.triggers(connection.vendor):
                if connection.vendor == "postgresql" and trigger.body:
                    cursor.execute(_function(trigger.name, trigger.body))
                cursor.execute(f"CREATE TRIGGER {trigger.name} {_calling(connection.vendor, trigger)}")


def remove(connection: BaseDatabaseWrapper, *guards: Guard) -> None:
    """Drop the triggers of `guards`, where they exist."""
    on_table = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        for guard in guards:
            for trigger in guard.triggers(connection.vendor):
                cursor.execute(f"DROP TRIGGER IF EXISTS {trigger.name}" + (f" ON {guard.table}" if on_table else ""))
                if on_table and trigger.body:
                    cursor.execute(f"DROP FUNCTION IF EXISTS {trigger.name}()")


def installed(connection: BaseDatabaseWrapper) -> set[str]:
    """Return the names of the guard triggers that are there and switched on."""
    if connection.vendor == "postgresql":
        sql = "SELECT tgname FROM pg_trigger WHERE tgname LIKE 'guard\\_%' AND NOT tgisinternal AND tgenabled <> 'D'"
    else:
        sql = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'guard\\_%' ESCAPE '\\'"
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return {row[0] for row in cursor.fetchall()}


def missing(connection: BaseDatabaseWrapper, *guards: Guard) -> list[str]:
    """Return the names of triggers of `guards` that are not there, sorted."""
    wanted = {trigger.name for guard in guards for trigger in guard.triggers(connection.vendor)}
    return sorted(wanted - installed(connection))


def operation(*guards: Guard) -> RunPython:
    """Return the migration operation that installs `guards`, and removes them when the migration is undone."""

    def forwards(apps: Any, schema_editor: Any) -> None:
        install(schema_editor.connection, *guards)

    def backwards(apps: Any, schema_editor: Any) -> None:
        remove(schema_editor.connection, *guards)

    return RunPython(forwards, backwards)


_REFUSE_ANY = """
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'integrity_constraint_violation';
"""


def refuse(message: str) -> str:
    """Return the PL/pgSQL statement that refuses with `message`, as the IntegrityError that Django knows."""
    return f"RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';"


def _function(name: str, body: str) -> str:
    return f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $guard$ BEGIN {body} END $guard$"


def _calling(vendor: str, trigger: Trigger) -> str:
    """Return what follows the trigger's name: on PostgreSQL the function it calls is added."""
    if vendor == "sqlite":
        return trigger.sql
    return f"{trigger.sql} EXECUTE FUNCTION {trigger.name if trigger.body else 'guard_append_only'}()"


def refusal(table: str, name: str, event: str, *, when: str = "", message: str = "") -> Trigger:
    """Return an SQLite trigger that refuses `event`, always or `when` a condition on OLD and NEW holds."""
    condition = f"WHEN {when} " if when else ""
    text = message or f"{table} is append-only: {event} refused"
    return Trigger(
        f"{PREFIX}{table}_{name}", f"BEFORE {event} ON {table} {condition}BEGIN SELECT RAISE(ABORT, '{text}'); END"
    )


def replacing(table: str, columns: tuple[str, ...]) -> Trigger:
    """Return the SQLite trigger that refuses to insert over a row that is there."""
    there = " OR ".join(f"{column} = NEW.{column}" for column in columns)
    return refusal(table, "replace", "INSERT", when=f"EXISTS (SELECT 1 FROM {table} WHERE {there})")
