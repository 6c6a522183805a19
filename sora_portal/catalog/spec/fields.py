"""The parts of a spec: a field, its choices, when it applies, what may stand in it, and how it goes on the wire. Pure.

What a member chose is text throughout (`Generation.choices`): a choice's value, "on" for a flag, lines for addresses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sora_portal import hosts
from sora_portal.catalog.spec.documents import Json
from sora_portal.web.text import one_line_end, stripped

ANY = "*"
"""In a condition: whatever is filled in, but not nothing."""

Condition = Mapping[str, tuple[str, ...]]
"""Other fields and the values of which each must have one: "" is "left empty", ANY is "filled in"."""

LISTS = ("images", "urls")
TYPED = ("line", "text", "url", "number", *LISTS)
ADDRESS_MAX = 2000
NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,9})?")
OURS = re.compile(r"(ref|chr):[A-Za-z0-9_-]{1,64}")
"""Something of the portal's own: an uploaded image or a character, by its public id."""
CLIP = re.compile(r"clip (\S+) (\d+(?:\.\d+)?,\d+(?:\.\d+)?)")
TASK = re.compile(r"task (\S+)")


def meets(condition: Condition, values: Mapping[str, str]) -> bool:
    """Return whether `values` are as the condition wants them."""
    return all(
        values.get(key, "") in wanted or (ANY in wanted and values.get(key, "") != "")
        for key, wanted in condition.items()
    )


@dataclass(frozen=True)
class Choice:
    """One value of a field. `needs` names what other fields must be for it; `reason` says so to a member.

    `offered` False: shown, never to be had here ("25 s needs Sora 2 HD"). `means` is what it is in every model's words
    ("landscape"), so that another model can be given the same.
    """

    value: str
    label: str
    wire: Json = None
    needs: Condition = field(default_factory=dict)
    reason: str = ""
    offered: bool = True
    means: str = ""

    def fits(self, values: Mapping[str, str]) -> bool:
        """Return whether the other fields allow this one."""
        return self.offered and meets(self.needs, values)

    @property
    def why_not(self) -> str:
        """What a member reads where it is not possible."""
        return self.reason or "This does not go with the other settings."


