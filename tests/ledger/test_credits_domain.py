"""Amounts and the limit that binds."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sora_portal.ledger import domain
from sora_portal.ledger.pages.charts import day_chart
from sora_portal.ledger.spending import Day
from sora_portal.web.words import credits_text


@pytest.mark.parametrize(
    ("text", "milli"),
    [
        ("40", 40_000), ("1,250.5", 1_250_500), ("0.001", 1), (" 12 ", 12_000), ("−3.25", -3_250), ("-3.25", -3_250),
        ("+7", 7_000), ("1,000,000", 1_000_000_000), ("1 000", 1_000_000), ("1\u202f000", 1_000_000), ("0", 0),
    ],
)  # fmt: skip
def test_amount_is_read_exactly(text: str, milli: int) -> None:
    assert domain.milli_from_text(text) == milli


@pytest.mark.parametrize(
    "text", ["", "x", "1.2345", "12,5", "1,00", "1.", ".5", "1e3", "--1", "1_000", "٣", "NaN", "1000000001", "9" * 5000]
)
def test_amount_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        domain.milli_from_text(text)


@given(st.integers(min_value=-domain.LARGEST, max_value=domain.LARGEST))
def test_amount_survives_being_written_and_read(milli: int) -> None:
    assert domain.milli_from_text(credits_text(milli)) == milli


def test_limit_with_the_least_left_binds_and_the_nearer_one_of_two_alike() -> None:
    limits = [("organisation", 5), ("project", 3), ("member", 9), ("connection", 3)]
    assert min(limits, key=lambda limit: domain.tightness(*limit)) == ("project", 3)


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10**12))
def test_parts_of_a_budget_never_fill_more_than_its_bar(spent: int, held: int, left: int) -> None:
    whole = spent + held + left
    assert 0 <= domain.percent(spent, whole) + domain.percent(held, whole) <= 100


def test_chart_is_as_high_as_its_highest_day_and_shows_the_least_one() -> None:
    days = [Day(date(2026, 11, 1), 0), Day(date(2026, 11, 2), 10_000_000), Day(date(2026, 11, 3), 1)]
    chart = day_chart(days)
    assert [(bar.y, bar.height) for bar in chart.bars] == [(100, 0), (0, 100), (99, 1)]
    assert chart.bars[-1].last
    assert chart.peak_text == "peak 10,000 on 2 November"
    assert chart.summary.startswith("Credits spent each day from 1 November to 3 November: 10,000.001 in all")


@given(st.lists(st.integers(0, 50), max_size=6), st.integers(0, 300))
def test_fill_loses_nothing_and_overfills_nothing(places: list[int], amount: int) -> None:
    parts = domain.fill(places, amount)
    assert sum(parts) == min(amount, sum(places))
    assert all(0 <= part <= place for part, place in zip(parts, places, strict=True))


@given(st.lists(st.integers(0, 50), min_size=1, max_size=6), st.lists(st.integers(0, 40), max_size=8))
def test_refunds_in_any_slices_take_from_each_place_what_was_spent_there(spent: list[int], slices: list[int]) -> None:
    back, before = [0] * len(spent), 0
    for amount in slices:
        amount = min(amount, sum(spent) - before)
        parts = domain.given_back(spent, before, amount)
        assert sum(parts) == amount
        back = [sofar + part for sofar, part in zip(back, parts, strict=True)]
        before += amount
    assert all(given <= place for given, place in zip(back, spent, strict=True))
