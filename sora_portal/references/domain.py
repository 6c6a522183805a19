"""How a choice names a picture or a character, and what a character's clip must be. Pure rules."""

from __future__ import annotations

from sora_portal.catalog.spec.fields import Field

PICTURE = "ref:"
CHARACTER = "chr:"

# A vendor's page asks for "1~3 seconds" and shows whole numbers.
SPAN_LEAST = 1
SPAN_MOST = 3
CLIP_LONGEST = 3600
ADDRESS = Field(key="clip", label="Address of the clip", wire="clip", kind="url")

GONE_PICTURE = "A picture is no longer here: unused ones go after a week. Remove it and add it again."
CONSENT = "No real person can be recognised in this clip, and my team may use what it shows."


def lines(value: str) -> list[str]:
    """Return the entries of a field of kind "images": addresses and names of our pictures, in order."""
    return [line.strip() for line in value.splitlines() if line.strip()]


def picture_ids(value: str) -> list[str]:
    """Return the public ids of our own pictures in a field of kind "images"."""
    return [line.removeprefix(PICTURE) for line in lines(value) if line.startswith(PICTURE)]


def character_id(value: str) -> str:
    """Return the public id in a field of kind "character", or the empty string."""
    return value.removeprefix(CHARACTER) if value.startswith(CHARACTER) else ""


def span_problem(start: int, end: int) -> str:
    """Return why the seconds from `start` to `end` cannot be a character's clip, or the empty string."""
    if not 0 <= start < CLIP_LONGEST:
        return "The clip starts at 0 seconds or later, within its first hour."
    if not SPAN_LEAST <= end - start <= SPAN_MOST:
        return f"The part must be {SPAN_LEAST} to {SPAN_MOST} seconds long, for example from 0 to 3."
    return ""


def address_problem(address: str) -> str:
    """Return why `address` cannot be given to a vendor, or the empty string: the same rule as for a model's field."""
    return ADDRESS.problem(address, {})
