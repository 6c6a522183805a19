"""Raw SQL against the ledger: whoever writes it, the database says no."""

import pytest
from django.db import IntegrityError, connection, transaction

from sora_portal.ledger import actions as credits
from sora_portal.ledger.guards import tables, triggers
from sora_portal.ledger.models import Account, Hold, Journal, Scope
from tests.database import guards_lifted
from tests.ledger.team import NOW, Team, assert_books_agree

SETTLED = "UPDATE credits_hold SET state = 'settled', released = amount, settled_at = created_at"
NEW_JOURNAL = "INSERT INTO credits_journal (key, kind, amount, at, reason, ref, hold_id, scope_id) VALUES"
NEW_TRANSFER = "INSERT INTO credits_transfer (journal_id, debit_id, credit_id, amount) VALUES"
NEW_ACCOUNT = "INSERT INTO credits_account (scope_id, period, bucket, debits, credits, balance) VALUES"
NEW_SCOPE = "INSERT INTO credits_scope (kind, project_id, member_id, connection_id, quota, carry_over) VALUES"
NEW_HOLD = (
    "INSERT INTO credits_hold (ref, amount, captured, released, state, member_id, project_id, connection_id,"
    " created_at, settled_at) VALUES"
)
NEW_LEG = "INSERT INTO credits_holdleg (hold_id, scope_id, period, amount) VALUES"

