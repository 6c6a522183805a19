"""The forms of the people page."""

from django import forms

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
