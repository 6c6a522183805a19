"""The forms of the character register."""

from collections.abc import Mapping
from typing import Any

from django import forms

from sora_portal.accounts.models import User
from sora_portal.projects.models import Project
from sora_portal.references.domain import CLIP_LONGEST, CONSENT, SPAN_MOST, address_problem, span_problem
from sora_portal.references.models import Character
from sora_portal.web.forms import TextField, WholeField

Posted = Mapping[str, Any] | None


class NameForm(forms.Form):
    """What a character is called, and who may use it besides its owner."""

    name = TextField(
        label="Name",
        max_length=60,
        error_messages={"required": "Give it a name.", "max_length": "At most 60 characters."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    projects = forms.ModelMultipleChoiceField(
        queryset=Project.objects.none(),
        label="Shared with the members of",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "You are not in one of these projects.", "invalid_pk_value": "Choose again."},
    )

    def __init__(
        self, data: Posted = None, *, user: User, character: Character | None = None, initial: Posted = None
    ) -> None:
        first = dict(initial or {})
        if character is not None:
            first = {"name": character.name, "projects": list(character.projects.all())}
        super().__init__(data, auto_id="character_%s", initial=first)
        projects = Project.objects.visible_to(user).open()
        self.fields["projects"].queryset = projects  # type: ignore[attr-defined]
        if not projects.exists():
            del self.fields["projects"]
        self.order_fields(["name", "clip_url", "start", "end", "projects", "consent"])


class ConsentForm(NameForm):
    """A new character: somebody stands for what it shows."""

    consent = forms.BooleanField(
        label=CONSENT,
        help_text="Your name and the time are kept with this sentence. Vendors refuse clips of real people.",
        error_messages={"required": "Tick this first: without it the character cannot be used."},
    )


class ClipForm(ConsentForm):
    """A new character from a part of a clip at an address."""

    clip_url = TextField(
        label="Address of the clip",
        max_length=2000,
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off"}),
        help_text="The vendor opens it; the portal never does.",
        error_messages={"required": "Give the address of the clip.", "max_length": "This address is too long."},
    )
    start = WholeField(
        label="From second",
        min_value=0,
        max_value=CLIP_LONGEST,
        initial=0,
        error_messages={"required": "Give a whole number.", "invalid": "Give a whole number."},
    )
    end = WholeField(
        label="To second",
        min_value=1,
        max_value=CLIP_LONGEST + SPAN_MOST,
        initial=SPAN_MOST,
        error_messages={"required": "Give a whole number.", "invalid": "Give a whole number."},
    )

    def clean_clip_url(self) -> str:
        """Refuse what no vendor could open."""
        address: str = self.cleaned_data["clip_url"]
        if problem := address_problem(address):
            raise forms.ValidationError(problem)
        return address

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "start" in data and "end" in data and (problem := span_problem(data["start"], data["end"])):
            self.add_error("end", problem)
        return data
