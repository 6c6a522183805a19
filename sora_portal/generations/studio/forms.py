"""The composer, built from the chosen model's spec: it offers what the model can do and nothing else."""

import secrets
from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.functional import cached_property

from sora_portal.accounts.models import User
from sora_portal.catalog.models import VideoModel
from sora_portal.catalog.spec.domain import Field, InvalidChoices, Spec
from sora_portal.drafts.form_fields import Showing, showing
from sora_portal.generations.studio.fields import form_field, text_of
from sora_portal.projects.models import Project
from sora_portal.references import using
from sora_portal.references.composer import PicturesField, character_field
from sora_portal.web.forms import TextField, WholeField
from sora_portal.web.query_parameters import number

STUDIO = "studio"
NO_SUCH = "Select a valid choice. That choice is not one of the available choices."


class ComposeForm(forms.Form):
    """Prompt, model, project, and one field for each setting that the model has."""

    prompt = TextField(
        label="Describe your video",
        error_messages={"required": "Describe the video first."},
        widget=forms.Textarea(
            attrs={"rows": 4, "placeholder": "A slow dolly through a rain-soaked neon street, reflections rippling…"}
        ),
        help_text="Camera, light, action and mood make the biggest difference.",
        strip=False,
    )
    model = forms.ChoiceField(error_messages={"invalid_choice": NO_SUCH})
    project = forms.ChoiceField(
        error_messages={
            "required": "You are in no project yet. Ask an admin to add you to one.",
            "invalid_choice": NO_SUCH,
        },
    )
    submit_key = TextField(max_length=64, required=False, widget=forms.HiddenInput)
    quoted = WholeField(required=False, widget=forms.HiddenInput)
    options_of = TextField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        user: User,
        place: str = STUDIO,
        bad_files: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        """`place` is where what is typed is kept as a draft."""
        super().__init__(*args, **kwargs)
        self.place = place
        self.user = user
        self.bad_files = bad_files or {}
        # Read when they are shown, and once: a price line, which is asked for at every change, shows none of them.
        self.fields["project"].choices = lambda: self._project_names  # type: ignore[attr-defined]
        self.fields["model"].choices = lambda: self._model_names  # type: ignore[attr-defined]
        self.video_model = self._chosen_model()
        if self.video_model and not self.is_bound:
            self.initial["model"] = self.video_model.pk
        self.rules: Spec | None = self.video_model.rules if self.video_model else None
        if self.rules:
            self._add_options(self.rules)

    @cached_property
    def _projects(self) -> dict[int, Project]:
        """The projects that this person may put the video in."""
        return {project.pk: project for project in Project.objects.visible_to(self.user).open()}

    @cached_property
    def _project_names(self) -> list[tuple[int, str]]:
        return [(pk, project.name) for pk, project in self._projects.items()]

    @cached_property
    def _model_names(self) -> list[tuple[int, str]]:
        """What the list of models shows: each under the name of its vendor, without all that it can do."""
        rows = VideoModel.objects.offered().defer("spec", "successor__spec")
        return [(row.pk, f"{row.label} · {row.connection.label}") for row in rows if not row.connection.is_closed]

    @property
    def chosen_project(self) -> Project | None:
        """The project that is chosen at the moment, sent or not: the first where none is; None for one not on offer."""
        wanted = self["project"].value()
        return self._projects.get(int(wanted)) if _is_key(wanted) else next(iter(self._projects.values()), None)

    def clean_project(self) -> Project:
        """Return the project itself."""
        return self._projects[int(self.cleaned_data["project"])]

    def clean_model(self) -> VideoModel | None:
        """Return the model itself, the one that the form was built for."""
        return self.video_model

    def _chosen_model(self) -> VideoModel | None:
        """Return the model that the form is about: the posted one, the initial one, or the first on offer."""
        wanted = self.data.get("model") if self.is_bound else self.initial.get("model")
        found = self._offered(wanted)
        if found or (self.is_bound and wanted):
            return found
        # An earlier video's model may have ended: what follows it is what its author will look for.
        ended = VideoModel.objects.filter(pk=int(str(wanted))).first() if _is_key(wanted) else None
        follows = self._offered(ended.successor_id) if ended else None
        if follows:
            return follows
        return self._offered(next((pk for pk, _ in self._model_names), None))

    def _offered(self, wanted: object) -> VideoModel | None:
        """Return the model with this key, if new videos can be made with it."""
        found = VideoModel.objects.offered().filter(pk=int(str(wanted))).first() if _is_key(wanted) else None
        return None if found is None or found.connection.is_closed else found

    def _add_options(self, rules: Spec) -> None:
        """Add a field for each setting that applies; chosen in it is what was wanted, as far as the model can do it."""
        source = self.data if self.is_bound else self.initial
        # Not one setting was sent: then this is not our form with every flag switched off, and the defaults hold.
        self._bare = not any(entry.key in source for entry in rules.shown() if entry.kind != "flag")
        wanted = self._wanted(rules, source)
        self.settled = rules.settle(wanted)
        for entry in rules.shown():
            if not rules.applies(entry, self.settled):
                continue
            blocked, required = rules.blocked(entry, self.settled), entry.is_required(self.settled)
            # Not the value that came in: another model's shape would leave this one's with nothing chosen.
            value = self.settled[entry.key]
            field = self._reference_field(entry, value, required=required)
            self.fields[entry.key] = field or form_field(entry, blocked=blocked, required=required)
            self.initial[entry.key] = value == "on" if entry.kind == "flag" else value
        self._complete(rules, wanted)

    def _wanted(self, rules: Spec, source: Mapping[str, Any]) -> dict[str, str]:
        """Return what was asked for, in this model's words where the settings had been another's."""
        wanted = {entry.key: text_of(source, entry) for entry in rules.shown() if entry.key in source}
        earlier = self._offered(source.get("options_of"))
        return wanted if earlier in (None, self.video_model) else rules.carry(wanted, earlier=earlier.rules)

    def _complete(self, rules: Spec, wanted: Mapping[str, str]) -> None:
        """Give what was sent the words of this model, and what the form did not have what it would have shown."""
        assert self.video_model is not None
        self.initial["options_of"] = self.video_model.pk
        if not self.is_bound:
            return
        data = self.data.copy()  # type: ignore[attr-defined]
        data["options_of"] = str(self.video_model.pk)
        for entry in rules.shown():
            if entry.kind != "flag" and (entry.key in wanted or self.settled[entry.key]):
                data[entry.key] = wanted.get(entry.key, self.settled[entry.key])
        self.data = data

    def _reference_field(self, entry: Field, value: str, *, required: bool) -> forms.Field | None:
        """Return the field for pictures or a character; None for other kinds."""
        assert self.video_model is not None
        connection = self.video_model.connection
        if entry.kind == "images":
            return PicturesField(entry, user=self.user, connection=connection, required=required)
        if entry.kind == "character":
            return character_field(entry, user=self.user, connection=connection, current=value)
        return None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self.complain(self.bad_files)
        if self.rules is None or self.video_model is None:
            self.add_error("model", "This model takes no new videos. Choose another.")
            return data
        try:
            data["choices"] = self.rules.resolve(self.choices(), prompt=data.get("prompt") or "")
            connection = self.video_model.connection
            choices = data["choices"]
            self.complain(using.problems(by=self.user, rules=self.rules, connection=connection, choices=choices))
        except InvalidChoices as problem:
            self.complain(problem.errors)
        return data

    def renew_key(self) -> None:
        """Let the form that was sent be sent once more, as another request."""
        self.data = self.data.copy()  # type: ignore[attr-defined]
        self.data["submit_key"] = new_submit_key()  # type: ignore[index]

    def complain(self, problems: Mapping[str, str]) -> None:
        """Put a sentence beside each field named, unless one is there already; on top where the form has no field."""
        for key, sentence in problems.items():
            if key not in self.fields:
                self.add_error(None, self._naming(key, sentence))
            elif key not in self.errors:
                self.add_error(key, sentence)

    def _naming(self, key: str, sentence: str) -> str:
        """Return the sentence with the name of its setting, for which the form has no field just now."""
        entry = self.rules.field(key) if self.rules else None
        label = entry.label if entry else key
        return sentence if sentence.startswith(label) else f"{label}: {sentence}"

    def choices(self) -> dict[str, str]:
        """Return what was chosen, in the catalog's words."""
        assert self.rules is not None
        source: Mapping[str, Any] = self.data if self.is_bound else self.settled
        if self._bare:
            return self.rules.defaults()
        return {entry.key: text_of(source, entry) for entry in self.rules.shown()}

    def priced_choices(self) -> dict[str, str]:
        """Return a complete set of choices for the price line, whatever is still wrong with the form."""
        assert self.rules is not None
        return self.rules.settle(self.choices()) if self.is_bound else self.settled

    def _bound(self, more: bool) -> list[BoundField]:
        shown = self.rules.shown() if self.rules else ()
        return [self[entry.key] for entry in shown if entry.more == more and entry.key in self.fields]

    @cached_property
    def draft(self) -> Showing:
        """What the browser needs to keep the draft of this form."""
        return showing(self.user, self.place)

    @property
    def model_news(self) -> tuple[str, ...]:
        """What there is to know of the chosen model: that it ends, that it is slow."""
        return self.video_model.news if self.video_model else ()

    @property
    def prompt_limit(self) -> int:
        """How many characters the chosen model takes."""
        return self.rules.prompt_max if self.rules else 0

    @property
    def drivers(self) -> str:
        """The names of the settings on which it depends what the others offer."""
        return " ".join(sorted(self.rules.drivers())) if self.rules else ""

    @property
    def option_fields(self) -> list[BoundField]:
        """The settings that everybody sees."""
        return self._bound(more=False)

    @property
    def more_fields(self) -> list[BoundField]:
        """The settings under "More"."""
        return self._bound(more=True)

    @property
    def more_open(self) -> bool:
        """Whether "More" must be seen: something in it is wrong, or a picture or character is left from before."""
        kinds = {entry.key: entry.kind for entry in self.rules.shown()} if self.rules else {}
        return any(
            field.errors or (kinds[field.name] in ("images", "character") and field.value())
            for field in self.more_fields
        )


def _is_key(wanted: object) -> bool:
    """Return whether `wanted` can be the key of a row at all."""
    return number(str(wanted or "")) > 0


def new_submit_key() -> str:
    """Return a key for one form: however often it is sent, it makes one video."""
    return secrets.token_urlsafe(24)
