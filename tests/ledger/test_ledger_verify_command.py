"""ledger_verify: every kind of damage is found, and only damage."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from sora_portal.ledger import actions as credits
from sora_portal.ledger import verify
from sora_portal.ledger.guards import tables, triggers
from sora_portal.ledger.models import Scope
from tests.database import guards_lifted
from tests.ledger.team import DECEMBER, NOW, Team

FIRST = "(SELECT MIN(id) FROM credits_journal WHERE key LIKE '{}:%')"


@pytest.fixture
def busy(team: Team, budgets: dict[str, Scope]) -> dict[str, Scope]:
    """A ledger with something of everything in it."""
    for ref in ("spent", "freed", "open"):
        team.hold(ref, 5_000)
    credits.capture(ref="spent", amount=4_000, now=NOW)
    credits.release(ref="freed", reason="cancelled", now=NOW)
    credits.refund(by=team.mo, ref="spent", amount=500, reason="wrong colours", key="k", now=NOW)
    team.hold("next", 1_000, now=DECEMBER)
    return budgets


def _run(sql: str) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(sql)


def _verify(*arguments: str) -> tuple[int, str]:
    out, status = StringIO(), 0
    try:
        call_command("ledger_verify", *arguments, stdout=out)
    except SystemExit as stop:
        status = int(str(stop.code))
    return status, out.getvalue()


def test_verify_finds_nothing_in_a_healthy_ledger(busy: dict[str, Scope]) -> None:
    status, out = _verify()
    assert (status, out.splitlines()[0]) == (0, "The ledger adds up.")
    status, out = _verify("--json")
    said = json.loads(out)
    assert (status, said["ok"], said["differences"]) == (0, True, [])


@pytest.mark.parametrize(
    ("invariant", "damage"),
    [
        ("I1", "UPDATE credits_account SET debits = debits + 1, credits = credits + 1 WHERE bucket = 'spent'"),
        ("I1", "DELETE FROM credits_transfer WHERE id = (SELECT MAX(id) FROM credits_transfer)"),
        ("I4", "UPDATE credits_hold SET amount = amount + 1 WHERE ref = 'open'"),
        ("I3", "UPDATE credits_holdleg SET amount = amount + 1"),
        ("I7", "UPDATE credits_account SET period = 'until 2026-12-24 01' WHERE period = '2026-12'"),
        ("I3", "DELETE FROM credits_holdleg WHERE hold_id = (SELECT id FROM credits_hold WHERE ref = 'open')"),
        ("I4", "UPDATE credits_journal SET kind = 'release' WHERE key = 'hold:open'"),
        ("I4", "UPDATE credits_journal SET kind = 'hold' WHERE key = 'end:freed'"),
        ("I7", f"UPDATE credits_journal SET key = 'lost' WHERE id = {FIRST.format('grant')}"),
        (
            "I7",
            f"UPDATE credits_journal SET kind = 'grant', key = 'grant:1:2031-01' WHERE id = {FIRST.format('quota')}",
        ),
    ],
)
def test_verify_finds_damage(busy: dict[str, Scope], invariant: str, damage: str) -> None:
    with guards_lifted(connection):
        _run(damage)
    status, out = _verify("--json")
    assert status == 1
    assert invariant in {difference["invariant"] for difference in json.loads(out)["differences"]}
    assert "The ledger does not add up." in _verify()[1]


def test_verify_misses_a_guard(busy: dict[str, Scope]) -> None:
    triggers.remove(connection, tables.JOURNALS)
    found = verify.differences()
    assert {difference.invariant for difference in found} == {"I8"}
    assert all(difference.where.startswith("guard_credits_journal") for difference in found)
