"""How forms look, and what every field takes: text that can be seen and stored, numbers and days within bounds."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting

from sora_portal.web import text

# Days that anything here may be about; beyond them, calendars and time zones run out of numbers.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)
# What a database holds as a whole number and a browser counts exactly, and no number here comes near.
LARGEST = 10**15


class TextField(forms.CharField):
    """Text that somebody typed. Blank is what shows nothing; lengths are code points, a line break is one.

    `max_length` bounds what is kept, `min_length` what can be seen of it. The browser counts alike
    (static/js/counters.js) and cuts nothing off, as `maxlength` would: that counts an emoji twice.
    """

    def __init__(self, *, max_length: int | None = None, min_length: int | None = None, **kwargs: Any) -> None:
        self.longest, self.shortest = max_length, min_length
        super().__init__(**kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Let the text run in its own direction, and the browser count."""
        if widget.is_hidden:
            return super().widget_attrs(widget)
        counted = {"data-longest": self.longest} if self.longest else {}
        return {**super().widget_attrs(widget), "dir": "auto", **counted}

    def to_python(self, value: Any) -> str:
        """Return the text with one kind of line end, and nothing at all for one that shows nothing."""
        typed = text.one_line_end(text.clean(super().to_python(value) or ""))
        return "" if text.is_blank(typed) else typed

    def validate(self, value: Any) -> None:
        """Refuse what is missing, too long, or too short to say anything."""
        super().validate(value)
        if self.longest is not None and len(value) > self.longest:
            usual = f"{len(value):,} characters; at most {self.longest:,}."
            raise ValidationError(self.error_messages.get("max_length", usual), code="max_length")
        if self.shortest is not None and value and text.seen(value) < self.shortest:
            usual = f"At least {self.shortest} characters."
            raise ValidationError(self.error_messages.get("min_length", usual), code="min_length")


class WholeField(forms.IntegerField):
    """A whole number, from 0 to LARGEST unless said otherwise."""

    def __init__(self, *, min_value: int = 0, max_value: int = LARGEST, **kwargs: Any) -> None:
        super().__init__(min_value=min_value, max_value=max_value, **kwargs)


class DayField(forms.DateField):
    """A day of this century."""

    def __init__(self, **kwargs: Any) -> None:
        bounds = {"min": FIRST_DAY.isoformat(), "max": LAST_DAY.isoformat()}
        kwargs.setdefault("widget", forms.DateInput(attrs={"type": "date", **bounds}, format="%Y-%m-%d"))
        messages = {"invalid": "Write the day like 2026-12-31."}
        super().__init__(**{**kwargs, "error_messages": {**messages, **kwargs.get("error_messages", {})}})

    def validate(self, value: Any) -> None:
        """Refuse a day that no calendar of ours has."""
        super().validate(value)
        if value is not None and not FIRST_DAY <= value <= LAST_DAY:
            raise ValidationError(f"Choose a day between {FIRST_DAY.year} and {LAST_DAY.year}.", code="invalid")


def focus_first_mistake(form: forms.BaseForm) -> None:
    """Put the focus into the first field of a refused form that something is wrong with."""
    bad = next((name for name in form.fields if name in form.errors), None)
    if bad is not None:
        form.fields[bad].widget.attrs["autofocus"] = True


class PortalFormRenderer(TemplatesSetting):
    """Renders every field through `templates/forms/field.html`, and whole forms through `forms/form.html`."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
