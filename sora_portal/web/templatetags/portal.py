"""Words, numbers and the smallest parts of pages: icons, pills, moments, avatars.

The parts are tags and not included templates: a list of fifty rows shows hundreds of them, and an include costs as much
as all that stands in it.
"""

from datetime import datetime
from functools import cache

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from sora_portal.web.words import credits_text

register = template.Library()

register.filter("credits", credits_text)


@register.simple_tag
@cache
def icon(name: str, size: int = 18) -> SafeString:
    """Return the icon `name` of the sprite as decoration, `size` pixels square: `{% icon "eye" 16 %}`."""
    return format_html(
        '<svg class="i{}" width="{}" height="{}" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        " spin" if name == "loader-circle" else "",
        size,
        size,
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
