"""The cache that all processes share, with its values in JSON.

Django's own unpickles what it finds there, so that a write into its table would run any code in the next process that
reads it.
"""

import json
from typing import Any

from django.core.cache.backends import db
from django.core.cache.backends.db import DatabaseCache


class Values:
    """Writes and reads what is cached: numbers, texts, and lists and dictionaries of them."""

    def dumps(self, value: Any, protocol: int | None = None) -> bytes:
        """Return the bytes of a value; `protocol` is pickle's and means nothing here."""
        return json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        """Return the value; raises ValueError for what is no JSON."""
        return json.loads(data)


class TableCache(DatabaseCache):
    """Django's cache in a table of the database. Its module takes the serializer by this name."""


db.pickle = Values()  # type: ignore[attr-defined]
