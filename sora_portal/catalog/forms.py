"""The forms of the providers page. Each names its inputs after its connection or model, for many stand on one page."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.utils import timezone

from sora_portal import hosts
from sora_portal.catalog.callback_origin import is_near
from sora_portal.catalog.connection_test import asks_balance
from sora_portal.catalog.models import Connection, Lifecycle, VideoModel
from sora_portal.web.forms import DayField, TextField, WholeField

Posted = Mapping[str, Any] | None

# What each adapter reads of a connection beyond the rest (see providers.base.Endpoint); an unknown one may read all.
READS = {"ruxa": {"body_style"}, "apixo": set[str](), "sora2api": {"path_prefix"}}
PECULIAR = {"body_style", "path_prefix"}


class KeyForm(forms.Form):
    """A new API key. What was typed is never rendered again, not even after a mistake."""

    key = TextField(
        label="API key",
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Paste the key that the vendor gave you."},
    )
    base_url = forms.URLField(
        label="The vendor's address",
        max_length=200,
        required=False,
        assume_scheme="https",
        help_text="Key and address belong together: to change the address, paste the key as well.",
        error_messages={"invalid": "An address, please, such as https://api.example.com."},
    )

    def __init__(self, data: Posted = None, *, connection: Connection) -> None:
        super().__init__(data, auto_id=f"{connection.slug}_%s")
        self.fields["key"].label = "New API key" if connection.secret_key else "API key"
        self.fields["base_url"].initial = connection.base_url
        if connection.url_from_environment:
            del self.fields["base_url"]

    def clean_base_url(self) -> str:
        """Refuse an address to which a key must not go: the whole account hangs on it."""
        url: str = self.cleaned_data["base_url"].rstrip("/")
        parts = urlsplit(url)
        plain = parts.scheme != "https" and not is_near(url)
        if url and (plain or parts.username or parts.query or parts.fragment):
            raise forms.ValidationError("An https address without a name, a question mark or a # in it, please.")
        return url

    def clean_key(self) -> str:
        """Refuse what cannot stand in a request's header."""
        key: str = self.cleaned_data["key"]
        if not key.isascii() or not key.isprintable() or " " in key:
            raise forms.ValidationError("A key has no spaces and only plain letters, digits and signs. Paste it again.")
        return key


class _Limit(WholeField):
    """A number of things at once; more of them wait."""

    def __init__(self, label: str, help_text: str, *, least: int = 1) -> None:
        messages = {
            "required": "Say how many.",
            "invalid": "A whole number, please.",
            "min_value": f"At least {least}. To stop everything, pause the connection.",
            "max_value": "At most 10,000.",
        }
        super().__init__(label=label, help_text=help_text, min_value=least, max_value=10_000, error_messages=messages)


class SettingsForm(forms.Form):
    """How a connection is spoken to."""

    max_in_flight = _Limit("Videos at once", "More than this wait in the portal. Ask the vendor for your limit.")
    max_creates = _Limit("New videos in ten seconds", "The vendor refuses more than its limit; the others wait here.")
    max_polls = _Limit("Questions at once", "How many running videos are asked about at the same time.", least=2)
    path_prefix = forms.RegexField(
        r"^[a-z0-9-]+(/[a-z0-9-]+)*$",
        label="Path prefix",
        required=False,
        max_length=40,
        help_text="The part of the address after /api/v1/: sora2 as documented, sora2api as most clients use it.",
        error_messages={"invalid": "Small letters, digits and hyphens, as in sora2."},
    )
    body_style = forms.ChoiceField(
        label="Body style",
        required=False,
        choices=[("nested", "Nested"), ("flat", "Flat")],
        help_text="Nested puts the settings under “input”; one page of the vendor's shows them flat.",
    )
    media_hosts = TextField(
        label="Hosts that videos come from",
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text="One a line; their subdomains count too. A video from anywhere else is not fetched.",
        error_messages={"required": "Name at least one, or no video can be fetched."},
    )
    low_balance = forms.DecimalField(
        label="Tell admins when the balance is below",
        min_value=0,
        max_value=1_000_000,
        decimal_places=2,
        help_text="In the vendor's currency. The portal knows the balance of the moment when somebody asked for it.",
        error_messages={"required": "Say how much, or 0.", "invalid": "A number, please."},
    )
    callbacks = forms.BooleanField(
        label="Let the vendor report when a video is done",
        required=False,
        help_text="The portal asks as well, so nothing is lost when a report does not come.",
    )

    def __init__(self, data: Posted = None, *, connection: Connection) -> None:
        initial = {
            "max_in_flight": connection.max_in_flight,
            "max_creates": connection.max_creates,
            "max_polls": connection.max_polls,
            "path_prefix": connection.path_prefix,
            "body_style": connection.body_style or "nested",
            "media_hosts": "\n".join(connection.media_hosts),
            "callbacks": connection.callbacks,
            "low_balance": f"{connection.low_balance_milli / 1000:.2f}",
        }
        super().__init__(data, auto_id=f"{connection.slug}_%s", initial=initial)
        self.connection = connection
        for name in PECULIAR - READS.get(connection.vendor, PECULIAR):
            del self.fields[name]
        if not asks_balance(connection):
            del self.fields["low_balance"]

    def clean_media_hosts(self) -> list[str]:
        """Return the hosts, each once, in small letters."""
        typed = self.cleaned_data["media_hosts"].split()
        bad = next((host for host in typed if not hosts.is_named(host)), None)
        if bad:
            raise forms.ValidationError(f"{bad[:80]} is not the name of a host. Write it like cdn.example.com.")
        return list(dict.fromkeys(map(hosts.name, typed)))

    def values(self) -> dict[str, Any]:
        """Return the whole set of settings: what was typed, and the row's own where the form has no field for it."""
        kept = {name: getattr(self.connection, name) for name in PECULIAR}
        typed = dict(self.cleaned_data)
        low = typed.pop("low_balance", None)
        return {**kept, **typed, "low_balance_milli": None if low is None else int(low * 1000)}


