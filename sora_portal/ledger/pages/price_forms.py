"""The form that changes what a model costs: an amount for each rule, and one more rule if wanted."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from django import forms

from sora_portal.catalog.prices import Prices
from sora_portal.catalog.queries import price_lines
from sora_portal.catalog.spec.domain import MILLI, Field, Json, Price
from sora_portal.ledger import posting
from sora_portal.ledger.pages.forms import CreditsField
from sora_portal.web.forms import DayField, TextField

ANY, OFF = "any", "off"


class PricesForm(forms.Form):
    """What a model costs from a day on. Every rule but the last, which takes what no other does, may be emptied."""

    valid_from = DayField(
        label="From",
        required=False,
        help_text="Empty: from now on. What is already reserved keeps its price.",
    )
    note = TextField(label="Note", required=False, max_length=200, help_text="Why, for whoever reads the list.")

    def __init__(self, data: Mapping[str, Any] | None = None, *, prices: Prices, now: datetime) -> None:
        self.prices, self._now = prices, now
        super().__init__(data, auto_id=f"{prices.model.slug}_%s")
        rules = prices.latest.prices
        added: dict[str, forms.Field] = {}
        for number, (rule, line) in enumerate(zip(rules, price_lines(prices.latest), strict=True)):
            last = number == len(rules) - 1
            label = "Credits a video" if len(rules) == 1 else "Otherwise" if last else line.rpartition(":")[0]
            label += f", times the {self._counted(rule.per)}" if rule.per else ""
            added[f"amount_{number}"] = CreditsField(
                label=label,
                lowest=0,
                required=last,
                initial=rule.milli,
                error_messages={"required": "Say what it costs."},
            )
        self.amounts = list(added)
        for entry in self._priced_fields():
            added[f"when_{entry.key}"] = forms.ChoiceField(label=entry.label, choices=_options(entry), required=False)
        added["amount_new"] = CreditsField(label="Credits", lowest=0, required=False)
        self.fields = {**added, **self.fields}

    def _priced_fields(self) -> list[Field]:
        return [entry for entry in self.prices.latest.fields if entry.kind in ("choice", "flag")]

    def _counted(self, key: str) -> str:
        """Return the words for the field that a price counts: "length"."""
        entry = self.prices.latest.field(key)
        return entry.label.lower() if entry else key

    @property
    def amount_fields(self) -> list[forms.BoundField]:
        """The rules that hold now."""
        return [self[name] for name in self.amounts]

    @property
    def new_fields(self) -> list[forms.BoundField]:
        """What makes one more rule."""
        return [*(self[f"when_{entry.key}"] for entry in self._priced_fields()), self["amount_new"]]

    @property
    def end_fields(self) -> list[forms.BoundField]:
        """From when, and why."""
        return [self["valid_from"], self["note"]]

    def clean_valid_from(self) -> datetime:
        """Return the moment: midnight of the day where the organisation is, or now for today and for no day."""
        day: date | None = self.cleaned_data["valid_from"]
        today = self._now.astimezone(posting.zone()).date()
        if day is not None and day < today:
            raise forms.ValidationError("A price can begin today or later, not in the past.")
        return self._now if day in (None, today) else datetime.combine(day, time(), posting.zone())

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        when = self._when(data)
        if when and data.get("amount_new") is None and "amount_new" not in self.errors:
            self.add_error("amount_new", "Say what it costs.")
        elif data.get("amount_new") is not None and not when:
            self.add_error("amount_new", "Say for which videos: choose a setting beside it.")
        elif any(dict(rule.when) == when for rule in self.prices.latest.prices[:-1]):
            self.add_error("amount_new", "There is a price for these already: change it above.")
        return data

    def _when(self, data: Mapping[str, Any]) -> dict[str, str]:
        """Return the conditions of the new rule."""
        chosen = {entry.key: data.get(f"when_{entry.key}") or ANY for entry in self._priced_fields()}
        return {key: "" if value == OFF else value for key, value in chosen.items() if value != ANY}

    def rules(self) -> list[dict[str, Json]]:
        """Return the rules as a spec has them, the most particular first, so that a new one is not hidden."""
        data = self.cleaned_data
        rules = [
            Price(data[name], rule.when, rule.per)
            for name, rule in zip(self.amounts, self.prices.latest.prices, strict=True)
            if data[name] is not None
        ]
        if data["amount_new"] is not None:
            # A new price counts as the one that held for these videos until now.
            rules.insert(0, Price(data["amount_new"], self._when(data), self.prices.latest.prices[-1].per))
        rules.sort(key=lambda rule: -len(rule.when))
        per = [{"per": rule.per} if rule.per else {} for rule in rules]
        return [
            {"when": dict(rule.when), "credits": rule.milli / MILLI, **more}
            for rule, more in zip(rules, per, strict=True)
        ]


def _options(entry: Field) -> list[tuple[str, str]]:
    if entry.kind == "flag":
        return [(ANY, "any"), ("on", "on"), (OFF, "off")]
    none = [] if entry.required else [(OFF, "none")]
    return [(ANY, "any"), *none, *((choice.value, choice.label) for choice in entry.choices if choice.offered)]
