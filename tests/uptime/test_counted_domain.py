"""Time that counts, as pure arithmetic."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sora_portal.uptime.domain import GAP, ago

DAY = timedelta(days=1)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_without_any_record_all_time_counts() -> None:
    assert ago(3 * DAY, NOW, []) == NOW - 3 * DAY


def test_four_days_off_count_for_nothing() -> None:
    spans = [(NOW - 10 * DAY, NOW - 4 * DAY)]
    assert ago(3 * DAY, NOW, spans) == NOW - 7 * DAY, "whether the first look after it is written down yet or not"
    assert ago(3 * DAY, NOW, [*spans, (NOW, NOW)]) == NOW - 7 * DAY
    assert ago(timedelta(minutes=10), NOW, [*spans, (NOW, NOW)]) == NOW - 4 * DAY - timedelta(minutes=10)


def test_a_restart_counts_as_work() -> None:
    assert ago(DAY, NOW, [(NOW - 2 * DAY, NOW - GAP)]) == NOW - DAY


def test_what_is_older_than_the_records_counts() -> None:
    assert ago(3 * DAY, NOW, [(NOW - DAY, NOW)]) == NOW - 3 * DAY


@given(st.lists(st.integers(1, 500), min_size=2, max_size=20), st.integers(0, 2000))
def test_what_is_worked_between_the_moment_and_now_is_what_was_wanted(hours: list[int], wanted: int) -> None:
    at, spans = NOW, []
    for work, rest in zip(hours[::2], hours[1::2], strict=False):
        spans.insert(0, (at - timedelta(hours=work), at))
        at -= timedelta(hours=work + rest)
    moment = ago(timedelta(hours=wanted), NOW, spans)
    before = max(timedelta(0), (spans[0][0] if spans else NOW) - moment)
    worked = sum((max(timedelta(0), ended - max(began, moment)) for began, ended in spans), before)
    assert worked == timedelta(hours=wanted)


@pytest.mark.parametrize("minutes", [0, 5, 60, 60 * 24 * 30])
def test_it_is_never_later_than_without_any_record(minutes: int) -> None:
    spans = [(NOW - 9 * DAY, NOW - 8 * DAY), (NOW - 2 * DAY, NOW - DAY)]
    wanted = timedelta(minutes=minutes)
    assert ago(wanted, NOW, spans) <= NOW - wanted
