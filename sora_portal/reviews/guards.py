"""The triggers of this room's tables: what was decided stays decided, what was noted stays as it was written.

No trigger here looks at the generation. On SQLite, a trigger that names another table keeps that table from ever being
rebuilt, and a lower room must not need to know who looks at it; hence the copied author in `Decision`.
"""

from sora_portal.ledger.guards.triggers import PREFIX, Guard, Trigger, append_only, refusal, refuse, replacing

DECISION, NOTE = "reviews_decision", "reviews_note"

_decisions = append_only(DECISION)
DECISIONS = Guard(
    DECISION,
    sqlite=(
        *_decisions.sqlite,
        # INSERT OR REPLACE would delete the decision in its way without asking the delete trigger.
        refusal(
            DECISION,
            "number",
            "INSERT",
            when="EXISTS (SELECT 1 FROM reviews_decision d"
            " WHERE d.generation_id = NEW.generation_id AND d.number = NEW.number)",
            message="this decision has been made",
        ),
    ),
    postgresql=_decisions.postgresql,
)

# A note may be resolved and taken up again; what was said, where and by whom stays.
_WRITTEN = ("id", "generation_id", "frame", "fps", "text", "by_id", "at")
_REWRITTEN = " OR ".join(f"NEW.{column} <> OLD.{column}" for column in _WRITTEN)
_KEPT = "a note is resolved, never rewritten"

NOTES = Guard(
    NOTE,
    sqlite=(
        refusal(NOTE, "update", "UPDATE", when=_REWRITTEN, message=_KEPT),
        refusal(NOTE, "delete", "DELETE"),
        replacing(NOTE, ("id",)),
    ),
    postgresql=(
        Trigger(
            f"{PREFIX}{NOTE}_update",
            f"BEFORE UPDATE ON {NOTE} FOR EACH ROW",
            f"IF {_REWRITTEN} THEN {refuse(_KEPT)} END IF; RETURN NEW;",
        ),
        Trigger(f"{PREFIX}{NOTE}_delete", f"BEFORE DELETE ON {NOTE} FOR EACH ROW"),
        Trigger(f"{PREFIX}{NOTE}_truncate", f"BEFORE TRUNCATE ON {NOTE} FOR EACH STATEMENT"),
    ),
)

REVIEWS = (DECISIONS, NOTES)
