"""The guards of the ledger's own tables. `docs/lifecycle.md` numbers the invariants (I1-I8).

What a CHECK can hold is a CHECK in models.py; here is what needs to look at another row, or at the row's past.
"""

# ruff: noqa: S608 - table and column names from this package, put together once by a migration

from sora_portal.ledger.guards.triggers import PREFIX, Guard, Trigger, append_only, refusal, refuse, replacing

ACCOUNT, TRANSFER, JOURNAL, HOLD, LEG = (
    f"credits_{name}" for name in ("account", "transfer", "journal", "hold", "holdleg")
)

# I1: a transfer moves both accounts, in the statement that writes it. Nobody else may touch a balance.
_moves = Trigger(
    f"{PREFIX}{TRANSFER}_moves",
    f"""AFTER INSERT ON {TRANSFER} BEGIN
      UPDATE {ACCOUNT} SET debits = debits + NEW.amount, balance = balance - NEW.amount WHERE id = NEW.debit_id;
      UPDATE {ACCOUNT} SET credits = credits + NEW.amount, balance = balance + NEW.amount WHERE id = NEW.credit_id;
    END""",
)
_moves_postgresql = Trigger(
    f"{PREFIX}{TRANSFER}_moves",
    f"AFTER INSERT ON {TRANSFER} FOR EACH ROW",
    f"""
      UPDATE {ACCOUNT} SET debits = debits + NEW.amount, balance = balance - NEW.amount WHERE id = NEW.debit_id;
      UPDATE {ACCOUNT} SET credits = credits + NEW.amount, balance = balance + NEW.amount WHERE id = NEW.credit_id;
      RETURN NULL;
    """,
)

_transfers = append_only(TRANSFER)
TRANSFERS = Guard(TRANSFER, (*_transfers.sqlite, _moves), (*_transfers.postgresql, _moves_postgresql))

# SQLite has no trigger depth to ask for, so there an update of an account must be the doing of the newest transfer.
_BY_TRANSFER = f"""OLD.id = NEW.id AND OLD.scope_id = NEW.scope_id AND OLD.period = NEW.period
    AND OLD.bucket = NEW.bucket AND EXISTS (
      SELECT 1 FROM {TRANSFER} t WHERE t.id = (SELECT MAX(id) FROM {TRANSFER}) AND (
        (t.debit_id = OLD.id AND NEW.debits = OLD.debits + t.amount AND NEW.credits = OLD.credits)
        OR (t.credit_id = OLD.id AND NEW.credits = OLD.credits + t.amount AND NEW.debits = OLD.debits)))"""
_ONLY_TRANSFERS = "an account moves by transfers only"
_empty = "NEW.debits <> 0 OR NEW.credits <> 0 OR NEW.balance <> 0"

ACCOUNTS = Guard(
    ACCOUNT,
    sqlite=(
        refusal(ACCOUNT, "update", "UPDATE", when=f"NOT ({_BY_TRANSFER})", message=_ONLY_TRANSFERS),
        refusal(ACCOUNT, "delete", "DELETE"),
        replacing(ACCOUNT, ("id",)),
        refusal(
            ACCOUNT,
            "insert",
            "INSERT",
            when=f"{_empty} OR EXISTS (SELECT 1 FROM {ACCOUNT} a WHERE a.scope_id = NEW.scope_id"
            " AND a.period = NEW.period AND a.bucket = NEW.bucket)",
            message="an account begins once, and empty",
        ),
    ),
    postgresql=(
        Trigger(
            f"{PREFIX}{ACCOUNT}_update",
            f"BEFORE UPDATE ON {ACCOUNT} FOR EACH ROW",
            f"IF pg_trigger_depth() < 2 THEN {refuse(_ONLY_TRANSFERS)} END IF; RETURN NEW;",
        ),
        Trigger(
            f"{PREFIX}{ACCOUNT}_insert",
            f"BEFORE INSERT ON {ACCOUNT} FOR EACH ROW",
            f"IF {_empty} THEN {refuse('an account begins once, and empty')} END IF; RETURN NEW;",
        ),
        Trigger(f"{PREFIX}{ACCOUNT}_delete", f"BEFORE DELETE ON {ACCOUNT} FOR EACH ROW"),
        Trigger(f"{PREFIX}{ACCOUNT}_truncate", f"BEFORE TRUNCATE ON {ACCOUNT} FOR EACH STATEMENT"),
    ),
)

