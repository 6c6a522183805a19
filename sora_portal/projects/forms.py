"""The forms of the projects page."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from sora_portal.accounts.models import User
from sora_portal.projects.models import Project
from sora_portal.web.forms import TextField

Posted = Mapping[str, Any] | None


class ProjectForm(forms.Form):
    """The name of a project, new or not."""

    name = TextField(label="Name", max_length=80, error_messages={"required": "Give it a name."})

    def __init__(self, data: Posted = None, *, project: Project | None = None) -> None:
        auto_id = f"project_{project.pk}_%s" if project else "new_project_%s"
        super().__init__(data, auto_id=auto_id, initial={"name": project.name} if project else None)


class MemberForm(forms.Form):
    """Somebody to add to a project: one of `people`, who are the open accounts outside it."""

    person = forms.ChoiceField(
        label="Add a person",
        error_messages={
            "required": "Choose somebody first.",
            "invalid_choice": "That person is in the project already, or has no open account.",
        },
    )
    lead = forms.BooleanField(label="As lead", required=False)

    def __init__(self, data: Posted = None, *, project: Project, people: Iterable[User]) -> None:
        super().__init__(data, auto_id=f"project_{project.pk}_%s")
        chosen = [(str(person.pk), person.display_name) for person in people]
        self.fields["person"].choices = [("", "Choose…"), *chosen]  # type: ignore[attr-defined]
