"""What an admin types when deciding about a video in doubt."""

from django import forms

from sora_portal.generations.resolution.actions import REASON_MAX
from sora_portal.ledger.domain import REASON_MIN
from sora_portal.web.forms import TextField


class WriteOffForm(forms.Form):
    """Why a video in doubt is given up."""

    reason = TextField(
        label="Reason",
        min_length=REASON_MIN,
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=f"At least {REASON_MIN} characters. The author reads it; it stays in the history with your name.",
        error_messages={
            "required": "Say why: the author reads it.",
            "min_length": f"Give a reason of at least {REASON_MIN} characters: it stays in the history.",
        },
    )


class AddressForm(forms.Form):
    """Where the video of a finished task lies, as a person reads the vendor's answer."""

    address = TextField(
        label="Address of the video",
        max_length=4096,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "inputmode": "url"}),
        help_text=(
            "As the vendor's answer or site names it; what is masked as [redacted] may stay so. It passes the same"
            " checks as any other download."
        ),
        error_messages={"required": "Paste the address."},
    )
    reason = TextField(
        label="Why it is this one",
        min_length=REASON_MIN,
        max_length=REASON_MAX,
        help_text="It stays in the history with your name.",
        error_messages={
            "required": "Say why: it stays in the history.",
            "min_length": f"At least {REASON_MIN} characters: it stays in the history.",
        },
    )
    allow_host = forms.BooleanField(
        label="Allow its host, if it is not on the list",
        required=False,
        help_text="From then on videos of this vendor may come from there.",
    )


class TaskIdForm(forms.Form):
    """The vendor's own name for a task whose answer was lost."""

    task_id = TextField(
        label="The vendor's task id",
        max_length=512,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="As the vendor's site or support names it. The portal asks the vendor before it believes it.",
        error_messages={"required": "Paste the id of the task."},
    )

    def clean_task_id(self) -> str:
        """Refuse what no vendor calls a task."""
        text: str = self.cleaned_data["task_id"]
        if not text.isprintable() or " " in text:
            raise forms.ValidationError("An id has no spaces. Paste it once more.")
        return text
