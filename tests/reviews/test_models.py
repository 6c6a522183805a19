"""What the database itself refuses, whoever speaks to it."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from sora_portal.ledger.guards import triggers
from sora_portal.reviews.guards import REVIEWS
from sora_portal.reviews.models import Decision, Note
from tests import factories
from tests.reviews import shots

pytestmark = pytest.mark.django_db


def _refused(sql: str, *values: Any) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)
    except IntegrityError:
        return True
    return False


def test_guards_of_this_room_are_installed() -> None:
    assert triggers.missing(connection, *REVIEWS) == []


def test_decision_is_never_updated() -> None:
    decision = shots.decide(shots.video())
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.filter(pk=decision.pk).update(verdict="reject", reason="x")
    assert _refused("UPDATE reviews_decision SET reason = 'x'")
    decision.refresh_from_db()
    assert decision.verdict == "approve"


def test_decision_is_never_deleted() -> None:
    decision = shots.decide(shots.video())
    with pytest.raises(IntegrityError), transaction.atomic():
        decision.delete()
    assert _refused("DELETE FROM reviews_decision")
    assert Decision.objects.count() == 1


@pytest.mark.skipif(connection.vendor != "sqlite", reason="INSERT OR REPLACE is SQLite's own")
@pytest.mark.parametrize("column", ["id", "number"])
def test_decision_is_never_replaced(column: str) -> None:
    decision = shots.decide(shots.video())
    key = {"id": "id", "number": "id + 100"}[column]
    assert _refused(
        "INSERT OR REPLACE INTO reviews_decision"
        " (id, generation_id, number, sha256, verdict, reason, by_id, author_id, at)"
        f" SELECT {key}, generation_id, number, sha256, 'reject', 'x', by_id, author_id, at FROM reviews_decision"
    )
    assert Decision.objects.get() == decision


@pytest.mark.skipif(connection.vendor != "postgresql", reason="TRUNCATE is PostgreSQL's own")
@pytest.mark.parametrize("table", ["reviews_decision", "reviews_note"])
def test_table_is_never_truncated(table: str) -> None:
    assert _refused(f"TRUNCATE {table}")


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"number": 0}, "counts_from_one"),
        ({"sha256": ""}, "has_a_checksum"),
        ({"verdict": "maybe"}, "verdict_known"),
        ({"verdict": "reject", "reason": ""}, "against_says_why"),
        ({"verdict": "reopen", "reason": ""}, "against_says_why"),
        ({"by": "author"}, "not_on_ones_own"),
    ],
)
def test_decision_that_breaks_a_rule_is_refused(changes: dict[str, Any], constraint: str) -> None:
    row = shots.video()
    values = {"number": 1, "sha256": row.sha256, "verdict": "approve", "by": factories.rae(), **changes}
    if values["by"] == "author":
        values["by"] = row.author
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Decision.objects.create(generation=row, author=row.author, at=timezone.now(), **values)


def test_decision_number_is_given_once() -> None:
    row = shots.video()
    decision = shots.decide(row)
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.create(
            generation=row,
            number=decision.number,
            sha256=row.sha256,
            verdict="approve",
            by=factories.mo(),
            author=row.author,
            at=timezone.now(),
        )


@pytest.mark.parametrize("column", ["frame", "fps", "text", "at"])
def test_note_is_never_rewritten(column: str) -> None:
    note = shots.note(shots.video())
    other = {"frame": 7, "fps": 30.0, "text": "Something else", "at": timezone.now()}[column]
    with pytest.raises(IntegrityError, match="never rewritten"), transaction.atomic():
        Note.objects.filter(pk=note.pk).update(**{column: other})


def test_note_is_never_deleted() -> None:
    note = shots.note(shots.video())
    with pytest.raises(IntegrityError), transaction.atomic():
        note.delete()
    assert Note.objects.filter(pk=note.pk).exists()


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"fps": 0.0}, "has_a_rate"),
        ({"text": ""}, "says_something"),
        ({"resolved_at": timezone.now()}, "resolved_by_somebody"),
    ],
)
def test_note_that_breaks_a_rule_is_refused(changes: dict[str, Any], constraint: str) -> None:
    row = shots.video()
    values = {"frame": 1, "fps": 24.0, "text": "x", **changes}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Note.objects.create(generation=row, by=factories.rae(), at=timezone.now(), **values)
