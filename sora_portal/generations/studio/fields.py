"""A setting of a model as a field of the composer: what fits can be chosen, what does not is there with its reason."""

from collections.abc import Mapping
from typing import Any

from django import forms

from sora_portal.catalog.spec.domain import NEEDED, Field
from sora_portal.web.forms import TextField

RADIOS_MAX = 4
"""More choices than this make a list instead of buttons side by side."""


class _Blocking(forms.ChoiceField):
    """A choice of which some are disabled; whatever comes in is judged by the catalog, so that it gives the reason."""

    def __init__(self, *, blocked: Mapping[str, str], **kwargs: Any) -> None:
        self.blocked = blocked
        super().__init__(**kwargs)
        self.widget.blocked = blocked

    def valid_value(self, value: Any) -> bool:
        return True


class _Disabling:
    """Disables the options that are not possible, and says why on each."""

    blocked: Mapping[str, str] = {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)  # type: ignore[misc]
        reason = self.blocked.get(str(value))
        if reason:
            option["attrs"] |= {"disabled": True, "title": reason}
        return option


class Buttons(_Disabling, forms.RadioSelect):
    """Choices side by side."""


class Dropdown(_Disabling, forms.Select):
    """Choices in a list."""


def form_field(entry: Field, *, blocked: Mapping[str, str], required: bool) -> forms.Field:
    """Return the form field of a setting; `blocked` are its impossible choices with the reason of each.

    `required` is whether it must be filled beside the other settings: a label says so by not saying "optional".
    """
    common: dict[str, Any] = {"label": entry.label, "required": False, "help_text": entry.help}
    if entry.kind == "flag":
        return forms.BooleanField(**common)
    if entry.kind in ("choice", "character"):
        return _choice_field(entry, blocked, common)
    common |= {"required": required, "error_messages": {"required": NEEDED}}
    if entry.kind in ("images", "urls"):
        rows = 1 if entry.most_count == 1 else 2
        attrs = {"rows": rows, "spellcheck": "false", "placeholder": "https://", "autocapitalize": "off"}
        return TextField(widget=forms.Textarea(attrs=attrs), strip=False, **common)
    if entry.kind == "text":
        return TextField(widget=forms.Textarea(attrs={"rows": 2}), strip=False, **common)
    return TextField(widget=_input(entry), **common)


def _input(entry: Field) -> forms.Widget:
    if entry.kind == "url":
        return forms.URLInput()
    if entry.kind == "number":
        bounds = {"min": entry.least, "max": entry.most, "step": 1 if entry.whole else "any"}
        return forms.NumberInput(attrs={name: _plain(bound) for name, bound in bounds.items() if bound is not None})
    return forms.TextInput()


def _plain(bound: float | str) -> str:
    return bound if isinstance(bound, str) else f"{bound:.15g}"


def _choice_field(entry: Field, blocked: Mapping[str, str], common: Mapping[str, Any]) -> forms.Field:
    options = [(choice.value, choice.label) for choice in entry.choices]
    # Readable by everybody: a tooltip alone is not to be had by finger or by keyboard.
    reasons = dict.fromkeys(reason for value, reason in blocked.items())
    common = {**common, "help_text": " ".join(filter(None, [entry.help, *reasons]))}
    if entry.required and len(options) <= RADIOS_MAX:
        return _Blocking(choices=options, widget=Buttons, blocked=blocked, **common)
    none = f"No {entry.label.lower()}" if entry.kind == "character" else "Vendor's default"
    empty = [] if entry.required else [("", none)]
    return _Blocking(choices=empty + options, widget=Dropdown, blocked=blocked, **common)


def text_of(source: Mapping[str, Any], entry: Field) -> str:
    """Return the raw value of a setting, as the catalog writes it: a flag is "on" or empty."""
    value = source.get(entry.key, "")
    if entry.kind == "flag":
        return "on" if value in (True, "on", "true", "1") else ""
    return str(value or "")