@dataclass(frozen=True)
class Field:
    """One parameter: how a member sees it and how the vendor wants it.

    `kind`: choice (pick one), flag (on or off), line (short text), text (several lines), number, url (one https
    address), urls (https addresses, one a line), images (the same, or `ref:` and the id of an uploaded image),
    character (`chr:` and the id of one in the register), derived (not shown: its value follows from whether the field
    `source` is filled: `present` or `absent`).
    `only` is when the field exists at all, `required_when` when it must be filled; `least` and `most` bound a number,
    or count addresses. `place` is "input" for the generation's own fields, "top" for the envelope beside them.
    """

    key: str
    label: str
    wire: str
    kind: str = "choice"
    json: str = "string"
    place: str = "input"
    default: str = ""
    required: bool = False
    required_when: Condition = field(default_factory=dict)
    only: Condition = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    max_length: int = 0
    least: float | None = None
    most: float | None = None
    whole: bool = False
    more: bool = False
    help: str = ""
    source: str = ""
    present: str = ""
    absent: str = ""
    span_wire: str = ""
    task_wire: str = ""

    def choice(self, value: str) -> Choice | None:
        """Return the choice with `value`, or None."""
        return next((choice for choice in self.choices if choice.value == value), None)

    def is_required(self, values: Mapping[str, str]) -> bool:
        """Return whether it must be filled, given what is in the other fields."""
        return self.required or (bool(self.required_when) and meets(self.required_when, values))

    @property
    def least_count(self) -> int:
        """How many addresses there must be, if there are any."""
        return max(1, int(self.least or 0))

    @property
    def most_count(self) -> int:
        """How many addresses there may be."""
        return int(self.most or 1)

    @property
    def wires(self) -> tuple[str, ...]:
        """Every name under which something of this field can be sent."""
        return tuple(name for name in (self.wire, self.span_wire, self.task_wire) if name)

    def tidy(self, value: str) -> str:
        """Return `value` as it is kept: no space around it, no empty lines between addresses, one kind of line end."""
        if self.kind in LISTS:
            return "\n".join(filter(None, map(stripped, value.splitlines())))
        return stripped(one_line_end(value)) if self.kind in TYPED else value

    def problem(self, value: str, values: Mapping[str, str]) -> str:
        """Return why `value`, which is not empty, cannot stand here beside the other `values`; or nothing."""
        if self.kind == "choice":
            return self._choice_problem(value, values)
        if self.kind == "flag":
            return "" if value == "on" else "This is either on or off."
        if self.kind == "number":
            return self._number_problem(value)
        if self.kind == "url":
            return "" if _is_address(value) else _NO_ADDRESS
        if self.kind in LISTS:
            return self._list_problem(value.split("\n"))
        if self.kind == "character":
            return "" if value.startswith("chr:") and OURS.fullmatch(value) else "Choose a character from the list."
        return f"At most {self.max_length} characters." if 0 < self.max_length < len(value) else ""

    def _choice_problem(self, value: str, values: Mapping[str, str]) -> str:
        choice = self.choice(value)
        if choice is None:
            offered = (choice.label for choice in self.choices if choice.offered)
            return f"{self.label} can be {_listed(offered)} with this model."
        return "" if choice.fits(values) else choice.why_not

    def _number_problem(self, value: str) -> str:
        good = NUMBER.fullmatch(value) and (not self.whole or float(value).is_integer())
        low, high = self.least, self.most
        if good and (low is None or float(value) >= low) and (high is None or float(value) <= high):
            return ""
        bounds = [f"at least {low:.15g}"] if low is not None else []
        bounds += [f"at most {high:.15g}"] if high is not None else []
        kind = "a whole number" if self.whole else "a number"
        return f"Give {kind}{' of ' if bounds else ''}{' and '.join(bounds)}."

    def _list_problem(self, lines: list[str]) -> str:
        own = "ref:" if self.kind == "images" else "\n"
        if not all((line.startswith(own) and OURS.fullmatch(line)) or _is_address(line) for line in lines):
            return _NO_ADDRESS if self.most_count == 1 else f"{_NO_ADDRESS} One on each line."
        if not self.least_count <= len(lines) <= self.most_count:
            least, most = self.least_count, self.most_count
            return f"Give {least}, not {len(lines)}." if least == most else f"Give {least} to {most}, not {len(lines)}."
        return ""

    def encode(self, value: str) -> dict[str, Json]:
        """Return what goes on the wire for `value`, which is not empty (but for a flag), by wire name."""
        if self.kind == "character":
            return self._character(value)
        return {self.wire: self._wire_value(value)}

    def _wire_value(self, value: str) -> Json:
        choice = self.choice(value)
        wire = choice.wire if choice is not None and choice.wire is not None else value
        if self.kind == "flag":
            return value == "on"
        if self.kind in LISTS:
            lines = value.split("\n")
            if any(OURS.fullmatch(line) for line in lines):
                raise ValueError(f"field {self.key}: an image of ours has no public address yet")
            return lines if self.json == "list" else lines[0]
        if self.json == "number":
            return int(float(wire)) if float(wire).is_integer() else float(wire)
        return [wire] if self.json == "list" else wire

    def _character(self, value: str) -> dict[str, Json]:
        """Return the clip and its span, or the vendor's task."""
        if clip := CLIP.fullmatch(value):
            return {self.wire: clip[1], self.span_wire: clip[2]}
        if task := TASK.fullmatch(value):
            return {self.task_wire: task[1]}
        raise ValueError(f"field {self.key}: neither a clip nor a task")


_NO_ADDRESS = "Give an https:// address that the vendor can open without signing in."


def _is_address(value: str) -> bool:
    """Return whether `value` can be given to a vendor as an address."""
    return len(value) <= ADDRESS_MAX and hosts.is_for_vendors(value) and not any(sign.isspace() for sign in value)


def _listed(words: Iterable[str]) -> str:
    """Return words as a person lists them: a, b or c."""
    items = list(words)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} or {items[-1]}"
