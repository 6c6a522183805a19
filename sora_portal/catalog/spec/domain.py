"""What a video model takes, allows and costs, as data.

A model's `spec` is a JSON document; `Spec.read` turns it into the types of this room or says what is wrong with it.
Nothing here knows a vendor or a model by name: a new model on a known vendor is a new document.
docs/adding-a-model.md explains every key of it; `catalog.checks` holds the parts against one another.

    {"prompt": {"wire": "prompt", "max": 10000},
     "fields": [{"key": "seconds", "label": "Length", "wire": "duration", "json": "number", "default": "10",
                 "choices": [{"value": "10", "label": "10 s"}, {"value": "15", "label": "15 s"}]}],
     "prices": [{"when": {"seconds": "15"}, "credits": 60}, {"credits": 40}],
     "first_poll": 180, "interval": 10, "typical": 240}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from sora_portal.catalog.spec import validation
from sora_portal.catalog.spec.documents import Json, SpecError, entries, mapping, number, text, whole
from sora_portal.catalog.spec.fields import LISTS, Choice, Field, meets
from sora_portal.catalog.spec.parser import MILLI, Price, read_field, read_price
from sora_portal.web.text import is_blank, one_line_end

__all__ = ["MILLI", "NEEDED", "Choice", "Encoded", "Field", "InvalidChoices", "Json", "Price", "Spec", "SpecError"]

NEEDED = "This model needs it."
ATTEMPT = "{attempt}"
"""In a constant: our own public name of the attempt."""
SPEC_KEYS = (
    *("prompt", "fields", "prices", "constants", "constants_top"),
    *("first_poll", "interval", "deadline", "typical", "retention_days"),
)


class InvalidChoices(ValueError):
    """What a member chose does not fit the model: `errors` maps a field's key to a sentence."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{key}: {text}" for key, text in errors.items()))
        self.errors = dict(errors)


@dataclass(frozen=True)
class Encoded:
    """A request in the vendor's own words: `fields` of the generation, `top` of the envelope."""

    fields: dict[str, Json]
    top: dict[str, Json]


