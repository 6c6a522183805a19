"""Words, numbers and the smallest parts of pages: icons, pills, moments, avatars, the options of a list.

The parts are tags and not included templates: a page shows hundreds of them, and an include costs as much as all that
stands in it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from sora_portal.web.words import credits_text

register = template.Library()

# Pixels; base.css says the same of an icon that says nothing.
USUAL = 18

register.filter("credits", credits_text)


@register.simple_tag
@cache
def icon(name: str, size: int = USUAL) -> SafeString:
    """Return the icon `name` of the sprite as decoration, `size` pixels square: `{% icon "eye" 16 %}`.

    The usual size stands in base.css, once, and not on each of the three hundred icons of a list.
    """
    return format_html(
        '<svg class="i{}"{} aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        " spin" if name == "loader-circle" else "",
        "" if size == USUAL else format_html(' width="{}" height="{}"', size, size),
        static("icons.svg"),
        name,
    )


@register.simple_tag
def pill(label: str, tone: str = "", image: str = "") -> SafeString:
    """Return the state of something, never as colour alone: `{% pill "Paused" "warn" "pause" %}`."""
    sign = icon(image, 14) if image else ""
    return format_html('<span class="pill {}">{}{}</span>', tone or "muted", sign, label)


@register.simple_tag
def when(at: datetime) -> SafeString:
    """Return a moment. The script turns it into "2 min ago" and keeps it fresh; without it the moment itself stands."""
    local = timezone.localtime(at)
    return format_html(
        '<time datetime="{}" title="{}" data-ago>{}</time>',
        local.isoformat(timespec="seconds"),
        f"{local.day} {local:%B %Y, %H:%M}",
        f"{local.day} {local:%b, %H:%M}",
    )


@register.simple_tag
def avatar(initials: str, size: str = "") -> SafeString:
    """Return a person's initials as decoration; `size` is "xs" or empty."""
    return format_html('<span class="avatar{}" aria-hidden="true">{}</span>', f" {size}" if size else "", initials)


@register.simple_tag
def attributes(attrs: Mapping[str, Any]) -> SafeString:
    """Return a widget's attributes: True stands alone, False is left out (as in Django's `attrs.html`)."""
    shown = [(name, value) for name, value in attrs.items() if value is not False]
    parts = (format_html(" {}" if value is True else ' {}="{}"', name, value) for name, value in shown)
    return format_html_join("", "{}", ((part,) for part in parts))


@register.simple_tag
def options(groups: Sequence[tuple[str | None, Sequence[Mapping[str, Any]], int]]) -> SafeString:
    """Return what stands in a `<select>`, one line for each option (`django/forms/widgets/select.html`)."""
    lines = (line for label, entries, _ in groups for line in _option_lines(label, entries))
    return format_html_join("\n", "{}", ((line,) for line in lines))


def _option_lines(label: str | None, entries: Sequence[Mapping[str, Any]]) -> Iterator[SafeString]:
    """Yield the options of one group; Django makes a group without a label of each option that is in none."""
    if label:
        yield format_html('<optgroup label="{}">', label)
    for entry in entries:
        attrs = attributes(entry["attrs"]) if entry["attrs"] else ""
        yield format_html('<option value="{}"{}>{}</option>', entry["value"], attrs, entry["label"])
    if label:
        yield SafeString("</optgroup>")
