"""Where the videos that wait for an ended model go, and why they are released."""

from collections.abc import Sequence
from typing import Any

from django import forms

from sora_portal.catalog.models import VideoModel
from sora_portal.generations.reassignment.actions import REASON_MAX, Target, Unmovable
from sora_portal.web.forms import TextField


class MoveForm(forms.Form):
    """Which model the videos that wait at `place` move on to; `others` are the models that could take them."""

    onto = forms.ChoiceField(label="Move them to", error_messages={"required": "Choose a model."})
    leftover = forms.ChoiceField(
        label="Those that cannot be moved",
        choices=Unmovable.choices,
        initial=Unmovable.RELEASE.value,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, place: Target, others: Sequence[VideoModel], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The form that only shows what a move would mean says nothing about the rest.
        if self.is_bound:
            self.data = {"leftover": Unmovable.RELEASE.value, **{name: self.data[name] for name in self.data}}
        own, vendor = place.model.pk if place.model else 0, place.connection.pk if place.model is None else 0
        self._fitting = {
            str(model.pk): model
            for model in others
            if model.takes_new and not model.connection.is_shut and own != model.pk and vendor != model.connection_id
        }
        self.fields["onto"].choices = [(key, str(model)) for key, model in self._fitting.items()]  # type: ignore[attr-defined]
        successor = str(place.model.successor_id or "") if place.model else ""
        self.fields["onto"].initial = successor if successor in self._fitting else next(iter(self._fitting), "")

    def clean_onto(self) -> VideoModel:
        """Return the model itself."""
        return self._fitting[self.cleaned_data["onto"]]

    @property
    def chosen(self) -> VideoModel | None:
        """The model that is chosen at the moment, sent or not; None where none can be."""
        return self._fitting.get(str(self["onto"].value() or ""))


class ReleaseForm(forms.Form):
    """Why videos are released."""

    reason = TextField(
        label="What their authors read",
        required=False,
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="After “… so this video was not sent.” Leave it empty to name the model that follows.",
    )
