"""The forms of the people page, and of a person's own account."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.fields import PasswordField
from allauth.account.forms import ResetPasswordForm
from django import forms
from django.http import HttpRequest

from sora_portal.accounts.models import Role, User
from sora_portal.web.forms import TextField


class PersonForm(forms.Form):
    """A new account."""

    name = TextField(label="Full name", max_length=150, error_messages={"required": "Say who it is."})
    username = forms.RegexField(
        r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        label="User name",
        max_length=60,
        help_text="For signing in.",
        error_messages={
            "required": "They need one for signing in.",
            "invalid": "Letters, digits, dots, hyphens and underscores, and no spaces.",
        },
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    email = forms.EmailField(
        label="E-mail", required=False, help_text="For signing in as well, and to set a forgotten password anew."
    )
    role = forms.ChoiceField(label="Role", choices=Role.choices, initial=Role.MEMBER.value)

    def clean_username(self) -> str:
        """Refuse a user name that somebody has, in any case of letters."""
        username: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=username).exists():
            raise forms.ValidationError("Somebody has this user name already.")
        return username

    def clean_email(self) -> str:
        """Refuse an address that somebody has, in any case of letters."""
        email: str = self.cleaned_data["email"]
        if email and User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError("Somebody with this address has an account already.")
        return email


class RoleForm(forms.Form):
    """Another role for somebody."""

    role = forms.ChoiceField(choices=Role.choices)


class OwnPasswordForm(forms.Form):
    """A form for what a stolen session must not do: it asks for the person's password once more."""

    password = PasswordField(
        label="Your password", autocomplete="current-password", error_messages={"required": "Type your password."}
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._by = by

    def clean_password(self) -> str:
        """Refuse a password that is not theirs; trying counts like signing in."""
        password: str = self.cleaned_data["password"]
        if not get_adapter().reauthenticate(self._by, password):
            raise forms.ValidationError("This is not your password.")
        return password


class AddressForm(OwnPasswordForm):
    """Another e-mail address to sign in with."""

    field_order = ["email", "password"]

    email = forms.EmailField(
        label="New e-mail address",
        max_length=254,
        help_text="For signing in, and to set a forgotten password anew. Your present address is told of the change.",
        error_messages={"required": "Give an address.", "invalid": "Write it like name@example.com."},
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class ResetForm(ResetPasswordForm):  # type: ignore[misc]  # allauth ships no types
    """Asking for a link; an address without an account gets a letter as well, so that the page tells neither apart."""

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Send the link, or the news that there is no account; return the address."""
        email: str = self.cleaned_data["email"]
        if self.users:
            super().save(request, **kwargs)
        else:
            get_adapter().send_mail("account/email/unknown_account", email, {})
        return email
