"""Whether the parts of a model's spec fit one another. Each check yields a sentence for each thing that is wrong.

What a spec gets wrong shows only when somebody pays for a video: a price rule for a length that no longer exists never
matches, a field called like the prompt replaces it. So it is refused when it is read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import combinations, islice, product
from typing import TYPE_CHECKING

from sora_portal.catalog.spec.documents import SpecError
from sora_portal.catalog.spec.fields import ANY, LISTS, NUMBER, Condition, Field

if TYPE_CHECKING:
    from sora_portal.catalog.spec.domain import Spec

# What each kind may be on the wire, and which settings have a meaning for it alone.
KINDS = {
    "choice": ("string", "number", "boolean", "list"),
    "flag": ("boolean",),
    "line": ("string", "list"),
    "text": ("string", "list"),
    "number": ("number", "string"),
    "url": ("string", "list"),
    "urls": ("string", "list"),
    "images": ("string", "list"),
    "character": ("string",),
    "derived": ("string",),
}
PECULIAR = {
    "choices": ("choice",),
    "max_length": ("line", "text"),
    "least": ("number", *LISTS),
    "most": ("number", *LISTS),
    "whole": ("number",),
    "source": ("derived",),
    "present": ("derived",),
    "absent": ("derived",),
    "span_wire": ("character",),
    "task_wire": ("character",),
}
PLACES = ("input", "top")
# The composer's own fields: a setting of that name would take their place in the form.
TAKEN = ("project", "model", "prompt", "submit_key", "quoted", "options_of", "csrfmiddlewaretoken")
KEY = re.compile(r"[a-z][a-z0-9_]*")
COMBINATIONS_MAX = 2000


def check(spec: Spec) -> None:
    """Raise SpecError for the first thing in `spec` that does not fit."""
    for problems in (_names, _fields, _conditions, _wires, _defaults, _prices, _dead_ends):
        for problem in problems(spec):
            raise SpecError(problem)


def _names(spec: Spec) -> Iterator[str]:
    keys = Counter(entry.key for entry in spec.fields)
    yield from (f"two fields have the key {key}" for key, count in keys.items() if count > 1)
    for key in keys:
        if not KEY.fullmatch(key):
            yield f"field {key}: a key is a small letter, then small letters, digits and underscores"
        if key in TAKEN:
            yield f"field {key}: the form has a field of that name; choose another key"


def _fields(spec: Spec) -> Iterator[str]:
    for entry in spec.fields:
        yield from (f"field {entry.key}: {problem}" for problem in _field(spec, entry))


def _field(spec: Spec, entry: Field) -> Iterator[str]:
    if entry.kind not in KINDS or entry.place not in PLACES:
        yield "unknown kind or place"
        return
    if entry.json not in KINDS[entry.kind]:
        yield f"a {entry.kind} is sent as {' or '.join(KINDS[entry.kind])}, not as {entry.json}"
    for name, kinds in PECULIAR.items():
        if getattr(entry, name) not in ("", (), 0, False, None) and entry.kind not in kinds:
            yield f"{name} means nothing for the kind {entry.kind}"
    if entry.kind == "choice":
        yield from _choices(entry)
    elif entry.kind == "flag" and entry.default not in ("", "on"):
        yield "the default of a flag is on or empty"
    elif entry.kind in LISTS:
        yield from _counts(entry)
    elif entry.kind == "number" and entry.least is not None and entry.most is not None and entry.least > entry.most:
        yield "least is more than most"
    elif entry.kind == "character" and not entry.span_wire:
        yield "a character needs span_wire, the name under which its time span is sent"
    elif entry.kind == "derived" and (spec.field(entry.source) or entry).kind == "derived":
        yield "derived from a field that is not there"
    if entry.kind in ("images", "urls", "url", "character") and entry.default:
        yield f"{entry.kind} have no default" if entry.kind in LISTS else f"a {entry.kind} has no default"


def _counts(entry: Field) -> Iterator[str]:
    if any(count is not None and (count < 1 or not count.is_integer()) for count in (entry.least, entry.most)):
        yield "least and most count addresses: whole numbers of at least 1"
    elif entry.least_count > entry.most_count:
        yield "least is more than most"
    elif entry.json == "string" and entry.most_count > 1:
        yield "more than one address is sent as a list"


def _choices(entry: Field) -> Iterator[str]:
    default = entry.choice(entry.default)
    if not entry.choices or (entry.default and not default):
        yield "the default must be one of the choices"
    if default is not None and not default.offered:
        yield "the default must be on offer"
    if entry.required and not entry.default:
        yield "a required choice needs a default"
    values = [choice.value for choice in entry.choices]
    if len(set(values)) != len(values):
        yield "two choices have the same value"
    for choice in entry.choices:
        wire = choice.value if choice.wire is None else choice.wire
        if entry.json == "number" and not _is_number(wire):
            yield f"{choice.value} is sent as a number and is none"
        if entry.json == "boolean" and not isinstance(wire, bool):
            yield f"{choice.value} is sent as a boolean and its wire is neither true nor false"
        if not choice.offered and not choice.reason:
            yield f"{choice.value} is not offered, so it needs a reason"


def _is_number(wire: object) -> bool:
    return bool(NUMBER.fullmatch(str(wire))) and not isinstance(wire, bool)


def _possible(entry: Field, value: str) -> bool:
    """Return whether a member can leave `value` in this field; ANY stands for whatever they fill in."""
    if entry.kind == "choice":
        choice = entry.choice(value)
        return value == ANY or (choice is not None and choice.offered) or (value == "" and not entry.required)
    if entry.kind == "flag":
        return value in ("", "on", ANY)
    return value in ("", ANY) and entry.kind != "derived"


def _conditions(spec: Spec) -> Iterator[str]:
    for entry in spec.fields:
        yield from _condition(spec, entry, entry.only, "only")
        yield from _condition(spec, entry, entry.required_when, "required_when")
        for choice in entry.choices:
            yield from _condition(spec, entry, choice.needs, choice.value)
        if _circular(spec, entry, frozenset()):
            yield f"field {entry.key}: whether it exists depends on itself"


def _condition(spec: Spec, entry: Field, condition: Condition, what: str) -> Iterator[str]:
    for key, values in condition.items():
        other = spec.field(key)
        if other is None:
            yield f"field {entry.key}: {what} needs {key}, which is not a field"
        elif not values or not all(_possible(other, value) for value in values):
            yield f"field {entry.key}: {what} needs a {key} that cannot be chosen"


def _circular(spec: Spec, entry: Field, above: frozenset[str]) -> bool:
    others = [spec.field(key) for key in entry.only]
    return entry.key in above or any(_circular(spec, other, above | {entry.key}) for other in others if other)


def _wires(spec: Spec) -> Iterator[str]:
    for place, constants in (("input", [spec.prompt_wire, *spec.constants]), ("top", [*spec.constants_top])):
        fixed = Counter(constants)
        sent = [(wire, entry) for entry in spec.fields if entry.place == place for wire in entry.wires]
        yield from (f"{wire} would be sent twice" for wire, count in fixed.items() if count > 1)
        yield from (f"{wire} would be sent twice" for wire, _ in sent if wire in fixed)
        for (wire, one), (other_wire, other) in combinations(sent, 2):
            if wire == other_wire and not _exclude(one.only, other.only):
                yield f"{wire} would be sent twice"


def _exclude(one: Condition, other: Condition) -> bool:
    """Return whether two conditions can never both hold: they want one field to be different things."""
    return any(not _shared(one[key], other[key]) for key in one.keys() & other.keys())


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Return whether a field can be what both lists want."""
    filled = any(one) and any(other)
    return bool(set(one) & set(other)) or (filled and (ANY in one or ANY in other))


