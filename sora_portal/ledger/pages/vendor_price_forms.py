"""The form in which an admin writes down what a vendor charges us for a model."""

from collections.abc import Mapping
from typing import Any

from django import forms

from sora_portal.catalog import vendor_costs
from sora_portal.catalog.models import PER
from sora_portal.catalog.prices import Prices
from sora_portal.web.forms import TextField


class MoneyField(TextField):
    """An amount as people write it ("0.015"), cleaned to millionths; None when left empty."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(widget=widget, max_length=20, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Show millionths as an amount; leave what somebody typed as it was typed."""
        return vendor_costs.micro_text(value) if isinstance(value, int) else value

    def clean(self, value: Any) -> int | None:
        """Return millionths or None; raises ValidationError with a sentence."""
        text = super().clean(value)
        if not text:
            return None
        try:
            return vendor_costs.micro_from_text(text)
        except ValueError:
            raise forms.ValidationError("Write an amount with at most six decimals: 0.015") from None


class VendorPriceForm(forms.Form):
    """What the vendor charges, in its own money. Empty: not known."""

    amount = MoneyField(
        label="Amount", required=False, help_text="As the vendor's page or bill says. Empty: not known."
    )
    currency = forms.RegexField(
        label="Currency",
        regex=r"^[A-Za-z][A-Za-z ]{1,9}$",
        required=False,
        help_text="USD, or credits of the vendor.",
        error_messages={"invalid": "Two to ten letters, such as USD."},
    )
    per = forms.ChoiceField(label="For", choices=PER)
    charges_failures = forms.BooleanField(label="The vendor charges for videos that fail too", required=False)
    note = TextField(label="Note", required=False, max_length=200, help_text="Where you read it.")

    def __init__(self, data: Mapping[str, Any] | None = None, *, prices: Prices) -> None:
        self.prices, known = prices, prices.vendor
        initial: dict[str, Any] = {}
        if known is not None:
            initial = {"amount": known.amount_micro, "currency": known.currency, "per": known.per}
            initial["charges_failures"] = known.charges_failures
        super().__init__(data, initial=initial, auto_id=f"vendor_{prices.model.slug}_%s")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("amount") is not None and not data.get("currency") and "currency" not in self.errors:
            self.add_error("currency", "Say in which currency.")
        if data.get("per") == vendor_costs.SECOND and self.prices.latest.field(vendor_costs.LENGTH) is None:
            self.add_error("per", "This model has no setting for its length: enter what a video costs.")
        return data
