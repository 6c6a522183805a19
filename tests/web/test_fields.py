"""Every field of every form keeps the same rules: what is blank, how long, and which numbers and days there are."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from django import forms

import sora_portal
from sora_portal.web.forms import DayField, TextField, WholeField


def _all_forms() -> Iterator[type[forms.BaseForm]]:
    for module in pkgutil.walk_packages(sora_portal.__path__, "sora_portal."):
        if "forms" in module.name.rpartition(".")[2]:
            importlib.import_module(module.name)
    waiting: list[type[forms.BaseForm]] = [forms.Form]
    while waiting:
        for each in waiting.pop().__subclasses__():
            waiting.append(each)
            if each.__module__.startswith("sora_portal"):
                yield each


def test_no_form_has_a_field_without_bounds() -> None:
    loose = [
        f"{form.__name__}.{name}"
        for form in _all_forms()
        for name, field in form.base_fields.items()
        if type(field) in (forms.CharField, forms.IntegerField, forms.DateField)
    ]
    assert loose == []


@pytest.mark.parametrize("blank", ["\u200b", "\u2800", "\u0301", " \ufeff "])
def test_a_field_that_must_be_filled_refuses_what_shows_nothing(blank: str) -> None:
    with pytest.raises(forms.ValidationError):
        TextField().clean(blank)
    assert TextField(required=False).clean(blank) == ""


def test_lengths_are_code_points_with_line_breaks_as_one() -> None:
    assert TextField(max_length=3).clean("🦊\r\n🦊") == "🦊\n🦊"
    with pytest.raises(forms.ValidationError, match="4 characters; at most 3"):
        TextField(max_length=3).clean("🦊\r\nab")
    assert 'maxlength="' not in str(TextField(max_length=3).widget.render("x", ""))


def test_a_shortest_length_counts_what_is_seen() -> None:
    with pytest.raises(forms.ValidationError):
        TextField(min_length=3).clean("a\u200b\u200b\u200b")


@pytest.mark.parametrize("number", ["-1", "9" * 19, "9" * 5000, "NaN", "1e3", "1.5", "²"])
def test_a_number_beyond_its_bounds_is_refused(number: str) -> None:
    with pytest.raises(forms.ValidationError):
        WholeField().clean(number)


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "1999-12-31", "2101-01-01", "2026-02-30", "today"])
def test_a_day_beyond_this_century_is_refused(day: str) -> None:
    with pytest.raises(forms.ValidationError):
        DayField().clean(day)
