"""Reading a JSON document strictly: every reader returns the type it promises or says which entry is wrong.

A misspelt key in a model's document must not pass for a missing one: `need` for `needs` would let every pair through.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

Json = Any


class SpecError(ValueError):
    """A model's document is wrong; the message says where."""


def mapping(value: Json, where: str, *, known: Iterable[str] = ()) -> Mapping[str, Json]:
    """Return `value` as an object; with `known`, it may hold no other keys."""
    if not isinstance(value, Mapping):
        raise SpecError(f"{where} must be an object")
    unknown = sorted(set(value) - set(known)) if known else []
    if unknown:
        raise SpecError(f"{where} has no setting called {', '.join(unknown)}")
    return value


def entries(value: Json, where: str) -> list[Json]:
    """Return `value` as a list."""
    if not isinstance(value, list | tuple):
        raise SpecError(f"{where} must be a list")
    return list(value)


def text(value: Json, where: str, *, may_be_empty: bool = True) -> str:
    """Return `value` as text; numbers are not text."""
    if not isinstance(value, str) or not (value or may_be_empty):
        raise SpecError(f"{where} must be text")
    return value


def texts(value: Json, where: str) -> tuple[str, ...]:
    """Return `value` as a list of texts."""
    return tuple(text(entry, where) for entry in entries(value, where))


def flag(value: Json, where: str) -> bool:
    """Return `value` as true or false."""
    if not isinstance(value, bool):
        raise SpecError(f"{where} must be true or false")
    return value


def number(value: Json, where: str, *, least: float = 0.0) -> float:
    """Return `value` as a finite number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < least:
        bound = f" of at least {least:g}" if math.isfinite(least) else ""
        raise SpecError(f"{where} must be a number{bound}")
    return float(value)


def whole(value: Json, where: str, *, least: int = 0) -> int:
    """Return `value` as a whole number of at least `least`."""
    found = number(value, where, least=least)
    if not found.is_integer():
        raise SpecError(f"{where} must be a whole number")
    return int(found)
