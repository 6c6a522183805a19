"""The rules of the breakers, without a clock or a database."""

from datetime import UTC, datetime, timedelta

import pytest

from sora_portal.catalog.circuit_breaker import (
    FIRST_COOLDOWN,
    LONGEST_COOLDOWN,
    THRESHOLD,
    BreakerState,
    Operation,
    Position,
    cooldown,
    failed,
    half_opened,
    rested,
    taken,
)

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
WAIT = timedelta(seconds=30)


def _open(operation: Operation = Operation.CREATE) -> BreakerState:
    return failed(BreakerState(), operation, now=NOON, wait=WAIT, count=THRESHOLD[operation])


@pytest.mark.parametrize("operation", Operation)
def test_a_breaker_opens_at_its_threshold_and_not_before(operation: Operation) -> None:
    breaker = BreakerState()
    for number in range(1, THRESHOLD[operation] + 1):
        assert breaker.position is Position.CLOSED, f"{number - 1} failures are not enough"
        breaker = failed(breaker, operation, now=NOON, wait=WAIT)
    assert (breaker.position, breaker.opened_at, breaker.next_try_at) == (Position.OPEN, NOON, NOON + WAIT)


def test_an_open_breaker_may_be_tried_after_its_rest_only() -> None:
    breaker = _open()
    assert not breaker.try_due(NOON + WAIT - timedelta(milliseconds=1))
    assert breaker.try_due(NOON + WAIT)
    assert not BreakerState().try_due(NOON + WAIT), "there is nothing to try at a closed one"


def test_calls_from_before_it_opened_do_not_make_the_rest_longer() -> None:
    breaker = _open()
    late = failed(breaker, Operation.CREATE, now=NOON + WAIT, wait=WAIT, began_at=NOON - WAIT, count=17)
    assert (late.next_try_at, late.rests, late.failures) == (breaker.next_try_at, 1, 20)
    again = failed(breaker, Operation.CREATE, now=NOON + WAIT, wait=WAIT, began_at=NOON + WAIT / 2)
    assert (again.next_try_at, again.rests) == (NOON + 2 * WAIT, 2)


def test_a_half_open_breaker_lets_one_create_go_and_its_failure_opens_it_again() -> None:
    half = half_opened(_open())
    assert half.position is Position.HALF_OPEN
    under_way = taken(half, now=NOON + WAIT, wait=WAIT)
    assert (under_way.position, under_way.next_try_at) == (Position.OPEN, NOON + 2 * WAIT)
    worse = failed(under_way, Operation.CREATE, now=NOON + 2 * WAIT, wait=2 * WAIT, began_at=NOON + WAIT)
    assert (worse.position, worse.rests, worse.next_try_at) == (Position.OPEN, 2, NOON + 4 * WAIT)


def test_a_closed_breaker_is_neither_put_to_rest_nor_half_opened() -> None:
    assert rested(BreakerState(failures=2), now=NOON, wait=WAIT) == BreakerState(failures=2)
    assert taken(BreakerState(), now=NOON, wait=WAIT) == half_opened(BreakerState()) == BreakerState()


def test_a_rest_doubles_up_to_a_cap_and_is_spread() -> None:
    assert cooldown(0, jitter=0.999) <= FIRST_COOLDOWN
    assert [round(cooldown(number, jitter=1) / FIRST_COOLDOWN) for number in range(4)] == [1, 2, 4, 8]
    assert cooldown(500, jitter=1) == LONGEST_COOLDOWN
    assert 0.7 * LONGEST_COOLDOWN < cooldown(20, jitter=0) < LONGEST_COOLDOWN
