"""Amounts in a vendor's own money: read and written exactly, and never guessed."""

import pytest

from sora_portal.catalog.vendor_costs import SECOND, VIDEO, cost, micro_from_text, micro_text


@pytest.mark.parametrize(
    ("text", "micro"),
    [("0.015", 15_000), ("12.4", 12_400_000), ("1,250.5", 1_250_500_000), ("3", 3_000_000), ("0.000001", 1), ("0", 0)],
)
def test_amount_is_read_exactly(text: str, micro: int) -> None:
    assert micro_from_text(text) == micro


@pytest.mark.parametrize("text", ["", "-1", "0.0000001", "1,25", "1e3", "free", "٣", "9999999999"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not an amount|too large"):
        micro_from_text(text)


@pytest.mark.parametrize(
    ("micro", "text"),
    [(15_000, "0.015"), (12_400_000, "12.40"), (3_000_000, "3"), (1_250_500_000, "1,250.50"), (0, "0")],
)
def test_amount_is_written_as_people_read_it(micro: int, text: str) -> None:
    assert micro_text(micro) == text


@pytest.mark.parametrize(
    ("micro", "per", "seconds", "expected"),
    [
        (15_000, VIDEO, "10", 15_000),
        (15_000, SECOND, "10", 150_000),
        (15_000, SECOND, "2.5", 37_500),
        (15_000, SECOND, "", None),
        (15_000, SECOND, "auto", None),
        (None, VIDEO, "10", None),
    ],
)
def test_cost_is_the_price_or_the_price_times_the_length(
    micro: int | None, per: str, seconds: str, expected: int | None
) -> None:
    assert cost(micro=micro, per=per, choices={"seconds": seconds}) == expected
