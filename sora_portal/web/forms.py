"""How forms look: Django's own rendering with our field template."""

from django.forms import BaseForm
from django.forms.renderers import TemplatesSetting


def focus_first_mistake(form: BaseForm) -> None:
    """Put the focus into the first field of a refused form that something is wrong with."""
    bad = next((name for name in form.fields if name in form.errors), None)
    if bad is not None:
        form.fields[bad].widget.attrs["autofocus"] = True


class PortalFormRenderer(TemplatesSetting):
    """Renders every field through `templates/forms/field.html`, and whole forms through `forms/form.html`."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