ILLEGAL = {
    "a journal rewritten": "UPDATE credits_journal SET amount = 1 WHERE id = {journal}",
    "a journal's reason rewritten": "UPDATE credits_journal SET reason = 'nothing to see' WHERE id = {journal}",
    "a journal removed": "DELETE FROM credits_journal WHERE id = {journal}",
    "the same event twice": f"{NEW_JOURNAL} ('hold:{{ref}}', 'hold', 1, '2026-11-20', '', '', {{hold}}, NULL)",
    "a journal of an unknown kind": f"{NEW_JOURNAL} ('x', 'gift', 1, '2026-11-20', '', '', NULL, {{scope}})",
    "a grant to no scope": f"{NEW_JOURNAL} ('x', 'grant', 1, '2026-11-20', '', '', NULL, NULL)",
    "a capture of no hold": f"{NEW_JOURNAL} ('x', 'capture', 1, '2026-11-20', '', '', NULL, {{scope}})",
    "a refund of no hold": f"{NEW_JOURNAL} ('x', 'refund', 1, '2026-11-20', '', '', NULL, {{scope}})",
    "a refund beyond the capture": f"{NEW_JOURNAL} ('x', 'refund', {{over}}, '2026-11-20', '', '', {{done}}, NULL)",
    "a refund of an open hold": f"{NEW_JOURNAL} ('x', 'refund', 1, '2026-11-20', '', '', {{hold}}, NULL)",
    "a negative refund": f"{NEW_JOURNAL} ('x', 'refund', -1, '2026-11-20', '', '', {{done}}, NULL)",
    "a transfer rewritten": "UPDATE credits_transfer SET amount = amount + 1",
    "a transfer removed": "DELETE FROM credits_transfer",
    "a transfer of nothing": f"{NEW_TRANSFER} ({{journal}}, {{source}}, {{available}}, 0)",
    "a transfer backwards": f"{NEW_TRANSFER} ({{journal}}, {{source}}, {{available}}, -5)",
    "a transfer to itself": f"{NEW_TRANSFER} ({{journal}}, {{available}}, {{available}}, 5)",
    "a transfer beyond what is available": f"{NEW_TRANSFER} ({{journal}}, {{available}}, {{spent}}, {{beyond}})",
    "a transfer from an empty account": f"{NEW_TRANSFER} ({{journal}}, {{expired}}, {{available}}, 1)",
    "a balance raised": "UPDATE credits_account SET balance = balance + 1 WHERE id = {available}",
    "a balance raised with its credits": (
        "UPDATE credits_account SET balance = balance + 1, credits = credits + 1 WHERE id = {available}"
    ),
    "a balance put to zero": "UPDATE credits_account SET balance = 0, credits = 0, debits = 0 WHERE id = {spent}",
    "an account moved to another month": "UPDATE credits_account SET period = '{later}' WHERE id = {available}",
    "an account moved to another scope": "UPDATE credits_account SET scope_id = {other} WHERE id = {available}",
    "an account removed": "DELETE FROM credits_account WHERE id = {expired}",
    "an account born rich": f"{NEW_ACCOUNT} ({{scope}}, '{{later}}', 'available', 0, 5, 5)",
    "an account born twice": f"{NEW_ACCOUNT} ({{scope}}, '{{period}}', 'available', 0, 0, 0)",
    "an account of an unknown bucket": f"{NEW_ACCOUNT} ({{scope}}, '{{later}}', 'pocket', 0, 0, 0)",
    "a hold settled without its end in the ledger": f"{SETTLED} WHERE id = {{hold}}",
    "a hold made smaller": "UPDATE credits_hold SET amount = 1 WHERE id = {hold}",
    "a hold given to somebody else": "UPDATE credits_hold SET member_id = {eve} WHERE id = {hold}",
    "a settled hold opened again": (
        "UPDATE credits_hold SET state = 'held', captured = 0, released = 0, settled_at = NULL WHERE id = {done}"
    ),
    "a settled hold split differently": "UPDATE credits_hold SET captured = 0, released = amount WHERE id = {done}",
    "a hold removed": "DELETE FROM credits_hold WHERE id = {done}",
    "a hold born settled": (
        f"{NEW_HOLD} ('new', 1, 1, 0, 'settled', {{ada}}, {{project}}, {{vendor}}, '2026-11-20', '2026-11-20')"
    ),
    "a hold born half captured": (
        f"{NEW_HOLD} ('new', 2, 1, 0, 'held', {{ada}}, {{project}}, {{vendor}}, '2026-11-20', NULL)"
    ),
    "a negative hold": f"{NEW_HOLD} ('new', -1, 0, 0, 'held', {{ada}}, {{project}}, {{vendor}}, '2026-11-20', NULL)",
    "the same work held twice": (
        f"{NEW_HOLD} ('{{ref}}', 1, 0, 0, 'held', {{ada}}, {{project}}, {{vendor}}, '2026-11-20', NULL)"
    ),
    "a leg moved to another month": "UPDATE credits_holdleg SET period = '{later}'",
    "a leg taken twice": (
        "INSERT INTO credits_holdleg (hold_id, scope_id, period, amount)"
        " SELECT hold_id, scope_id, '{later}', amount FROM credits_holdleg"
    ),
    "a leg made smaller": "UPDATE credits_holdleg SET amount = 0",
    "a leg beyond its hold": f"{NEW_LEG} ({{hold}}, {{scope}}, '{{later}}', 1)",
    "a second leg in the same month": f"{NEW_LEG} ({{hold}}, {{scope}}, '{{period}}', 0)",
    "a negative leg": f"{NEW_LEG} ({{hold}}, {{scope}}, '{{later}}', -5)",
    "a leg removed": "DELETE FROM credits_holdleg",
    "a second organisation": f"{NEW_SCOPE} ('organisation', NULL, NULL, NULL, NULL, FALSE)",
    "a scope of two subjects": f"{NEW_SCOPE} ('member', {{project}}, {{eve}}, NULL, NULL, FALSE)",
    "a scope of no subject": f"{NEW_SCOPE} ('project', NULL, NULL, NULL, NULL, FALSE)",
    "a person's second scope": f"{NEW_SCOPE} ('member', NULL, {{ada}}, NULL, NULL, FALSE)",
    "a negative quota": "UPDATE credits_scope SET quota = -1",
    "a budget of an unknown rhythm": "UPDATE credits_scope SET rhythm = 'weekly'",
    "a term without its days": "UPDATE credits_scope SET rhythm = 'term'",
    "a term without an end": "UPDATE credits_scope SET rhythm = 'term', starts_on = '2026-11-20'",
    "a term that ends before it begins": (
        "UPDATE credits_scope SET rhythm = 'term', starts_on = '2026-11-20', ends_on = '2026-11-19'"
    ),
    "a month with a first day": "UPDATE credits_scope SET starts_on = '2026-11-20'",
    "a newcomers' quota on a project": "UPDATE credits_scope SET default_member_quota = 1 WHERE kind = 'project'",
}
ON_SQLITE = {
    "a journal replaced by id": (
        "INSERT OR REPLACE INTO credits_journal (id, key, kind, amount, at, reason, ref, scope_id)"
        " VALUES ({journal}, 'other', 'grant', 1, '2026-11-20', '', '', {scope})"
    ),
    "a journal replaced by key": (
        "INSERT OR REPLACE INTO credits_journal (key, kind, amount, at, reason, ref, scope_id)"
        " VALUES ('hold:{ref}', 'grant', 1, '2026-11-20', '', '', {scope})"
    ),
    "an account replaced": NEW_ACCOUNT.replace("INSERT", "INSERT OR REPLACE")
    + " ({scope}, '{period}', 'available', 0, 0, 0)",
    "an account replaced by id": (
        "INSERT OR REPLACE INTO credits_account (id, scope_id, period, bucket, debits, credits, balance)"
        " VALUES ({expired}, {scope}, '{later}', 'expired', 0, 0, 0)"
    ),
    "a transfer replaced": (
        "INSERT OR REPLACE INTO credits_transfer (id, journal_id, debit_id, credit_id, amount)"
        " SELECT MAX(id), {journal}, {source}, {available}, 1 FROM credits_transfer"
    ),
    "a leg replaced": (
        "INSERT OR REPLACE INTO credits_holdleg (id, hold_id, scope_id, period, amount)"
        " SELECT id, hold_id, scope_id, '{later}', 0 FROM credits_holdleg"
    ),
    "a hold replaced": NEW_HOLD.replace("INSERT", "INSERT OR REPLACE")
    + " ('{ref}', 1, 0, 0, 'held', {ada}, {project}, {vendor}, '2026-11-20', NULL)",
}
ON_POSTGRESQL = {
    f"{table} emptied": f"TRUNCATE {table} CASCADE"
    for table in ("credits_journal", "credits_transfer", "credits_account", "credits_hold", "credits_holdleg")
}

