"""Limits and amounts: the arithmetic of budgets. When they begin and end is in `periods`.

Amounts are integers in milli-credits (1 credit = 1000).
"""

import re
from collections.abc import Sequence

MILLI = 1000
# Above any team's year and far below what a 64-bit integer holds, even summed over a century of journals.
LARGEST = 1_000_000_000 * MILLI
REASON_MIN = 10

_AMOUNT = re.compile(r"(?P<sign>[+\-−]?)(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.(?P<part>[0-9]{1,3}))?")


def next_ref(ref: str) -> str:
    """Return the name of the hold that follows the hold `ref` for the same work: "work" -> "work~2" -> "work~3"."""
    work, _, number = ref.partition("~")
    return f"{work}~{int(number or 1) + 1}"


def work_of(ref: str) -> str:
    """Return what a hold is for, whichever of its holds it is: "work~2" -> "work"."""
    return ref.partition("~")[0]


def milli_from_text(text: str) -> int:
    """Return the milli-credits in `text`, credits as people write them: "1,250.5" -> 1250500.

    Commas may only part thousands, and there are at most three decimals: nothing is rounded, ever. Raises ValueError.
    """
    match = _AMOUNT.fullmatch(re.sub(r"[\s\u00a0\u202f]", "", text))
    if match is None:
        raise ValueError("not an amount of credits")
    whole = int(match["whole"].replace(",", ""))
    milli = whole * MILLI + int((match["part"] or "").ljust(3, "0"))
    if milli > LARGEST:
        raise ValueError("too large")
    return -milli if match["sign"] in ("-", "−") else milli


def percent(part: int, whole: int) -> int:
    """Return `part` of `whole` in full percent, within 0 and 100; 0 when there is no whole."""
    return max(0, min(100, part * 100 // whole)) if whole > 0 else 0


# Of two budgets with equally little left, the one nearest to the member is named.
_NEARNESS = ("member", "project", "connection", "organisation")


def tightness(kind: str, left: int) -> tuple[int, int]:
    """Return the sort key of a budget of scope `kind` with `left` available: the limit that binds comes first."""
    return left, _NEARNESS.index(kind)


def fill(places: Sequence[int], amount: int) -> list[int]:
    """Return how `amount` spreads over places of these sizes, each filled before the next; too much is left out.

    fill([10, 30], 25) -> [10, 15]
    """
    parts = []
    for place in places:
        part = min(place, amount)
        parts.append(part)
        amount -= part
    return parts


def given_back(spent: Sequence[int], before: int, amount: int) -> list[int]:
    """Return what a refund of `amount` takes from each place where something was spent, last place first.

    `before` is what earlier refunds took, in the same order.
    """
    places = list(reversed(spent))
    parts = [after - sofar for sofar, after in zip(fill(places, before), fill(places, before + amount), strict=True)]
    return list(reversed(parts))


LEVELS = (50, 80, 95, 100)


def levels_passed(before: int, after: int, whole: int) -> list[int]:
    """Return the levels (percent of `whole`) that lie above `before` and not above `after`."""
    return [level for level in LEVELS if whole > 0 and before * 100 < level * whole <= after * 100]