@dataclass(frozen=True)
class Spec:
    """Everything about a model that is not its name. Durations in seconds of vendor time."""

    prompt_wire: str
    prompt_max: int
    fields: tuple[Field, ...]
    prices: tuple[Price, ...]
    constants: Mapping[str, Json]
    constants_top: Mapping[str, Json]
    first_poll: float
    interval: float
    deadline: float
    typical: float
    retention_days: int

    @classmethod
    def read(cls, document: Mapping[str, Json]) -> Spec:
        """Return the spec in `document`; raises SpecError naming the first thing that is wrong."""
        mapping(document, "the spec", known=SPEC_KEYS)
        prompt = mapping(document.get("prompt", {}), "prompt", known=("wire", "max"))
        spec = cls(
            prompt_wire=text(prompt.get("wire", "prompt"), "prompt.wire", may_be_empty=False),
            prompt_max=whole(prompt.get("max", 5000), "prompt.max", least=1),
            fields=tuple(read_field(entry) for entry in entries(document.get("fields", ()), "fields")),
            prices=tuple(read_price(entry) for entry in entries(document.get("prices", ()), "prices")),
            constants=dict(mapping(document.get("constants", {}), "constants")),
            constants_top=dict(mapping(document.get("constants_top", {}), "constants_top")),
            first_poll=number(document.get("first_poll", 60), "first_poll"),
            interval=number(document.get("interval", 10), "interval", least=1),
            deadline=number(document.get("deadline", 7200), "deadline", least=60),
            typical=number(document.get("typical", 240), "typical", least=1),
            retention_days=whole(document.get("retention_days", 15), "retention_days", least=1),
        )
        validation.check(spec)
        return spec

    def field(self, key: str) -> Field | None:
        """Return the field with `key`, or None."""
        return next((entry for entry in self.fields if entry.key == key), None)

    def shown(self) -> tuple[Field, ...]:
        """Return the fields that a member may fill in."""
        return tuple(entry for entry in self.fields if entry.kind != "derived")

    def applies(self, entry: Field, chosen: Mapping[str, str]) -> bool:
        """Return whether the field exists at all with these choices."""
        return not entry.only or meets(entry.only, {key: self._standing(key, chosen) for key in entry.only})

    def _standing(self, key: str, chosen: Mapping[str, str]) -> str:
        """Return what is in a field, as conditions see it: nothing where the field does not exist."""
        entry = self.field(key)
        return chosen.get(key, "") if entry is not None and self.applies(entry, chosen) else ""

    def standing(self, chosen: Mapping[str, str]) -> dict[str, str]:
        """Return what is in each field that a member may fill in, as conditions see it."""
        return {entry.key: self._standing(entry.key, chosen) for entry in self.shown()}

    def drivers(self) -> frozenset[str]:
        """Return the fields on which it depends what other fields offer."""
        conditions = [condition for entry in self.fields for condition in (entry.only, entry.required_when)]
        conditions += [choice.needs for entry in self.fields for choice in entry.choices]
        return frozenset(key for condition in conditions for key in condition)

    def blocked(self, entry: Field, chosen: Mapping[str, str]) -> dict[str, str]:
        """Return the choices of a field that are not possible with the others, each with the sentence that says why."""
        values = self.standing(chosen)
        return {choice.value: choice.why_not for choice in entry.choices if not choice.fits(values)}

    def label(self, key: str, chosen: Mapping[str, str]) -> str:
        """Return the words for what was chosen in field `key` ("16:9"), or the empty string."""
        entry = self.field(key)
        choice = entry.choice(chosen.get(key, "")) if entry else None
        return choice.label if choice else ""

    def defaults(self) -> dict[str, str]:
        """Return what is chosen before anybody chose."""
        return self.standing({entry.key: entry.default for entry in self.shown()})

    def settle(self, wanted: Mapping[str, str]) -> dict[str, str]:
        """Return `wanted` reduced to what this model can do, defaults elsewhere: for showing, never for sending."""
        chosen = {entry.key: self._wish(entry, wanted) for entry in self.shown()}
        for entry in self.shown():
            picked, values = entry.choice(chosen[entry.key]), self.standing(chosen)
            if picked is not None and not picked.fits(values):
                own = entry.choice(entry.default)
                fitting = [choice for choice in (own, *entry.choices) if choice is not None and choice.fits(values)]
                chosen[entry.key] = fitting[0].value if fitting else entry.default
            if entry.kind in LISTS and not chosen[entry.key]:
                chosen[entry.key] = self._inherited(entry, chosen)
        return self.standing(chosen)

    def _inherited(self, entry: Field, chosen: Mapping[str, str]) -> str:
        """Return what was given to a field in whose place this one stands now, as when the mode changes."""
        alike = (other for other in self.fields if (other.wire, other.kind) == (entry.wire, entry.kind))
        given = (chosen.get(other.key, "") for other in alike if not self.applies(other, chosen))
        return next((value for value in given if value), "")

    def _wish(self, entry: Field, wanted: Mapping[str, str]) -> str:
        """Return what is wanted in a field, if it can be that at all; else its default."""
        value = entry.tidy(str(wanted.get(entry.key, entry.default)))
        if entry.kind == "choice" and not entry.choice(value):
            return entry.default if value or entry.required else ""
        return value

    def carry(self, wanted: Mapping[str, str], *, earlier: Spec) -> dict[str, str]:
        """Return what was wanted of another model in this model's words, where both have words for it.

        Choices that mean the same ("landscape") stand for one another: the default if it means that, else the first.
        """
        carried = dict(wanted)
        for entry in self.shown():
            before = earlier.field(entry.key)
            old = before.choice(wanted.get(entry.key, "")) if before else None
            if old is None or not old.means:
                continue
            own = entry.choice(entry.default)
            same = [choice for choice in (own, *entry.choices) if choice is not None and choice.means == old.means]
            if same:
                carried[entry.key] = next((choice.value for choice in same if choice.offered), same[0].value)
        return carried

    def resolve(self, wanted: Mapping[str, str], *, prompt: str) -> dict[str, str]:
        """Return the full set of choices for `wanted`; raises InvalidChoices with a sentence for each bad field."""
        shown = {entry.key: entry for entry in self.shown()}
        errors = {key: "This model has no such setting." for key in wanted if key not in shown}
        asked = {key: entry.tidy(str(wanted[key])) for key, entry in shown.items() if key in wanted}
        chosen = {**self.standing({key: entry.default for key, entry in shown.items()} | asked), **asked}
        typed = one_line_end(prompt)
        if is_blank(typed):
            errors["prompt"] = "Describe the video first."
        elif len(typed) > self.prompt_max:
            errors["prompt"] = f"{len(typed):,} characters; this model takes at most {self.prompt_max:,}."
        for key, entry in shown.items():
            problem = self._problem(entry, chosen)
            if problem:
                errors[key] = problem
        if errors:
            raise InvalidChoices(errors)
        return chosen

    def _problem(self, entry: Field, chosen: Mapping[str, str]) -> str:
        """Return why what is in this field is not possible, or the empty string."""
        value, values = chosen[entry.key], self.standing(chosen)
        if not self.applies(entry, chosen):
            return f"{entry.label} does not go with the other settings." if value else ""
        if value == "":
            return NEEDED if entry.is_required(values) else ""
        return entry.problem(value, values)

    def price(self, chosen: Mapping[str, str]) -> int:
        """Return the price of one video with these choices, in milli-credits: the first rule that matches."""
        for price in self.prices:
            if all(chosen.get(key, "") == value for key, value in price.when.items()):
                return round(price.milli * self._times(price, chosen))
        raise SpecError("no price rule matches")

    def _times(self, price: Price, chosen: Mapping[str, str]) -> Fraction:
        """Return by what a price is multiplied; raises SpecError where the field that counts is empty."""
        if not price.per:
            return Fraction(1)
        if not chosen.get(price.per):
            raise SpecError(f"the price counts {price.per}, which is empty")
        return Fraction(chosen[price.per])

    def encode(self, chosen: Mapping[str, str], *, prompt: str, attempt: str) -> Encoded:
        """Return the vendor's own fields for `chosen`. Fields left empty are left out: the vendor's default holds.

        `attempt` is our public name of the attempt, which a constant may carry. Addresses must be the vendor's to open
        by now: raises ValueError for an image or a character that is still named by our own id.
        """
        encoded = Encoded(
            fields={self.prompt_wire: prompt, **_filled(self.constants, attempt)},
            top=_filled(self.constants_top, attempt),
        )
        values = self.standing(chosen)
        for entry in self.fields:
            if not self.applies(entry, chosen):
                continue
            if entry.kind == "derived":
                value = entry.present if values.get(entry.source, "") else entry.absent
            else:
                value = values[entry.key]
            if value or entry.kind == "flag":
                target = encoded.top if entry.place == "top" else encoded.fields
                target.update(entry.encode(value))
        return encoded


def _filled(constants: Mapping[str, Json], attempt: str) -> dict[str, Json]:
    """Return constants with the attempt's name where they ask for it."""
    return {
        name: value.replace(ATTEMPT, attempt) if isinstance(value, str) else value for name, value in constants.items()
    }
