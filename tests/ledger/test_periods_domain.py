"""When budgets begin and end, in whatever time zone, on both sides of a change of clocks."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sora_portal.ledger import periods
from sora_portal.ledger.periods import MONTHLY, ONCE, TERM, Terms

AUCKLAND = ZoneInfo("Pacific/Auckland")
TERMS = Terms(TERM, 5_000, date(2026, 12, 1), date(2027, 1, 31), edition=3)
days = st.dates(date(2020, 1, 1), date(2040, 12, 31))


def test_day_is_that_of_the_given_zone() -> None:
    moment = datetime(2026, 11, 30, 11, 0, tzinfo=UTC)
    assert periods.day_of(moment, UTC) == date(2026, 11, 30)
    assert periods.day_of(moment, AUCKLAND) == date(2026, 12, 1)


@pytest.mark.parametrize(
    ("zone", "month", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 1), 31 * 24 - 1),
        ("Europe/Berlin", date(2026, 10, 1), 31 * 24 + 1),
        ("America/New_York", date(2026, 11, 1), 30 * 24 + 1),
        ("Australia/Lord_Howe", date(2026, 4, 1), 30 * 24 + 0.5),
        ("UTC", date(2026, 10, 1), 31 * 24),
    ],
)
def test_month_is_as_long_as_the_clocks_say(zone: str, month: date, hours: float) -> None:
    begins, ends = periods.month_bounds(month, ZoneInfo(zone))
    assert ends.astimezone(UTC) - begins.astimezone(UTC) == timedelta(hours=hours)


@given(st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(9998, 1, 1)))  # noqa: DTZ001 - made aware below
def test_moment_lies_within_the_month_of_its_day(naive: datetime) -> None:
    moment = naive.replace(tzinfo=UTC)
    begins, ends = periods.month_bounds(periods.day_of(moment, AUCKLAND), AUCKLAND)
    assert begins <= moment < ends


def test_midnight_of_a_day_that_begins_at_one_is_its_first_moment() -> None:
    # In Beirut the clocks go from midnight to one o'clock on 29 March 2026.
    beirut = ZoneInfo("Asia/Beirut")
    begins = periods.midnight(date(2026, 3, 29), beirut)
    assert periods.day_of(begins, beirut) == date(2026, 3, 29)
    assert periods.day_of(begins.astimezone(UTC) - timedelta(seconds=1), beirut) == date(2026, 3, 28)


def test_months_of_a_budget_that_never_changed_are_named_by_themselves() -> None:
    period = periods.period_at(Terms(MONTHLY, 1), date(2026, 12, 31))
    assert (period.key, period.begins, period.ends) == ("2026-12", date(2026, 12, 1), date(2027, 1, 1))
    assert periods.following(Terms(MONTHLY, 1), date(2026, 12, 31)) == "2027-01"
    assert periods.next_month("v0002 2026-12") == "v0002 2027-01"


@pytest.mark.parametrize(
    ("day", "key", "pays", "words"),
    [
        (date(2026, 11, 30), "v0003 a", False, "Begins on 1 December 2026."),
        (date(2026, 12, 1), "v0003 b", True, "Runs until 31 January 2027 and does not reset."),
        (date(2027, 1, 31), "v0003 b", True, "Runs until 31 January 2027 and does not reset."),
        (date(2027, 2, 1), "v0003 c", False, "Ended on 31 January 2027."),
    ],
)
def test_term_pays_from_its_first_day_to_its_last(day: date, key: str, pays: bool, words: str) -> None:
    period = periods.period_at(TERMS, day)
    assert (period.key, period.pays, periods.pays(period.key)) == (key, pays, pays)
    assert periods.resets_text(TERMS, day) == words


def test_once_is_for_good() -> None:
    terms = Terms(ONCE, 5_000, edition=1)
    assert periods.period_at(terms, date(2026, 1, 1)) == periods.period_at(terms, date(2036, 1, 1))
    assert periods.following(terms, date(2026, 1, 1)) == "v0001"
    assert periods.resets_text(terms, date(2026, 1, 1)) == "It was given once and does not reset."


@given(days, days, st.sampled_from([Terms(MONTHLY, 1), Terms(MONTHLY, 1, edition=2), TERMS]))
def test_later_periods_sort_above_earlier_ones(one: date, other: date, terms: Terms) -> None:
    first, second = sorted([one, other])
    assert periods.period_at(terms, first).key <= periods.period_at(terms, second).key
    assert periods.period_at(terms, second).key <= periods.following(terms, second)


@given(days)
def test_a_budget_that_began_anew_sorts_above_what_it_was(day: date) -> None:
    keys = [
        periods.period_at(terms, day).key
        for terms in (Terms(MONTHLY, 1), Terms(ONCE, 1, edition=1), Terms(MONTHLY, 1, edition=2), TERMS)
    ]
    assert keys == sorted(keys)
    assert max(len(key) for key in keys) <= 24


@given(days, days)
def test_grant_that_ends_counts_until_its_last_day(last: date, day: date) -> None:
    key = periods.grant_key(last, 1)
    assert periods.last_day(key) == last
    assert (key > periods.grant_keys_from(day)) == (day <= last)
    assert periods.month_of(key) is None


def test_rests_are_named_by_where_they_come_from() -> None:
    assert periods.rest_text("v0002 2026-11") == "November 2026"
    assert periods.rest_text("until 2026-12-24 01") == "a grant until 24 December 2026"
    assert periods.rest_text("v0003 b") == "the budget before"
