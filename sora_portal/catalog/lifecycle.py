"""Where a model stands in its life on a given day, and what members are told of it. Pure: no clock, no database."""

from __future__ import annotations

from datetime import date

ACTIVE, DEGRADED, PAUSED, RETIRED = "active", "degraded", "paused", "retired"
TAKES_NEW = (ACTIVE, DEGRADED)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def stage_on(day: date, *, lifecycle: str, retires_on: date | None) -> str:
    """Return the stage of a model on `day`: from its retirement date on it is retired, whatever its row says."""
    return RETIRED if retires_on is not None and retires_on <= day else lifecycle


def day_text(day: date, *, today: date) -> str:
    """Return a day as people write it: "24 Sep", with the year where it is another one."""
    text = f"{day.day} {_MONTHS[day.month - 1]}"
    return text if day.year == today.year else f"{text} {day.year}"


def news_text(
    *, label: str, lifecycle: str, note: str, retires_on: date | None, successor: str, today: date
) -> tuple[str, ...]:
    """Return what the composer says of a model that takes new videos: its end, if a day is set, and how it does."""
    told = []
    if retires_on is not None and retires_on > today:
        follows = f"; {successor} follows it." if successor else "."
        told.append(f"{label} ends on {day_text(retires_on, today=today)}{follows}")
    if lifecycle == DEGRADED:
        told.append(f"{label} is not at its best: {note}" if note else f"{label} is not at its best at the moment.")
    return tuple(told)


def closed_text(*, label: str, stage: str, successor: str) -> str:
    """Return why a model takes no new videos, and what to do."""
    if stage == RETIRED:
        return f"{label} has ended. " + (f"{successor} follows it." if successor else "Choose another model.")
    return f"{label} takes no new videos at the moment. Choose another model, or try again later."
