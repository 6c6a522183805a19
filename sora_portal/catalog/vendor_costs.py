"""What a vendor charges us, in its own money: millionths of a currency, since a second may cost less than a cent.

Pure: no Django, no clock. No vendor's answer says what a task has cost (`costTime` is milliseconds), so every figure
comes from an admin, and None always means that nobody has entered one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

MICRO = 1_000_000
LARGEST = 1_000_000 * MICRO
VIDEO, SECOND = "video", "second"
LENGTH = "seconds"
"""The field of a model that says how long a video is."""

_AMOUNT = re.compile(r"(?P<whole>\d{1,3}(,\d{3})+|\d+)(\.(?P<part>\d{1,6}))?", re.ASCII)


@dataclass(frozen=True)
class VendorCost:
    """What one accepted request costs us; `micro` is None when that is not known."""

    micro: int | None = None
    currency: str = ""
    charges_failures: bool = False


PRACTICE = VendorCost(0)
"""The sandbox charges nothing."""


def cost(*, micro: int | None, per: str, choices: Mapping[str, str]) -> int | None:
    """Return the millionths for a video with `choices` at `micro` for each VIDEO or SECOND; None when not known."""
    if micro is None or per == VIDEO:
        return micro
    length = choices.get(LENGTH, "")
    return round(micro * Fraction(length)) if re.fullmatch(r"\d+(\.\d+)?", length, re.ASCII) else None


def micro_from_text(text: str) -> int:
    """Return the millionths in an amount as people write it: "1,250.5" -> 1250500000. Raises ValueError."""
    match = _AMOUNT.fullmatch(re.sub(r"\s", "", text))
    if match is None:
        raise ValueError("not an amount")
    micro = int(match["whole"].replace(",", "")) * MICRO + int((match["part"] or "").ljust(6, "0"))
    if micro > LARGEST:
        raise ValueError("too large")
    return micro


def micro_text(micro: int) -> str:
    """Return millionths as people read them: 12400000 -> "12.40", 15000 -> "0.015", 3000000 -> "3"."""
    whole, part = divmod(micro, MICRO)
    digits = f"{part:06d}".rstrip("0")
    return f"{whole:,}" + (f".{digits:0<2}" if digits else "")
