"""When budgets begin and end, as dates in the organisation's time zone: pure, without a clock.

A budget has a rhythm: "monthly" gives its quota anew every month, "term" gives it once for the days from `starts` to
`ends`, "once" gives it once and never ends. What it gives is kept in periods, and the name of the period that a day
falls into follows from the terms alone: nobody has to set anything to zero on the first of a month.

Names of periods, of which a later one always sorts above an earlier one of the same budget:

    2026-11              November, of a budget that has been monthly from the start
    v0002 2026-11        November, after the rhythm was changed for the second time
    v0003 a, b, c        before, during and after a fixed term
    v0004                for good

Beside them stand grants that end by themselves, each a period of its own: "until 2026-12-24 01" is the first one of
its budget that can be spent up to and including Christmas Eve.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

MONTHLY, TERM, ONCE = "monthly", "term", "once"

_MONTHS = [
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
]
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}$")
UNTIL = "until "


@dataclass(frozen=True)
class Terms:
    """What a budget gives (milli-credits; None: it limits nothing), in which rhythm, and whether the rest stays.

    `starts` and `ends` (both included) belong to a fixed term. `edition` counts the changes that began anew.
    """

    rhythm: str
    quota: int | None
    starts: date | None = None
    ends: date | None = None
    carry_over: bool = False
    edition: int = 0

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day of a fixed term."""
        assert self.starts is not None
        assert self.ends is not None
        return self.starts, self.ends

    @property
    def prefix(self) -> str:
        """What the names of its periods begin with."""
        return f"v{self.edition:04d}" if self.edition else ""

    def begins_anew(self, other: "Terms") -> bool:
        """Whether a change to `other` ends what is running: another rhythm, or a term from another day on."""
        return (self.rhythm, self.starts) != (other.rhythm, other.starts)

    def ended(self, day: date) -> bool:
        """Return whether this is a fixed term that is over on `day`."""
        return self.ends is not None and day > self.ends


@dataclass(frozen=True)
class Period:
    """One stretch of a budget: `pays` says whether it gives the quota; `ends` is the first day after it, if any."""

    key: str
    pays: bool
    begins: date | None
    ends: date | None


def day_of(moment: datetime, tz: tzinfo) -> date:
    """Return the day that the aware `moment` falls on, in time zone `tz`."""
    return moment.astimezone(tz).date()


def midnight(day: date, tz: tzinfo) -> datetime:
    """Return the moment at which `day` begins in time zone `tz`, on whichever side of a change of clocks that is."""
    return datetime(day.year, day.month, day.day, tzinfo=tz)


def period_at(terms: Terms, day: date) -> Period:
    """Return the period of a budget with these terms that `day` falls into."""
    if terms.rhythm == MONTHLY:
        first = day.replace(day=1)
        return Period(f"{terms.prefix} {_month(first)}".strip(), True, first, _next_month(first))
    if terms.rhythm == ONCE:
        return Period(terms.prefix, True, None, None)
    starts, ends = terms.days
    over = ends + timedelta(days=1)
    if day < starts:
        return Period(f"{terms.prefix} a", False, None, starts)
    if day < over:
        return Period(f"{terms.prefix} b", True, starts, over)
    return Period(f"{terms.prefix} c", False, over, None)


def following(terms: Terms, day: date) -> str:
    """Return the name of the period after that of `day`; the same name where none comes after it."""
    period = period_at(terms, day)
    return period_at(terms, period.ends).key if period.ends else period.key


def pays(period: str) -> bool:
    """Whether anything is given in the period of this name; before and after a fixed term nothing is."""
    return not (period.startswith("v") and period.endswith((" a", " c")))


def next_month(period: str) -> str:
    """Return the name of the month after a period that is a month; that of any other period itself."""
    month = month_of(period)
    return period if month is None else period[:-7] + _month(_next_month(month))


def month_of(period: str) -> date | None:
    """Return the first day of the month that a period's name says; None where it is no month."""
    found = _MONTH.search(period)
    if found is None or period.startswith(UNTIL):
        return None
    return date(int(found[0][:4]), int(found[0][5:]), 1)


def grant_key(last: date, number: int) -> str:
    """Return the name of the `number`th grant of a budget that can be spent up to and including day `last`."""
    return f"{UNTIL}{last.isoformat()} {number:02d}"


def grant_keys_from(day: date) -> str:
    """Return the text below which the names of grants sort that have ended before `day`."""
    return f"{UNTIL}{day.isoformat()}"


def last_day(period: str) -> date | None:
    """Return the last day of a grant that ends by itself; None for any other period."""
    return date.fromisoformat(period[len(UNTIL) :][:10]) if period.startswith(UNTIL) else None


def month_bounds(first: date, tz: tzinfo) -> tuple[datetime, datetime]:
    """Return the moments at which the month of day `first` begins (included) and ends (excluded)."""
    first = first.replace(day=1)
    return midnight(first, tz), midnight(_next_month(first), tz)


def _month(first: date) -> str:
    return f"{first.year:04d}-{first.month:02d}"


def _next_month(first: date) -> date:
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1)


# -- in words --------------------------------------------------------------------------------------------------------


def day_text(day: date) -> str:
    """Return a day in words: "1 December"."""
    return f"{day.day} {_MONTHS[day.month - 1]}"


def long_day_text(day: date) -> str:
    """Return a day in words with its year: "1 December 2026"."""
    return f"{day_text(day)} {day.year}"


def month_text(day: date) -> str:
    """Return the month of a day in words: "November 2026"."""
    return f"{_MONTHS[day.month - 1]} {day.year}"


def span_text(terms: Terms, day: date) -> str:
    """Return what the budget is for on `day`: "November 2026", "1 December 2026 to 31 January 2027", "Given once"."""
    if terms.rhythm == MONTHLY:
        return month_text(day)
    if terms.rhythm == ONCE:
        return "Given once"
    starts, ends = terms.days
    return f"{long_day_text(starts)} to {long_day_text(ends)}"


def within_text(terms: Terms) -> str:
    """Return what follows "12 credits left of 40" in a sentence: "this month", "until 31 January 2027", "in all"."""
    if terms.rhythm == MONTHLY:
        return "this month"
    return f"until {long_day_text(terms.days[1])}" if terms.rhythm == TERM else "in all"


def resets_text(terms: Terms, day: date) -> str:
    """Return in a sentence when more comes, or that nothing does."""
    if terms.rhythm == ONCE:
        return "It was given once and does not reset."
    period = period_at(terms, day)
    if terms.rhythm == MONTHLY:
        assert period.ends is not None
        return f"Resets on {day_text(period.ends)}."
    starts, ends = terms.days
    if period.pays:
        return f"Runs until {long_day_text(ends)} and does not reset."
    return f"Begins on {long_day_text(starts)}." if day < starts else f"Ended on {long_day_text(ends)}."


def rest_text(period: str) -> str:
    """Return where a rest comes from: "November 2026", "a grant until 24 December 2026", "the budget before"."""
    month, last = month_of(period), last_day(period)
    if last is not None:
        return f"a grant until {long_day_text(last)}"
    return month_text(month) if month is not None else "the budget before"
