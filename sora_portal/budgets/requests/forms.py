"""How admins answer a request for budget."""

from datetime import date
from typing import Any

from django import forms

from sora_portal.budgets.requests.actions import ONCE, RAISE, UNTIL, Answer
from sora_portal.ledger.pages.forms import CreditsField
from sora_portal.web.forms import DayField, TextField, WholeField


class AnswerForm(forms.Form):
    """How much, and for how long. Each way is a button; the day counts for one of them."""

    amount = CreditsField(label="Credits", lowest=1)
    last = DayField(label="Until", required=False)
    way = forms.ChoiceField(choices=[(way, way) for way in (ONCE, UNTIL, RAISE)])
    version = WholeField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, today: date | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if today is not None:
            self.fields["last"].widget.attrs["min"] = today.isoformat()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("way") == UNTIL and not data.get("last") and "last" not in self.errors:
            self.add_error("last", "Choose the last day.")
        return data

    def answer(self) -> Answer:
        """Return what was chosen; the form is valid."""
        data = self.cleaned_data
        return Answer(data["way"], data["amount"], data["version"], data["last"])


class DeclineForm(forms.Form):
    """Why not."""

    reason = TextField(
        label="Reason", max_length=300, error_messages={"required": "Say why: the person who asked reads it."}
    )
    version = WholeField(widget=forms.HiddenInput)