# I5: what is given back for a hold never exceeds what was captured for it.
_OVER_REFUND = f"""NEW.kind = 'refund' AND (
    NEW.hold_id IS NULL OR NEW.amount <= 0
    OR (SELECT captured FROM {HOLD} h WHERE h.id = NEW.hold_id) < NEW.amount + COALESCE(
      (SELECT SUM(j.amount) FROM {JOURNAL} j WHERE j.hold_id = NEW.hold_id AND j.kind = 'refund'), 0))"""
_TOO_MUCH_BACK = "refunds never exceed what was captured"

_journals = append_only(JOURNAL, unique=("key",))
JOURNALS = Guard(
    JOURNAL,
    (*_journals.sqlite, refusal(JOURNAL, "refund", "INSERT", when=_OVER_REFUND, message=_TOO_MUCH_BACK)),
    (
        *_journals.postgresql,
        Trigger(
            f"{PREFIX}{JOURNAL}_refund",
            f"BEFORE INSERT ON {JOURNAL} FOR EACH ROW",
            f"IF {_OVER_REFUND} THEN {refuse(_TOO_MUCH_BACK)} END IF; RETURN NEW;",
        ),
    ),
)

# I4: a hold is taken whole and ends once, with the journal of its end already written.
_KEPT = " OR ".join(
    f"NEW.{column} <> OLD.{column}"
    for column in ("id", "ref", "amount", "member_id", "project_id", "connection_id", "created_at")
)
_NOT_AN_END = f"""OLD.state = 'settled' OR NEW.state <> 'settled' OR {_KEPT}
    OR NOT EXISTS (SELECT 1 FROM {JOURNAL} j WHERE j.key = 'end:' || NEW.ref AND j.hold_id = NEW.id)"""
_ENDS_ONCE = "a hold ends once and is never rewritten"
_BEGINS_HELD = "a hold begins held"

HOLDS = Guard(
    HOLD,
    sqlite=(
        refusal(HOLD, "update", "UPDATE", when=_NOT_AN_END, message=_ENDS_ONCE),
        refusal(HOLD, "delete", "DELETE"),
        replacing(HOLD, ("id", "ref")),
        refusal(HOLD, "insert", "INSERT", when="NEW.state <> 'held'", message=_BEGINS_HELD),
    ),
    postgresql=(
        Trigger(
            f"{PREFIX}{HOLD}_update",
            f"BEFORE UPDATE ON {HOLD} FOR EACH ROW",
            f"IF {_NOT_AN_END} THEN {refuse(_ENDS_ONCE)} END IF; RETURN NEW;",
        ),
        Trigger(
            f"{PREFIX}{HOLD}_insert",
            f"BEFORE INSERT ON {HOLD} FOR EACH ROW",
            f"IF NEW.state <> 'held' THEN {refuse(_BEGINS_HELD)} END IF; RETURN NEW;",
        ),
        Trigger(f"{PREFIX}{HOLD}_delete", f"BEFORE DELETE ON {HOLD} FOR EACH ROW"),
        Trigger(f"{PREFIX}{HOLD}_truncate", f"BEFORE TRUNCATE ON {HOLD} FOR EACH STATEMENT"),
    ),
)

# I4: what a hold took from the periods of one scope never exceeds the hold.
_TOO_MUCH_TAKEN = f"""(SELECT amount FROM {HOLD} h WHERE h.id = NEW.hold_id) < NEW.amount + COALESCE(
    (SELECT SUM(l.amount) FROM {LEG} l WHERE l.hold_id = NEW.hold_id AND l.scope_id = NEW.scope_id), 0)"""
_PARTS_ADD_UP = "the parts of a hold never exceed it"

_legs = append_only(LEG)
LEGS = Guard(
    LEG,
    (*_legs.sqlite, refusal(LEG, "whole", "INSERT", when=_TOO_MUCH_TAKEN, message=_PARTS_ADD_UP)),
    (
        *_legs.postgresql,
        Trigger(
            f"{PREFIX}{LEG}_whole",
            f"BEFORE INSERT ON {LEG} FOR EACH ROW",
            f"IF {_TOO_MUCH_TAKEN} THEN {refuse(_PARTS_ADD_UP)} END IF; RETURN NEW;",
        ),
    ),
)

LEDGER = (JOURNALS, TRANSFERS, ACCOUNTS, HOLDS, LEGS)
# As the first migration of the guards knows them: legs had no amount of their own yet, and SQLite reads every trigger
# again whenever a table is renamed.
FIRST = (JOURNALS, TRANSFERS, ACCOUNTS, HOLDS, _legs)