def _defaults(spec: Spec) -> Iterator[str]:
    values = spec.defaults()
    for entry in spec.shown():
        problem = entry.problem(entry.default, values) if values[entry.key] else ""
        if problem and entry.kind == "choice":
            yield f"field {entry.key}: its default does not go with the other defaults"
        elif problem:
            yield f"field {entry.key}: its default cannot stand there: {problem}"


def _prices(spec: Spec) -> Iterator[str]:
    if not spec.prices or spec.prices[-1].when:
        yield "the last price rule must match everything"
    for price in spec.prices:
        for key, value in price.when.items():
            entry = spec.field(key)
            if entry is None or entry.kind == "derived":
                yield f"price {dict(price.when)}: names a field that is not there"
            elif not _possible(entry, value) or value == ANY:
                yield f"price {dict(price.when)}: {key} can never be {value!r}"
        if price.per and not _counts_units(spec.field(price.per)):
            yield f"price per {price.per}: not a required choice of numbers"
    earlier = spec.prices[:-1]
    if any(not price.when for price in earlier):
        yield "a price rule that matches everything must be the last one"


def _counts_units(entry: Field | None) -> bool:
    """Return whether a price can be multiplied by what is in this field."""
    return (
        entry is not None
        and entry.required
        and bool(entry.choices)
        and all(NUMBER.fullmatch(choice.value) and float(choice.value) > 0 for choice in entry.choices)
    )


def _dead_ends(spec: Spec) -> Iterator[str]:
    """Whatever is chosen in the fields that others depend on, the rest must have something to choose, and a price."""
    deciding = spec.drivers() | {key for price in spec.prices for key in price.when}
    drivers = [entry for entry in spec.shown() if entry.key in deciding]
    values = [
        [choice.value for choice in entry.choices if choice.offered] if entry.kind == "choice" else ["", "on"]
        for entry in drivers
    ]
    for picked in islice(product(*values), COMBINATIONS_MAX):
        settled = spec.settle(dict(zip((entry.key for entry in drivers), picked, strict=True)))
        said = {key: value for key, value in settled.items() if key in deciding}
        for entry in spec.shown():
            if settled[entry.key] in spec.blocked(entry, settled):
                yield f"field {entry.key}: nothing can be chosen with {said}"
        try:
            spec.price(settled)
        except SpecError as error:
            yield f"{error} with {said}"