ILLEGAL |= ON_SQLITE if connection.vendor == "sqlite" else ON_POSTGRESQL

# So that none of the above is refused for a slip in the statement instead.
LEGAL = {
    "a journal": f"{NEW_JOURNAL} ('x', 'grant', 1, '2026-11-20', '', '', NULL, {{scope}})",
    "a refund": f"{NEW_JOURNAL} ('x', 'refund', 5000, '2026-11-20', '', '', {{done}}, NULL)",
    "a transfer": f"{NEW_TRANSFER} ({{journal}}, {{source}}, {{available}}, 5)",
    "an account": f"{NEW_ACCOUNT} ({{scope}}, '{{later}}', 'available', 0, 0, 0)",
    "a hold": f"{NEW_HOLD} ('new', 1, 0, 0, 'held', {{ada}}, {{project}}, {{vendor}}, '2026-11-20', NULL)",
    "a leg": f"{NEW_LEG} ({{hold}}, {{scope}}, '{{later}}', 0)",
    "a term": "UPDATE credits_scope SET rhythm = 'term', starts_on = '2026-11-20', ends_on = '2026-11-20'",
    "a scope": f"{NEW_SCOPE} ('member', NULL, {{eve}}, NULL, 0, FALSE)",
    "an end": f"{NEW_JOURNAL} ('end:{{ref}}', 'release', 5000, '2026-11-20', '', '{{ref}}', {{hold}}, NULL);",
}


@pytest.fixture
def places(team: Team, budgets: dict[str, Scope]) -> dict[str, int | str]:
    """What the statements name: one open hold of 5 credits, one settled for 5."""
    done = team.hold("done", 5_000)
    credits.capture(ref="done", now=NOW)
    team.hold("open", 5_000)
    scope = budgets["member"]
    accounts = dict(Account.objects.filter(scope=scope, period="2026-11").values_list("bucket", "pk"))
    return {
        "journal": Journal.objects.get(key="hold:open").pk,
        "hold": Hold.objects.get(ref="open").pk,
        "done": done.pk,
        "scope": scope.pk,
        "other": budgets["project"].pk,
        "ada": team.ada.pk,
        "eve": team.eve.pk,
        "project": team.project.pk,
        "vendor": team.connection.pk,
        "ref": "open",
        "period": "2026-11",
        "later": "2027-01",
        "beyond": 30_001,
        "over": 5_001,
        **accounts,
    }


def run(sql: str, places: dict[str, int | str]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        if sql.startswith("TRUNCATE"):
            # What the fixtures wrote is checked now, or it would stumble over that before it meets the guard.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(sql.format(**places))


@pytest.mark.parametrize("sql", ILLEGAL.values(), ids=ILLEGAL.keys())
def test_illegal_statement_is_refused_by_the_database(places: dict[str, int | str], sql: str) -> None:
    with pytest.raises(IntegrityError):
        run(sql, places)
    assert_books_agree()


@pytest.mark.parametrize("sql", LEGAL.values(), ids=LEGAL.keys())
def test_legal_twin_of_an_illegal_statement_is_accepted(places: dict[str, int | str], sql: str) -> None:
    run(sql, places)


def test_transfer_by_raw_sql_moves_both_accounts(places: dict[str, int | str]) -> None:
    run(f"{NEW_TRANSFER} ({{journal}}, {{available}}, {{expired}}, 7)", places)
    assert Account.objects.get(pk=places["expired"]).balance == 7
    assert Account.objects.get(pk=places["available"]).balance == 29_993


def test_every_guard_is_installed_and_comes_back_after_being_lifted(db: None) -> None:
    wanted = {trigger.name for guard in tables.LEDGER for trigger in guard.triggers(connection.vendor)}
    with guards_lifted(connection):
        assert triggers.missing(connection, *tables.LEDGER) == sorted(wanted)
    assert triggers.missing(connection, *tables.LEDGER) == []


def test_guards_can_be_removed_and_installed_again(db: None) -> None:
    triggers.remove(connection, *tables.LEDGER)
    assert triggers.missing(connection, *tables.LEDGER) != []
    triggers.install(connection, *tables.LEDGER)
    assert triggers.missing(connection, *tables.LEDGER) == []


def test_guards_refuse_a_database_they_do_not_know(db: None) -> None:
    with pytest.raises(NotImplementedError, match="SQLite or PostgreSQL"):
        tables.TRANSFERS.triggers("mysql")
