"""The smallest parts of pages are tags: they say what an included template would say, and escape what people wrote."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates, get_default_renderer
from django.utils import timezone

from sora_portal.web.templatetags import portal

GROUPED = [("", "Nothing"), ("Fast", [("1", "<b>Kling</b>"), (2, "Veo")]), ("3", 'Sora "2"')]
BASE_CSS = Path(__file__).resolve().parents[2] / "static" / "css" / "base.css"


class _Disabling(forms.Select):
    def create_option(self, name: str, value: object, *args: object, **kwargs: object) -> dict[str, object]:
        option: dict[str, object] = super().create_option(name, value, *args, **kwargs)  # type: ignore[arg-type]
        return option | {"attrs": {"disabled": value == "1", "title": 'Not "now" & not here', "hidden": False}}


WIDGETS = {
    "select": (forms.Select(choices=GROUPED), "3"),
    "number in a select": (forms.Select(choices=GROUPED), 2),
    "several": (forms.SelectMultiple(choices=GROUPED), ["1", "3"]),
    "attributes of options": (_Disabling(choices=GROUPED), ""),
    "radios": (forms.RadioSelect(choices=GROUPED), "1"),
    "text": (forms.TextInput(attrs={"required": True, "disabled": False, "maxlength": 2000}), "a\"b'<c>"),
    "empty": (forms.TextInput(), None),
    "hidden": (forms.HiddenInput(), 1234567),
    "ticked": (forms.CheckboxInput(), True),
}


def _squeezed(html: str) -> str:
    return re.sub(r"\s+(?=<)|(?<=>)\s+", "", html)


@pytest.mark.parametrize("name", WIDGETS)
def test_a_widget_reads_as_djangos_own_templates_would_have_it(name: str) -> None:
    widget, value = WIDGETS[name]
    ours = widget.render("field", value, {"id": "id_field"}, get_default_renderer())
    theirs = widget.render("field", value, {"id": "id_field"}, DjangoTemplates())
    assert _squeezed(ours) == _squeezed(theirs)


def test_a_moment_is_told_exactly_in_the_zone_of_the_house() -> None:
    with timezone.override("Europe/Berlin"):
        html = portal.when(datetime(2026, 11, 5, 23, 30, 1, 99, tzinfo=UTC))
    exact = "2026-11-06T00:30:01+01:00"
    assert html == f'<time datetime="{exact}" title="6 November 2026, 00:30" data-ago>6 Nov, 00:30</time>'


def test_a_pill_escapes_its_label_and_is_muted_unless_it_has_a_tone() -> None:
    assert portal.pill("<b>") == '<span class="pill muted">&lt;b&gt;</span>'
    assert 'class="pill ok"><svg' in portal.pill("Live", "ok", "plug")


def test_an_icon_without_a_size_gets_the_usual_one_from_the_styles() -> None:
    assert " width" not in portal.icon("eye")
    assert 'width="16" height="16"' in portal.icon("eye", 16)
    rule = re.search(r"\.i:not\(\[width\]\) \{([^}]*)\}", BASE_CSS.read_text(encoding="utf-8"))
    assert rule
    assert rule[1].count(f"size: {portal.USUAL}px") == 2
