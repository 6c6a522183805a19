"""What admins type about money. Credits are read exactly, into milli-credits."""

from typing import Any
from uuid import uuid4

from django import forms

from sora_portal.accounts.models import User
from sora_portal.errors import Refused
from sora_portal.ledger import domain, periods
from sora_portal.ledger.errors import KeyUsed
from sora_portal.ledger.models import Recurrence
from sora_portal.ledger.periods import Terms
from sora_portal.web.forms import DayField, TextField
from sora_portal.web.words import credits_text


class CreditsField(TextField):
    """Credits as people write them ("1,250.5"), cleaned to integer milli-credits; None when left empty.

    `lowest` is the least that is taken, in milli-credits.
    """

    def __init__(self, *, lowest: int | None = None, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(widget=widget, max_length=20, **kwargs)
        self.lowest = lowest

    def prepare_value(self, value: Any) -> Any:
        """Show milli-credits as credits; leave what somebody typed as it was typed."""
        return credits_text(value) if isinstance(value, int) else value

    def clean(self, value: Any) -> int | None:
        """Return milli-credits or None; raises ValidationError with a sentence."""
        text = super().clean(value)
        if not text:
            return None
        try:
            milli = domain.milli_from_text(text)
        except ValueError:
            raise forms.ValidationError("Write a number of credits, with at most three decimals: 1,250.5") from None
        if self.lowest is not None and milli < self.lowest:
            raise forms.ValidationError(f"At least {credits_text(self.lowest)}.")
        return milli


class BudgetForm(forms.Form):
    """What a scope gets and when."""

    quota = CreditsField(label="Credits", required=False, lowest=0, help_text="Empty: no limit. It counts at once.")
    rhythm = forms.ChoiceField(label="Given", choices=Recurrence.choices, widget=forms.RadioSelect)
    starts = DayField(label="First day", required=False)
    ends = DayField(label="Last day", required=False)
    carry_over = forms.BooleanField(
        label="Carry over what is left", required=False, help_text="Otherwise it expires at the end."
    )

    def __init__(self, *args: Any, terms: Terms | None = None, **kwargs: Any) -> None:
        if terms is not None:
            kwargs["initial"] = {
                "quota": terms.quota,
                "rhythm": terms.rhythm,
                "starts": terms.starts,
                "ends": terms.ends,
                "carry_over": terms.carry_over,
            }
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("rhythm") != periods.TERM:
            data["starts"] = data["ends"] = None
            return data
        for name in ("starts", "ends"):
            if not data.get(name) and name not in self.errors:
                self.add_error(name, "A fixed term needs both days.")
        starts, ends = data.get("starts"), data.get("ends")
        if starts and ends and ends < starts:
            self.add_error("ends", "The last day lies before the first.")
        return data

    def terms(self) -> Terms:
        """Return what was typed; the form is valid."""
        data = self.cleaned_data
        return Terms(data["rhythm"], data["quota"], data["starts"], data["ends"], data["carry_over"])


class NewcomersForm(forms.Form):
    """What people get every month who make their first video."""

    monthly = CreditsField(
        label="Credits a month for newcomers", required=False, lowest=0, help_text="Empty: no limit of their own."
    )


class OnceForm(forms.Form):
    """A movement of credits by hand. `key` is born with the form, so that a double click counts once."""

    key = TextField(widget=forms.HiddenInput, max_length=64)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"key": uuid4().hex, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)

    def refuse(self, refusal: Refused) -> None:
        """Say why not, and let the form be sent once more where it was sent before with something else in it."""
        self.add_error(None, str(refusal))
        if isinstance(refusal, KeyUsed):
            self.data = {**self.data.dict(), "key": uuid4().hex}  # type: ignore[attr-defined]


class GrantForm(OnceForm):
    """Credits on top of the quota: for the current period, or until a day."""

    amount = CreditsField(label="Credits to add", lowest=1)
    last = DayField(
        label="Until",
        required=False,
        help_text="They are spent first, and expire by themselves after this day. Empty: they belong to the budget.",
    )
    reason = TextField(max_length=400, help_text="Stays in the ledger with your name.")


class AdjustForm(OnceForm):
    """A correction, up or down."""

    amount = CreditsField(label="Credits, up or down", help_text="−20 takes 20 away.")
    reason = TextField(
        max_length=500,
        min_length=domain.REASON_MIN,
        help_text="At least 10 characters; stays in the ledger with your name.",
        error_messages={"min_length": "Give a reason of at least 10 characters: it stays in the ledger."},
    )

    def clean_amount(self) -> int:
        """Refuse an adjustment by nothing."""
        amount: int = self.cleaned_data["amount"]
        if not amount:
            raise forms.ValidationError("An adjustment by 0 changes nothing.")
        return amount


class RefundForm(OnceForm):
    """What is given back of a video's price."""

    amount = CreditsField(label="Credits to give back", lowest=1)
    reason = TextField(
        max_length=500,
        min_length=domain.REASON_MIN,
        help_text="At least 10 characters; stays in the ledger with your name.",
        error_messages={"min_length": "Give a reason of at least 10 characters: it stays in the ledger."},
    )


class LedgerForm(forms.Form):
    """Which lines of the ledger to show."""

    first = DayField(label="From", required=False)
    last = DayField(label="To", required=False)
    by = forms.ModelChoiceField(
        label="By", required=False, queryset=User.objects.order_by("name", "username"), empty_label="Anybody"
    )
    video = TextField(label="Video", required=False, max_length=64, widget=forms.TextInput(attrs={"size": 12}))


class AskForm(forms.Form):
    """What somebody adds to a refused video who asks for the credits that it lacks; it stands in the composer."""

    prefix = "ask"

    amount = CreditsField(label="Credits to ask for", lowest=1, help_text="This is what the video lacks.")
    reason = TextField(
        label="Reason",
        max_length=300,
        widget=forms.TextInput(attrs={"placeholder": "What the video is for, and by when", "autocomplete": "off"}),
        error_messages={"required": "Say what it is for: an admin decides by it."},
    )
