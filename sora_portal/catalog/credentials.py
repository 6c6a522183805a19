"""Whether a connection has a key that can be used, and what to say where it has none."""

from enum import StrEnum

from sora_portal.catalog.fields import Unreadable
from sora_portal.errors import Refused


class Closed(Refused):
    """Nothing may be sent to the vendor: its key is missing or cannot be read."""


class KeyState(StrEnum):
    """What is known of a connection's key."""

    SET = "set"
    NONE = "none"
    BLANK = "blank"
    UNREADABLE = "unreadable"


def state_of(key: str) -> KeyState:
    """Return what a key is, as it comes from the environment or the database."""
    if isinstance(key, Unreadable):
        return KeyState.UNREADABLE
    if not key:
        return KeyState.NONE
    return KeyState.SET if key.strip() else KeyState.BLANK


# For those who wait, after the name of the connection.
CLOSED = {
    KeyState.UNREADABLE: "is closed: its key cannot be read. An admin has to set it right; the video waits.",
    KeyState.BLANK: "is closed: its key is blank. An admin has to set it right; the video waits.",
    KeyState.NONE: "is closed: it has no key. An admin has to set one; the video waits.",
}
# For admins: what to do.
REMEDY = {
    KeyState.UNREADABLE: (
        "Its key is stored, but no key in SORA_PORTAL_FIELD_KEYS reads it. Put the field key under which it was stored"
        " back into SORA_PORTAL_FIELD_KEYS (behind the present one) and restart, or set the vendor's key again here."
        " Until then nothing is sent there."
    ),
    KeyState.BLANK: "Its key consists of blanks. Set the vendor's key again; until then nothing is sent there.",
    KeyState.NONE: (
        "It has no key, so nothing is sent there and its models are not offered. Set the vendor's key. For practice"
        " clips without a vendor, run the portal with SORA_PORTAL_SANDBOX=1."
    ),
}
