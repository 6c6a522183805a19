"""Charts drawn by the server: geometry for an SVG, and the same numbers for its table. No Django here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from sora_portal.ledger import periods
from sora_portal.web.words import credits_text

STEP, BAR, HEIGHT = 10, 7, 100


class ChartBar(Protocol):
    """What one day cost, in milli-credits."""

    @property
    def day(self) -> date:
        """The day."""

    @property
    def spent(self) -> int:
        """What was spent on it."""


@dataclass(frozen=True)
class Bar:
    """One day: a rectangle in the chart's units, and its words."""

    x: int
    y: int
    height: int
    width: int
    day_text: str
    spent_text: str
    last: bool


@dataclass(frozen=True)
class DayChart:
    """Bars of equal width, the highest day as high as the picture."""

    bars: list[Bar]
    width: int
    height: int
    first_text: str
    last_text: str
    peak_text: str
    summary: str

    @property
    def empty(self) -> bool:
        """Whether nothing was spent at all."""
        return not self.peak_text


@dataclass(frozen=True)
class Share:
    """A horizontal bar: its words, and its width in percent of the longest."""

    label: str
    spent_text: str
    width: int


def share_chart(spent: Sequence[tuple[str, int]]) -> list[Share]:
    """Return a bar for each (label, milli-credits) of which anything was spent, in their order."""
    longest = max((amount for _, amount in spent), default=0)
    return [Share(label, credits_text(amount), max(1, amount * 100 // longest)) for label, amount in spent if amount]


def day_chart(days: Sequence[ChartBar]) -> DayChart:
    """Return the chart of consecutive `days`; the last one is marked."""
    peak = max(days, key=lambda day: day.spent)
    bars = []
    for number, day in enumerate(days):
        # A day on which little was spent still shows: at least one unit of a hundred.
        height = max(1, day.spent * HEIGHT // peak.spent) if day.spent else 0
        text, last = periods.day_text(day.day), number == len(days) - 1
        bars.append(Bar(number * STEP, HEIGHT - height, height, BAR, text, credits_text(day.spent), last))
    peak_text = f"peak {credits_text(peak.spent)} on {periods.day_text(peak.day)}" if peak.spent else ""
    total = credits_text(sum(day.spent for day in days))
    summary = f"Credits spent each day from {bars[0].day_text} to {bars[-1].day_text}: {total} in all"
    width = len(bars) * STEP - (STEP - BAR)
    begins, ends = bars[0].day_text, bars[-1].day_text
    return DayChart(bars, width, HEIGHT, begins, ends, peak_text, f"{summary}, {peak_text or 'nothing yet'}")
