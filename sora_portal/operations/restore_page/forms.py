"""The one decision."""

from django import forms

from sora_portal.accounts.forms import OwnPasswordForm

RESTORED, COPY = "restored", "copy"
SEND, END = "send", "end"


class DecisionForm(OwnPasswordForm):
    """What this installation is, what becomes of the videos that wait, and the password of who decides."""

    field_order = ["what", "waiting", "password"]

    what = forms.ChoiceField(
        choices=[(RESTORED, "It is the portal, restored or moved"), (COPY, "It is a copy")], widget=forms.RadioSelect
    )
    waiting = forms.ChoiceField(
        label="Videos that wait here",
        choices=[(SEND, "Send them"), (END, "End them")],
        widget=forms.RadioSelect,
        help_text="End them when they may have been sent before; their credits come back.",
    )
