"""Reading for the register's pages."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import F

from sora_portal import hosts
from sora_portal.accounts.models import User
from sora_portal.references import storage
from sora_portal.references.models import Character, ReferenceImage


@dataclass(frozen=True)
class CharacterView:
    """A character in words. `source` says where it is from; `mine` whether this person may change it."""

    public_id: str
    name: str
    owner: str
    source: str
    works_with: str
    shared_with: list[str]
    retired: bool
    may_change: bool


def register(user: User) -> list[Character]:
    """Return the characters that `user` may see: those in use by name, then the retired ones."""
    rows = Character.objects.visible_to(user).select_related("owner", "connection").prefetch_related("projects")
    return list(rows.order_by(F("retired_at").asc(nulls_first=True), "name", "pk"))


def character_view(character: Character, *, viewer: User) -> CharacterView:
    """Return a character as `viewer` sees it; projects that they are not in stay unnamed."""
    connection = character.connection
    return CharacterView(
        public_id=character.public_id,
        name=character.name,
        owner=character.owner.display_name,
        source="A finished video"
        if character.vendor_task_id
        else f"Clip on {hosts.of(character.clip_url)}, {_span(character)}",
        works_with=f"Models of {connection.label}" if connection else "Models that take a clip",
        shared_with=[project.name for project in character.projects.all()],
        retired=character.retired_at is not None,
        may_change=character.owner_id == viewer.pk or viewer.is_portal_admin,
    )


def _span(character: Character) -> str:
    return f"{character.clip_start} to {character.clip_end} s"


def missing_files() -> Iterator[ReferenceImage]:
    """Yield the pictures whose file is missing, or not as large as it was."""
    for image in ReferenceImage.objects.order_by("pk").iterator():
        try:
            whole = storage.picture_path(image.public_id).stat().st_size == image.size
        except OSError:
            whole = False
        if not whole:
            yield image
