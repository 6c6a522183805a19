"""What an address or a header asks for, as numbers and days. What makes no sense counts as not asked."""

from datetime import date

from sora_portal.web.forms import FIRST_DAY, LARGEST, LAST_DAY


def number(asked: str) -> int:
    """Return the number in `asked`, from 0 to what a key can be; 0 for anything that is none (such as "²" or "-1")."""
    if not (asked.isascii() and asked.isdecimal() and len(asked) <= len(str(LARGEST))):
        return 0
    return min(int(asked), LARGEST)


def day(asked: str) -> date | None:
    """Return the day in `asked` ("2026-12-31") if it lies in this century."""
    try:
        found = date.fromisoformat(asked)
    except ValueError:
        return None
    return found if FIRST_DAY <= found <= LAST_DAY else None
