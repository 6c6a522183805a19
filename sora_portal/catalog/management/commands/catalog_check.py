"""`manage.py catalog_check`: whether every model can be used, in the database and as shipped."""

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sora_portal.catalog import defaults
from sora_portal.catalog.defaults import Step
from sora_portal.catalog.models import VideoModel
from sora_portal.catalog.spec.domain import Json, Spec, SpecError
from sora_portal.providers import registry

# Sora2API has one product and asks for no name.
NAMELESS = ("sora2api",)


class Command(BaseCommand):
    """Check the catalog, row by row."""

    help = (
        "Reads every model of the database and every one that ships with the portal, says of each that cannot be used"
        " what is wrong with it, and exits with 1 if there is one. Rows that are not as they ship are named too."
    )

    def handle(self, *args: object, **options: Any) -> None:
        """Read every row."""
        rows = VideoModel.objects.select_related("connection").prefetch_related("price_lists").order_by("slug")
        shipped = defaults.shipped_document()
        wrong = [line for row in rows for line in _row(row)]
        wrong += [line for row in shipped["models"] for line in _shipped(row, shipped["connections"])]
        for line in wrong:
            self.stderr.write(line)
        if wrong:
            names = {line.partition(":")[0] for line in wrong}
            raise CommandError(
                f"{len(names)} of {len(rows)} models and {len(shipped['models'])} shipped ones are wrong"
            )
        for line in _behind():
            self.stdout.write(line)
        self.stdout.write(f"{len(rows)} models and {len(shipped['models'])} shipped ones, all well")


def _behind() -> Iterator[str]:
    """Yield which rows are not what ships by now. That is no error: a team's own rows are meant to stay."""
    for plan in defaults.plans():
        if plan.step is Step.KEEP:
            yield f"{plan.wanted.slug}: not as it ships by now, and stays so: {plan.why}"
        elif plan.step is not Step.NOTHING:
            yield f"{plan.wanted.slug}: not yet as it ships; `manage.py catalog_load` sees to it"


def _row(row: VideoModel) -> Iterator[str]:
    """Yield what is wrong with a row of the database."""
    yield from _problems(row.slug, row.spec, row.wire_id, row.connection.vendor)
    for prices in row.price_lists.all():
        try:
            prices.spec_of(row)
        except SpecError as error:
            yield f"{row.slug}: the prices from {prices.valid_from:%d %B %Y}: {error}"
    if row.successor_id == row.pk:
        yield f"{row.slug}: it is its own successor"


def _shipped(row: Json, connections: list[Json]) -> Iterator[str]:
    """Yield what is wrong with a row of the shipped file."""
    vendors = {connection["slug"]: connection["vendor"] for connection in connections}
    if row["connection"] not in vendors:
        yield f"{row['slug']} as shipped: no connection is called {row['connection']}"
    else:
        yield from _problems(f"{row['slug']} as shipped", row["spec"], row["wire_id"], vendors[row["connection"]])


def _problems(name: str, spec: Json, wire_id: str, vendor: str) -> Iterator[str]:
    if vendor not in registry.names():
        yield f"{name}: no adapter speaks to a vendor called {vendor}"
    if not wire_id and vendor not in NAMELESS:
        yield f"{name}: the vendor's own name for the model (wire_id) is missing"
    if wire_id != wire_id.strip():
        yield f"{name}: there is space around the vendor's own name for the model (wire_id)"
    try:
        Spec.read(spec)
    except SpecError as error:
        yield f"{name}: {error}"
