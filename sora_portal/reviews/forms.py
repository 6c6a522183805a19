"""What reviewers type: a decision with its reason, and a note on a frame."""

import math
from typing import Any

from django import forms

from sora_portal.reviews.domain import Sight, Verdict, frame_at, timecode
from sora_portal.web.forms import TextField, WholeField

LONGEST = 2000


class DecisionForm(forms.Form):
    """A verdict, the reason beside it, and what the person was looking at when they gave it."""

    verdict = forms.ChoiceField(
        choices=[(verdict.value, verdict.value) for verdict in Verdict],
        error_messages={"required": "Choose one of the decisions.", "invalid_choice": "Choose one of the decisions."},
    )
    reason = TextField(
        label="Reason",
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "What the author should know"}),
    )
    watched = forms.BooleanField(label="I have watched this video in a player that shows it", required=False)
    expected = TextField(required=False, max_length=10, widget=forms.HiddenInput)
    decisions = WholeField(required=False, widget=forms.HiddenInput)
    sha256 = TextField(required=False, max_length=64, widget=forms.HiddenInput)

    @classmethod
    def of(cls, sight: Sight, *, reason: str = "") -> "DecisionForm":
        """Return the form for what is there now, with `reason` typed in."""
        now = {"expected": sight.standing, "decisions": sight.decisions, "sha256": sight.sha256}
        return cls(initial={**now, "reason": reason})

    @property
    def sight(self) -> Sight:
        """What the person was looking at; a form that does not say was looking at nothing that is there."""
        data = self.cleaned_data
        seen = data.get("decisions")
        return Sight(data.get("expected", ""), -1 if seen is None else seen, data.get("sha256", ""))

    @property
    def hidden(self) -> list[Any]:
        """The fields that carry what the person was looking at, as they were sent."""
        return [self["expected"], self["decisions"], self["sha256"]]


class NoteForm(forms.Form):
    """A text, and the time code of the frame that it is about."""

    text = TextField(
        label="Note",
        max_length=LONGEST,
        widget=forms.Textarea(
            attrs={
                "rows": 2,
                "placeholder": "What should change here?",
                "aria-keyshortcuts": "C",
                "data-key": "c",
            }
        ),
        error_messages={"required": "Write what should change on this frame."},
    )
    at = TextField(
        label="At",
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Write a time code such as 00:02:11 (minutes, seconds, frames)."},
    )

    def __init__(self, *args: Any, fps: float, last: int, **kwargs: Any) -> None:
        kwargs.setdefault("prefix", "note")
        super().__init__(*args, **kwargs)
        self.fps = fps
        self.last = last

    def clean_at(self) -> int:
        """Return the frame that the time code names."""
        frame = frame_at(self.cleaned_data["at"], self.fps)
        if frame is None:
            raise forms.ValidationError("Write a time code such as 00:02:11 (minutes, seconds, frames).")
        # A browser's idea of the length includes the sound, which may end a little after the last frame.
        if frame > self.last + math.ceil(self.fps):
            raise forms.ValidationError(f"The video ends at {timecode(self.last, self.fps)}.")
        return frame
