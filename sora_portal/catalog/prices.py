"""Price lists for reading: what holds, what will, what did."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch

from sora_portal.catalog.models import PriceList, VendorPrice, VideoModel
from sora_portal.catalog.queries import price_lines
from sora_portal.catalog.spec.domain import Spec, SpecError


@dataclass(frozen=True)
class Listed:
    """One price list in words: `stage` is now, later or before; `begins` is None for the one that the catalog ships."""

    stage: str
    begins: datetime | None
    lines: tuple[str, ...]
    note: str
    who: str


@dataclass(frozen=True)
class Prices:
    """A model with its price lists, newest first; `latest` are the rules that a change starts from."""

    model: VideoModel
    lists: tuple[Listed, ...]
    latest: Spec

    @property
    def vendor(self) -> VendorPrice | None:
        """What the vendor charges us; None where nobody has entered it."""
        return next(iter(self.model.vendor_prices.all()), None)

    @property
    def past(self) -> list[Listed]:
        """The lists that no longer hold."""
        return [listed for listed in self.lists if listed.stage == "before"]


def all_prices(now: datetime) -> list[Prices]:
    """Return the prices of every model that is not retired and can be read, in the order of the composer."""
    rows = VideoModel.objects.exclude(lifecycle="retired").select_related("connection")
    rows = rows.prefetch_related(
        Prefetch("price_lists", PriceList.objects.select_related("by")),
        Prefetch("vendor_prices", VendorPrice.objects.select_related("by")),
    )
    return [prices for row in rows if (prices := prices_of(row, now)) is not None]


def prices_of(model: VideoModel, now: datetime) -> Prices | None:
    """Return the prices of a model; None where its spec cannot be read (`catalog_check` says why)."""
    try:
        shipped = model.rules
    except SpecError:
        return None
    listed: list[Listed] = []
    latest = shipped
    holds = False
    for row in reversed(model.price_lists.all()):
        latest = _spec(row, model) or latest
    for row in model.price_lists.all():
        spec = _spec(row, model)
        lines = price_lines(spec) if spec else ("no longer fits this model",)
        stage = "later" if row.valid_from > now else "before" if holds else "now"
        holds = holds or stage == "now"
        listed.append(Listed(stage, row.valid_from, lines, row.note, row.by.display_name))
    listed.append(Listed("before" if holds else "now", None, price_lines(shipped), "As the catalog shipped it", ""))
    return Prices(model, tuple(listed), latest)


def _spec(row: PriceList, model: VideoModel) -> Spec | None:
    try:
        return row.spec_of(model)
    except SpecError:
        return None
