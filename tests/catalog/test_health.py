"""Breakers as rows: written when something changes, one try for many who ask, and held by the database."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from sora_portal.catalog import breaker_state
from sora_portal.catalog.circuit_breaker import Operation, Position
from sora_portal.catalog.models import Breaker, Connection
from tests import factories

pytestmark = pytest.mark.django_db


def _apixo() -> Connection:
    return factories.offered_model("apixo-sora-2").connection


def _fail(row: Connection, times: int = 3, operation: Operation = Operation.CREATE) -> bool:
    now = timezone.now()
    said = {"kind": "transient", "text": "HTTP 500 Bearer sk-abcdefghijklmnop1234"}
    return breaker_state.failed(connection_id=row.pk, operation=operation, now=now, count=times, **said)


def test_three_unclear_creates_open_the_breaker_of_creates_alone() -> None:
    row = _apixo()
    assert not _fail(row, 2)
    assert _fail(row, 1), "this one opened it"
    assert not _fail(row, 1), "it was open already"
    positions = {operation: found.rules.position for operation, found in breaker_state.of(row.pk).items()}
    assert positions == {
        Operation.CREATE: Position.OPEN,
        Operation.QUERY: Position.CLOSED,
        Operation.DOWNLOAD: Position.CLOSED,
    }
    stored = breaker_state.of(row.pk)[Operation.CREATE]
    assert stored.last_error_kind == "transient"
    assert "sk-abc" not in stored.last_error_text


def test_a_proper_answer_closes_it_and_only_a_good_one_counts_as_success() -> None:
    row = _apixo()
    _fail(row)
    now = timezone.now()
    assert breaker_state.answered(connection_id=row.pk, operation=Operation.CREATE, now=now, well=False)
    found = breaker_state.of(row.pk)[Operation.CREATE]
    assert (found.rules.position, found.failures, found.last_success_at) == (Position.CLOSED, 0, None)
    breaker_state.answered(connection_id=row.pk, operation=Operation.CREATE, now=now)
    assert breaker_state.of(row.pk)[Operation.CREATE].last_success_at == now


def test_a_success_that_changes_nothing_costs_one_read_and_no_write(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    row, now = _apixo(), timezone.now()
    breaker_state.answered(connection_id=row.pk, operation=Operation.QUERY, now=now)
    with django_assert_num_queries(1):
        breaker_state.answered(connection_id=row.pk, operation=Operation.QUERY, now=now + timedelta(seconds=59))
    breaker_state.answered(connection_id=row.pk, operation=Operation.QUERY, now=now + timedelta(seconds=60))
    assert breaker_state.of(row.pk)[Operation.QUERY].last_success_at == now + timedelta(seconds=60)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("half", [False, True])
def test_of_many_who_ask_for_the_one_try_one_gets_it(half: bool) -> None:
    row = _apixo()
    _fail(row)
    later = timezone.now() + timedelta(hours=1)
    if half:
        breaker_state.half_open(connection_id=row.pk)

    def ask(_: int) -> bool:
        try:
            if half:
                return breaker_state.take_trial(connection_id=row.pk, now=later)
            return breaker_state.take_try(connection_id=row.pk, operation=Operation.CREATE, now=later)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(ask, range(6))) == [False] * 5 + [True]


def test_no_create_may_go_while_it_is_open_however_long_it_has_rested() -> None:
    row = _apixo()
    _fail(row)
    assert not breaker_state.take_trial(connection_id=row.pk, now=timezone.now() + timedelta(days=1))


def test_the_longest_wish_of_a_vendor_counts() -> None:
    row, now = _apixo(), timezone.now()
    for seconds in (60, 20):
        breaker_state.wished(connection_id=row.pk, operation=Operation.QUERY, until=now + timedelta(seconds=seconds))
    assert breaker_state.of(row.pk)[Operation.QUERY].wish_until == now + timedelta(seconds=60)
    assert [found.operation for found in breaker_state.tripped()] == ["query"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"operation": "delete"},
        {"operation": "query", "opened_at": timezone.now()},
        {"operation": "query", "trial": True},
        {"operation": "query", "next_try_at": timezone.now()},
    ],
)
def test_the_database_refuses_a_breaker_that_no_rule_makes(wrong: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Breaker.objects.create(connection=_apixo(), **wrong)


def test_a_connection_has_one_breaker_for_each_operation() -> None:
    row = _apixo()
    Breaker.objects.create(connection=row, operation="query")
    with pytest.raises(IntegrityError), transaction.atomic():
        Breaker.objects.create(connection=row, operation="query")