class PauseForm(forms.Form):
    """Why a connection rests."""

    reason = TextField(
        label="Why",
        max_length=200,
        error_messages={"required": "Say why, so that the others know when to resume."},
        widget=forms.TextInput(attrs={"placeholder": "Vendor is being repaired until Monday"}),
    )

    def __init__(self, data: Posted = None, *, connection: Connection) -> None:
        super().__init__(data, auto_id=f"{connection.slug}_%s")


class LifecycleForm(forms.Form):
    """Where a model stands, and when it ends. `others`: the models that can follow it, read once a page."""

    lifecycle = forms.ChoiceField(label="Stage", choices=Lifecycle.choices)
    retires_on = DayField(label="Ends on", required=False)
    successor = forms.ChoiceField(label="Followed by", required=False)
    note = TextField(label="Note", required=False, max_length=200)

    def __init__(self, data: Posted = None, *, model: VideoModel, others: Sequence[VideoModel]) -> None:
        initial = {
            "lifecycle": model.stage.value,
            "retires_on": model.retires_on,
            "successor": str(model.successor_id or ""),
            "note": model.lifecycle_note,
        }
        super().__init__(data, auto_id=f"model_{model.slug}_%s", initial=initial)
        choices = _followers(others, without=model.pk)
        if model.successor is not None and str(model.successor_id) not in dict(choices):
            choices.append((str(model.successor_id), model.successor.label))
        self.fields["successor"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        ends, stage = data.get("retires_on"), data.get("lifecycle")
        if ends and stage and stage != Lifecycle.RETIRED and ends <= timezone.localdate():
            self.add_error("retires_on", "This day has come. Choose a later one or none, or the stage Retired.")
        return data


class RetireForm(forms.Form):
    """The end of a vendor: the day on which all its models end, and what follows those that name nothing else."""

    on = DayField(label="All its models end on", error_messages={"required": "Name the day; today ends them at once."})
    successor = forms.ChoiceField(label="Followed by", required=False)
    note = TextField(label="Note", required=False, max_length=200)

    def __init__(self, data: Posted = None, *, connection: Connection, others: Sequence[VideoModel]) -> None:
        super().__init__(data, auto_id=f"{connection.slug}_retire_%s", initial={"on": timezone.localdate()})
        elsewhere = [model for model in others if model.connection_id != connection.pk]
        self.fields["successor"].choices = _followers(elsewhere)  # type: ignore[attr-defined]

    def clean_on(self) -> date:
        """Refuse a day that is over."""
        day: date = self.cleaned_data["on"]
        if day < timezone.localdate():
            raise forms.ValidationError("This day is over. Choose today or a later one.")
        return day


def _followers(others: Sequence[VideoModel], *, without: int = 0) -> list[tuple[str, str]]:
    """Return the choices of a successor: nothing first, then each model under its vendor's name."""
    return [("", "Nothing"), *((str(model.pk), str(model)) for model in others if model.pk != without)]
