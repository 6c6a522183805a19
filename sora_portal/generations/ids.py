"""Identifiers that leave the house."""

import hashlib
import secrets
from datetime import datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: no i, l, o, u


def public_id(now: datetime) -> str:
    """Return a new 26-letter id: 48 bits of time, so ids sort by age, then 80 random bits, so none can be guessed."""
    number = int(now.timestamp() * 1000) << 80 | secrets.randbits(80)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def new_token() -> str:
    """Return a fresh 256-bit secret for one attempt's callback address."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return what the database keeps of a callback token: it can be compared, not read."""
    return hashlib.sha256(token.encode()).hexdigest()
