"""From a video's choices to its pictures and characters: who may use them, and what the vendor is given for them.

Choices name them by our own ids (`ref:…`, `chr:…`). Whether these exist and may be used is checked when the form is
sent and once more when the request is made, which can be a day later.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sora_portal.accounts.models import User
from sora_portal.catalog.callback_origin import callback_origin
from sora_portal.catalog.models import Connection, VideoModel
from sora_portal.catalog.spec.domain import Field, Spec
from sora_portal.references import links
from sora_portal.references.actions import Unusable
from sora_portal.references.domain import GONE_PICTURE, PICTURE, character_id, lines, picture_ids
from sora_portal.references.models import Character, ReferenceImage

GONE_CHARACTER = "This character is not in the register. Choose another."


@dataclass(frozen=True)
class Used:
    """What a video's choices name, as rows."""

    images: tuple[ReferenceImage, ...]
    characters: tuple[Character, ...]


def unreachable(connection: Connection) -> str:
    """Return why an uploaded picture cannot be given to this connection's vendor and what to do, or nothing."""
    if callback_origin(connection.url):
        return ""
    return (
        f"{connection.label} cannot fetch uploaded pictures from this portal, because it has no public https address."
        " Give the https address of a picture instead, or ask an admin to set SORA_PORTAL_PUBLIC_URL."
    )


def problems(*, by: User, rules: Spec, connection: Connection, choices: Mapping[str, str]) -> dict[str, str]:
    """Return what keeps `by` from using these choices with this connection: a sentence for each field's key."""
    found = {}
    for field, value in _filled(rules, choices, "images"):
        wanted = set(picture_ids(value))
        if wanted and (away := unreachable(connection)):
            found[field.key] = away
        elif wanted and ReferenceImage.objects.visible_to(by).filter(public_id__in=wanted).count() < len(wanted):
            found[field.key] = GONE_PICTURE
    for field, value in _filled(rules, choices, "character"):
        row = Character.objects.visible_to(by).filter(public_id=character_id(value)).first()
        if problem := _character_problem(row, field, connection):
            found[field.key] = problem
    return found


def usable_characters(*, by: User, field: Field, connection: Connection) -> list[Character]:
    """Return the characters that `by` may pick in this field of a model of this connection, by name."""
    rows = Character.objects.visible_to(by).filter(retired_at=None)
    return [row for row in rows if not _character_problem(row, field, connection)]


def takes_tasks(connection: Connection) -> bool:
    """Return whether a model of this connection, one that takes new videos, makes characters of finished tasks."""
    offered = VideoModel.objects.offered().filter(connection=connection)
    return any(field.task_wire for model in offered for field in model.rules.shown())


def named(*, rules: Spec, choices: Mapping[str, str]) -> Used:
    """Return the rows that these choices name, locked; inside a transaction. Raises Unusable where one is gone."""
    pictures = {each for _, value in _filled(rules, choices, "images") for each in picture_ids(value)}
    people = {character_id(value) for _, value in _filled(rules, choices, "character")}
    images = ReferenceImage.objects.filter(public_id__in=pictures).order_by("pk").select_for_update(no_key=True)
    characters = Character.objects.filter(public_id__in=people).order_by("pk").select_for_update(no_key=True)
    used = Used(tuple(images), tuple(characters))
    if len(used.images) < len(pictures):
        raise Unusable(GONE_PICTURE)
    if len(used.characters) < len(people):
        raise Unusable(GONE_CHARACTER)
    return used


def resolved(*, rules: Spec, connection: Connection, choices: Mapping[str, str], now: datetime) -> dict[str, str]:
    """Return `choices` as `Spec.encode` takes them: addresses for pictures, clip or task for a character.

    Each picture gets a fresh address of its own, good for a while. Raises Unusable for what cannot be used (any more).
    """
    ready = dict(choices)
    for field, value in _filled(rules, choices, "images"):
        ready[field.key] = "\n".join(_address(line, connection, now) for line in lines(value))
    for field, value in _filled(rules, choices, "character"):
        row = Character.objects.filter(public_id=character_id(value)).first()
        if problem := _character_problem(row, field, connection):
            raise Unusable(problem)
        assert row is not None
        ready[field.key] = f"task {row.vendor_task_id}" if row.vendor_task_id else f"clip {row.clip_url} {row.span}"
    return ready


def _filled(rules: Spec, choices: Mapping[str, str], kind: str) -> Iterator[tuple[Field, str]]:
    """Yield the fields of this kind that are filled, with what is in them."""
    for field in rules.shown():
        if field.kind == kind and choices.get(field.key, ""):
            yield field, choices[field.key]


def _address(line: str, connection: Connection, now: datetime) -> str:
    if not line.startswith(PICTURE):
        return line
    if away := unreachable(connection):
        raise Unusable(away)
    public_id = line.removeprefix(PICTURE)
    if not ReferenceImage.objects.filter(public_id=public_id).exists():
        raise Unusable(GONE_PICTURE)
    return links.address(public_id, origin=callback_origin(connection.url), now=now)


def _character_problem(row: Character | None, field: Field, connection: Connection) -> str:
    """Return why a character cannot stand in this field, or the empty string."""
    if row is None:
        return GONE_CHARACTER
    if row.retired_at is not None:
        return f"{row.name} is retired. Choose another character."
    if not row.vendor_task_id:
        return ""
    if not field.task_wire or row.connection_id != connection.pk:
        return f"{row.name} comes from a video of another vendor, and {connection.label} does not know it."
    return ""
