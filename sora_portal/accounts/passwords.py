"""Passwords: those that a person reads off a page once and types, and what one of their own must not be."""

import re
import secrets
import unicodedata

from django.core.exceptions import ValidationError

from sora_portal.accounts.models import User

# Without the letters and digits that look like one another.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS = 4
GROUP = 4


def generate() -> str:
    """Return a new password of 79 bits: "mkf3-w9xp-2htq-vz7c"."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))


class HoldsNoName:
    """A password validator: neither the user name, nor a part of the full name or the address, stands in a password."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ValidationError for a password with a name of `user` in it, in any case of letters."""
        text = _plain(password)
        words = set(re.findall(r"[^\W\d_]+", text))
        for name in _names(user) if user else ():
            # Two letters are in many words: such a name counts where it stands alone.
            if name in words or (len(name) > 2 and name in text):
                raise ValidationError(
                    "This password contains your name. Choose one without it.", "password_contains_name"
                )

    def get_help_text(self) -> str:
        """Return the rule in a sentence, for the page."""
        return "Your password can’t contain your name."


def _plain(text: str) -> str:
    """Return `text` without accents and in small letters."""
    return "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if not unicodedata.combining(c))


def _names(user: User) -> set[str]:
    """Return the words by which a person is called here; a single letter is none."""
    address = user.email.partition("@")[0]
    whole = {_plain(user.username), _plain(address)}
    parts = re.findall(
        r"[^\W\d_]+", _plain(f"{user.username} {user.name} {user.first_name} {user.last_name} {address}")
    )
    return {name for name in whole | set(parts) if len(name) > 1}
