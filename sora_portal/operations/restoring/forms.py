"""The one decision."""

from typing import Any

from django import forms

from sora_portal.accounts.models import User

RESTORED, COPY = "restored", "copy"
SEND, END = "send", "end"


class DecisionForm(forms.Form):
    """What this installation is, what becomes of the videos that wait, and the password of who decides."""

    what = forms.ChoiceField(
        choices=[(RESTORED, "It is the portal, restored or moved"), (COPY, "It is a copy")], widget=forms.RadioSelect
    )
    waiting = forms.ChoiceField(
        label="Videos that wait here",
        choices=[(SEND, "Send them"), (END, "End them")],
        widget=forms.RadioSelect,
        help_text="End them when they may have been sent before; their credits come back.",
    )
    password = forms.CharField(
        label="Your password", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._by = by

    def clean_password(self) -> str:
        """Raise ValidationError for another password than the admin's own."""
        password: str = self.cleaned_data["password"]
        if not self._by.check_password(password):
            raise forms.ValidationError("This is not your password.")
        return password
