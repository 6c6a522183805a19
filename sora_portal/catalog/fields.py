"""A text column that is encrypted at rest."""

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def box() -> MultiFernet:
    """Return the cipher: encrypts with the first of SORA_PORTAL_FIELD_KEYS, reads with any of them."""
    return _box(tuple(settings.SORA_PORTAL_FIELD_KEYS))


class Unreadable(str):
    """What stands for a text that is there and that no field key reads: empty, and not the same as none.

    `sealed` is what the database holds; writing the value back writes that, so the right field key still reads it.
    """

    sealed: str

    def __new__(cls, sealed: str) -> "Unreadable":
        value = super().__new__(cls)
        value.sealed = sealed
        return value

    def __reduce__(self) -> tuple[type["Unreadable"], tuple[str]]:
        return Unreadable, (self.sealed,)


class EncryptedTextField(models.TextField[str, str]):
    """Text that the database holds only encrypted (Fernet), under keys that are not SECRET_KEY.

    A value that none of the keys can read comes back as `Unreadable`: no page fails for it, and none may take it for
    "nothing was stored".
    """

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Unreadable):
            return value.sealed
        text = super().get_prep_value(value)
        return box().encrypt(text.encode()).decode() if text else ""

    def from_db_value(self, value: str | None, expression: object, connection: object) -> str:
        if not value:
            return ""
        try:
            return box().decrypt(value.encode()).decode()
        except (InvalidToken, ValueError):
            return Unreadable(value)
