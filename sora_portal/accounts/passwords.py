"""Passwords that a person reads off a page once and types."""

import secrets

# Without the letters and digits that look like one another.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS = 4
GROUP = 4


def generate() -> str:
    """Return a new password of 79 bits: "mkf3-w9xp-2htq-vz7c"."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))
