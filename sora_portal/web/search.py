"""Searching in text: a column beside it that both databases compare alike."""

from typing import Any

from django.db import models
from django.db.models import Q

from sora_portal.web.text import folded


class FoldedField(models.TextField[str, str]):
    """What a search compares of the column `of`, kept beside it by whatever writes the row.

    Folded here and not by the database: SQLite knows no case but that of A to Z, PostgreSQL that of its locale.
    """

    def __init__(self, *, of: str = "", **kwargs: Any) -> None:
        self.of = of
        super().__init__(editable=False, default="", **{k: v for k, v in kwargs.items() if k not in _OURS})

    def deconstruct(self) -> Any:
        """Leave `of` to a migration as well: one that makes rows folds them too."""
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {"of": self.of, **{k: v for k, v in kwargs.items() if k not in _OURS}}

    def pre_save(self, instance: models.Model, add: bool) -> str:
        """Return the folded text, and put it on the row."""
        found = folded(getattr(instance, self.of))
        setattr(instance, self.attname, found)
        return found


_OURS = ("editable", "default")


def holding(column: str, words: str) -> Q:
    """Return the condition that a FoldedField holds each of these words, in any order."""
    wanted = Q()
    for word in dict.fromkeys(folded(words).split()):
        wanted &= Q(**{f"{column}__contains": word})
    return wanted
