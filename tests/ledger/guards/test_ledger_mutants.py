"""The ledger's machine notices when the database stops keeping one of its promises.

One constraint or trigger at a time is taken off; then the machine, which between its honest steps tries every illegal
statement of test_ledger_guards, has to fail. CHECKs are taken off one by one on PostgreSQL; SQLite can only look away
from all of them at once. What is a second line behind another promise is listed: nobody can notice that it is gone.
"""

from typing import Any

import pytest
from django.db import IntegrityError, connection
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from sora_portal.accounts.models import User
from sora_portal.ledger import posting, verify
from sora_portal.ledger.guards import tables
from sora_portal.ledger.models import Account, Bucket, Hold, Journal
from tests.ledger.guards.test_ledger_guards import ILLEGAL, run
from tests.ledger.guards.test_ledger_machine import Ledger, pick

pytestmark = pytest.mark.django_db

TRIGGERS = {trigger.name: guard.table for guard in tables.LEDGER for trigger in guard.triggers(connection.vendor)}
SECOND_LINE = {
    "guard_credits_journal_truncate": "TRUNCATE needs CASCADE here, and then meets the transfers' own guard",
    "guard_credits_account_truncate": "the same",
    "guard_credits_hold_truncate": "the same",
    "credits_account_balances": "guard_credits_account_update lets nobody but the trigger on transfers write a balance",
    "credits_account_totals_not_negative": "the same, and accounts begin empty",
    "credits_journal_kind_known": "credits_journal_of_hold_or_scope names the kinds as well",
}
CONSTRAINTS = {
    "credits_scope_subject_of_kind": "credits_scope",
    "credits_scope_quota_not_negative": "credits_scope",
    "credits_scope_default_on_organisation": "credits_scope",
    "credits_scope_term_has_dates": "credits_scope",
    "credits_account_balances": "credits_account",
    "credits_account_not_overdrawn": "credits_account",
    "credits_account_totals_not_negative": "credits_account",
    "credits_account_bucket_known": "credits_account",
    "credits_account_once": "credits_account",
    "credits_hold_amounts_not_negative": "credits_hold",
    "credits_hold_settled_in_full": "credits_hold",
    "credits_holdleg_once": "credits_holdleg",
    "credits_holdleg_not_negative": "credits_holdleg",
    "credits_journal_kind_known": "credits_journal",
    "credits_journal_of_hold_or_scope": "credits_journal",
    "credits_transfer_positive": "credits_transfer",
    "credits_transfer_two_accounts": "credits_transfer",
}


class Meddled(Ledger):
    """The ledger's machine, with somebody at the database's own prompt."""

    def __init__(self) -> None:
        super().__init__()
        self.eve = User.objects.create(username="eve")

    def differences(self) -> list[verify.Difference]:
        # That a trigger is missing can be read off the catalogue; here it has to show in what happens.
        return [one for one in verify.differences() if one.invariant != "I8"]

    @initialize()
    def finish_one(self) -> None:
        self.hold(9)
        self.settle(0, 5, releases=False)

    @precondition(lambda self: any(taken["captured"] for taken in self.holds.values()))
    @rule(first=pick)
    def meddle(self, first: int) -> None:
        self.hold(5)
        open_ref = f"n{self.count}"
        if open_ref not in self.holds:
            return
        places = self.places(open_ref)
        names = sorted(ILLEGAL)
        start = first % len(names)
        for name in names[start:] + names[:start]:
            try:
                run(ILLEGAL[name], places)
            except IntegrityError:
                continue
            raise AssertionError(f"the database accepts {name}")

    def places(self, open_ref: str) -> dict[str, Any]:
        ref, done = next((ref, taken) for ref, taken in sorted(self.holds.items()) if taken["captured"])
        scope = self.scopes["member"]
        period = posting.current_key(scope, posting.today(self.now))
        accounts = {account.bucket: account for account in Account.objects.filter(scope=scope, period=period)}
        return {
            "journal": Journal.objects.get(key=f"hold:{open_ref}").pk,
            "hold": Hold.objects.get(ref=open_ref).pk,
            "done": Hold.objects.get(ref=ref).pk,
            "scope": scope.pk,
            "other": self.scopes["project"].pk,
            "ada": self.ada.pk,
            "eve": self.eve.pk,
            "project": self.project.pk,
            "vendor": self.connection.pk,
            "ref": open_ref,
            "period": period,
            "later": "2099-01",
            "beyond": accounts[Bucket.AVAILABLE].balance + 1,
            "over": done["captured"] - done["refunded"] + 1,
            **{bucket: account.pk for bucket, account in accounts.items()},
        }


def play(examples: int = 30) -> None:
    limits = settings(
        max_examples=examples,
        stateful_step_count=15,
        deadline=None,
        database=None,
        derandomize=True,
        report_multiple_bugs=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Meddled, settings=limits)


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def test_machine_finds_nothing_while_every_promise_is_kept() -> None:
    play(examples=3)


@pytest.mark.parametrize("name", sorted(TRIGGERS.keys() - SECOND_LINE.keys()))
def test_machine_notices_a_trigger_that_is_gone(name: str) -> None:
    on = f" ON {TRIGGERS[name]}" if connection.vendor == "postgresql" else ""
    execute(f"DROP TRIGGER {name}{on}")
    with pytest.raises(AssertionError):
        play()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite cannot drop one CHECK")
@pytest.mark.parametrize("name", sorted(CONSTRAINTS.keys() - SECOND_LINE.keys()))
def test_machine_notices_a_constraint_that_is_gone(name: str) -> None:
    execute(f"ALTER TABLE {CONSTRAINTS[name]} DROP CONSTRAINT {name}")
    with pytest.raises(AssertionError):
        play()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite keeps these in the table's own words")
@pytest.mark.parametrize(("table", "column"), [("credits_journal", "key"), ("credits_hold", "ref")])
def test_machine_notices_a_key_that_is_no_longer_unique(table: str, column: str) -> None:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, table)
    for name, facts in found.items():
        if facts["unique"] and facts["columns"] == [column]:
            execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    with pytest.raises(AssertionError):
        play()


def test_machine_notices_a_second_organisation() -> None:
    execute("DROP INDEX credits_scope_one_organisation")
    with pytest.raises(AssertionError):
        play()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL drops them one by one")
def test_machine_notices_that_checks_are_not_looked_at() -> None:
    execute("PRAGMA ignore_check_constraints = ON")
    try:
        with pytest.raises(AssertionError):
            play()
    finally:
        execute("PRAGMA ignore_check_constraints = OFF")
