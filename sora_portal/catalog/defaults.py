"""The rows that ship with the portal beside those that are there: what is missing, what follows, what a team changed.

A row remembers, as a fingerprint, what shipped when it was last given that. As long as its content still has that
fingerprint nobody has edited it, and it may be given what ships today.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from sora_portal.catalog.models import Connection, VideoModel
from sora_portal.catalog.spec.domain import Json, SpecError

SHIPPED = Path(__file__).with_name("shipped.json")
# What follows the shipped file. Not here: where a model stands in its life, which admins and the portal decide, and
# keys and pauses. Whoever adds a name here has to bring the fingerprints of existing rows along, in a migration.
CONNECTION = (
    *("vendor", "label", "base_url", "path_prefix", "body_style", "media_hosts"),
    *("max_in_flight", "max_creates", "max_polls"),
)
MODEL = ("wire_id", "label", "position", "spec")

Row = Connection | VideoModel


class Step(Enum):
    """What loading the shipped file does to a row."""

    ADD = auto()
    NOTHING = auto()
    FOLLOW = auto()
    KEEP = auto()


@dataclass(frozen=True)
class Plan:
    """`wanted` is the row as it ships, never saved; `row` the one that is there. `why` it is kept, for admins."""

    step: Step
    wanted: Row
    row: Row | None
    mark: str
    why: str = ""


def shipped_document() -> Json:
    """Return the connections and models that ship with the portal, as they stand in the file."""
    return json.loads(SHIPPED.read_text())


def content(row: Row) -> dict[str, Json]:
    """Return what of a row follows the shipped file."""
    if isinstance(row, Connection):
        return {name: getattr(row, name) for name in CONNECTION}
    return {"connection": row.connection.slug, **{name: getattr(row, name) for name in MODEL}}


def fingerprint(row: Row) -> str:
    """Return 64 hex digits that are the same for the same content."""
    return hashlib.sha256(json.dumps(content(row), sort_keys=True).encode()).hexdigest()


def plans(*, lock: bool = False) -> Iterator[Plan]:
    """Yield what there is to do for each shipped row, connections first; with `lock`, in a transaction, rows stay so.

    A connection that is to be added has to be saved before the next plan is asked for.
    """
    document = shipped_document()
    connections = {}
    for values in document["connections"]:
        plan = _plan(Connection(**values), lock=lock)
        connections[values["slug"]] = plan.row or plan.wanted
        yield plan
    for values in document["models"]:
        yield _plan(VideoModel(**_with_connection(values, connections)), lock=lock)


def _with_connection(values: Mapping[str, Json], connections: Mapping[str, Row]) -> dict[str, Json]:
    return {**values, "connection": connections[values["connection"]]}


def _plan(wanted: Row, *, lock: bool) -> Plan:
    mark, row = fingerprint(wanted), _there(wanted, lock=lock)
    if row is None:
        return Plan(Step.ADD, wanted, None, mark)
    now = fingerprint(row)
    if mark in (now, row.shipped_as):
        # The same, or edited since: nothing newer ships than what the row comes from.
        return Plan(Step.NOTHING, wanted, row, mark)
    if now != row.shipped_as:
        return Plan(Step.KEEP, wanted, row, mark, "it was changed here")
    if isinstance(row, VideoModel) and isinstance(wanted, VideoModel) and (why := _unpriced(row, wanted)):
        return Plan(Step.KEEP, wanted, row, mark, why)
    return Plan(Step.FOLLOW, wanted, row, mark)


def _there(wanted: Row, *, lock: bool) -> Row | None:
    if isinstance(wanted, Connection):
        connections = Connection.objects.select_for_update() if lock else Connection.objects.all()
        return connections.filter(slug=wanted.slug).first()
    models = VideoModel.objects.select_for_update(of=("self",)) if lock else VideoModel.objects.all()
    return models.select_related("connection").filter(slug=wanted.slug).first()


def _unpriced(row: VideoModel, wanted: VideoModel) -> str:
    """Return which price list of the row would not fit what ships: with it nothing could be sold. Empty if all fit."""
    for prices in row.price_lists.all():
        try:
            prices.spec_of(wanted)
        except SpecError as error:
            return f"the prices from {prices.valid_from:%d %B %Y} do not fit it: {error}"
    return ""
