"""Words, numbers and icons as pages show them."""

from functools import cache

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from sora_portal.web.words import credits_text

register = template.Library()

register.filter("credits", credits_text)


@register.simple_tag
@cache
def icon(name: str, size: int = 18) -> SafeString:
    """Return the icon `name` of the sprite as decoration, `size` pixels square: `{% icon "eye" 16 %}`.

    A tag and not an included template: a list of fifty rows shows over three hundred of them.
    """
    return format_html(
        '<svg class="i{}" width="{}" height="{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        " spin" if name == "loader-circle" else "",
        size,
        size,
        static("icons.svg"),
        name,
    )
