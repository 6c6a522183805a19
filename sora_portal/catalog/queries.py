"""What the providers page shows. Nothing here writes, and no key leaves: at most its last four characters do."""

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db.models import Prefetch
from django.utils import timezone

from sora_portal.catalog import credentials
from sora_portal.catalog.callback_origin import callback_origin
from sora_portal.catalog.connection_test import SENTENCES, asks_balance
from sora_portal.catalog.credentials import KeyState
from sora_portal.catalog.models import Connection, Lifecycle, VideoModel
from sora_portal.catalog.spec.domain import Price, Spec, SpecError
from sora_portal.providers.base import CheckResult
from sora_portal.web.words import credits_text

# A shorter key would be half told by its last four characters.
SHORTEST_HINTED_KEY = 12
# Connections whose vendor said last that little is left on our account there.
LIFECYCLE_TONES = {
    Lifecycle.ACTIVE.value: "ok",
    Lifecycle.DEGRADED.value: "warn",
    Lifecycle.PAUSED.value: "warn",
    Lifecycle.RETIRED.value: "muted",
}


@dataclass(frozen=True)
class ModelView:
    """One model as the providers page shows it; `broken` is what is wrong with its spec, or empty."""

    slug: str
    label: str
    wire_id: str
    lifecycle: str
    lifecycle_text: str
    tone: str
    note: str
    latched: bool
    retires_on: date | None
    ended: bool
    successor: str
    prices: tuple[str, ...]
    broken: str


@dataclass(frozen=True)
class CheckView:
    """What the last test came to: a sentence, the vendor's own words, and when it was."""

    well: bool
    sentence: str
    words: str
    at: datetime


@dataclass(frozen=True)
class BalanceView:
    """What is left on our account at a vendor that can be asked; `at` is None before anybody asked."""

    text: str
    at: datetime | None
    low: bool
    warn_text: str


@dataclass(frozen=True)
class ConnectionView:
    """One connection as the providers page shows it, without its key."""

    slug: str
    label: str
    vendor: str
    url: str
    url_variable: str
    sandbox: bool
    closed_text: str
    key_hint: str
    key_variable: str
    has_stored_key: bool
    callbacks_text: str
    max_in_flight: int
    media_hosts: tuple[str, ...]
    paused_at: datetime | None
    pause_reason: str
    latched: bool
    test: "CheckView | None"
    balance: "BalanceView | None"


def connections(**which: object) -> list[Connection]:
    """Return every connection (or `which`) with its models and those that follow them, in two queries."""
    models = VideoModel.objects.select_related("successor")
    return list(Connection.objects.filter(**which).prefetch_related(Prefetch("models", models)))


def successors() -> list[VideoModel]:
    """Return the models that can follow others: those that have no end yet, with their connections."""
    rows = VideoModel.objects.exclude(lifecycle=Lifecycle.RETIRED.value).exclude(retires_on__lte=timezone.localdate())
    return list(rows.select_related("connection").order_by("connection__label", "position", "label"))


def connection_view(connection: Connection) -> ConnectionView:
    """Return what the page says of a connection."""
    variable = f"SORA_PORTAL_{connection.slug.upper()}"
    return ConnectionView(
        slug=connection.slug,
        label=connection.label,
        vendor=connection.vendor,
        url=connection.url,
        url_variable=f"{variable}_URL" if connection.url_from_environment else "",
        sandbox=connection.is_sandbox,
        closed_text=connection.remedy_text,
        key_hint=key_hint(connection.key),
        key_variable=f"{variable}_KEY" if connection.key_from_environment else "",
        has_stored_key=credentials.state_of(connection.secret_key) is not KeyState.NONE,
        callbacks_text=_callbacks_text(connection),
        max_in_flight=connection.max_in_flight,
        media_hosts=tuple(connection.media_hosts),
        paused_at=connection.paused_at,
        pause_reason=connection.pause_reason,
        latched=connection.latched,
        test=_test(connection),
        balance=_balance(connection),
    )


def _test(connection: Connection) -> CheckView | None:
    if connection.tested_at is None or connection.test_result not in SENTENCES:
        return None
    well = connection.test_result == CheckResult.OK
    words = "" if well else connection.test_text
    return CheckView(well, SENTENCES[connection.test_result], words, connection.tested_at)


def _balance(connection: Connection) -> BalanceView | None:
    """Return the balance as it was when somebody asked last; None for a vendor that cannot be asked."""
    if connection.balance_at is None and not asks_balance(connection):
        return None
    unit = connection.balance_unit or "USD"
    return BalanceView(
        text=balance_text(connection),
        at=connection.balance_at,
        low=connection.balance_is_low,
        warn_text=f"{connection.low_balance_milli / 1000:,.2f} {unit}",
    )


def balance_text(connection: Connection) -> str:
    """Return the last known balance with its currency: "74.87 USD"; empty before anybody asked."""
    if connection.balance_milli is None:
        return ""
    return f"{connection.balance_milli / 1000:,.2f} {connection.balance_unit}"


def key_hint(key: str) -> str:
    """Return how the page names a key: "•••• 4711", only dots for a short one, nothing for none."""
    if not key:
        return ""
    return f"•••• {key[-4:]}" if len(key) >= SHORTEST_HINTED_KEY else "••••"


def _callbacks_text(connection: Connection) -> str:
    if not connection.callbacks:
        return "Polling only, as set below"
    if not settings.SORA_PORTAL_PUBLIC_URL:
        return "Polling only: SORA_PORTAL_PUBLIC_URL is empty, so no vendor can reach this portal"
    if not callback_origin(connection.url):
        return (
            f"Polling only: a vendor outside can report to an https address, not to {settings.SORA_PORTAL_PUBLIC_URL}"
        )
    return f"Reports to {settings.SORA_PORTAL_PUBLIC_URL}, and polling as the safety net"


def model_view(model: VideoModel) -> ModelView:
    """Return what the page says of a model; a row with a broken spec is shown as such instead of failing the page."""
    try:
        prices, broken = price_lines(model.rules), ""
    except SpecError as error:
        prices, broken = (), str(error)
    return ModelView(
        slug=model.slug,
        label=model.label,
        wire_id=model.wire_id,
        lifecycle=model.stage.value,
        lifecycle_text=model.stage.label,
        tone=LIFECYCLE_TONES[model.stage.value],
        note=model.lifecycle_note,
        latched=model.latched,
        retires_on=model.retires_on,
        ended=model.stage is Lifecycle.RETIRED,
        successor=model.successor.label if model.successor else "",
        prices=prices,
        broken=broken,
    )


def price_lines(spec: Spec) -> tuple[str, ...]:
    """Return a model's prices in words, in the order in which they are tried: "15 s: 60 credits", "else 40 credits"."""
    if len(spec.prices) == 1:
        return (_amount(spec, spec.prices[0]) + ("" if spec.prices[0].per else " a video"),)
    return tuple(_price_line(spec, price) for price in spec.prices)


def _price_line(spec: Spec, price: Price) -> str:
    conditions = [_condition(spec, key, value) for key, value in price.when.items()]
    return f"{', '.join(conditions)}: {_amount(spec, price)}" if conditions else f"else {_amount(spec, price)}"


def _amount(spec: Spec, price: Price) -> str:
    text = credits_text(price.milli)
    counted = spec.field(price.per)
    return f"{text} credit{'' if text == '1' else 's'}{f' × {counted.label.lower()}' if counted else ''}"


def _condition(spec: Spec, key: str, value: str) -> str:
    field = spec.field(key)
    assert field is not None  # Spec.read refuses a price for a field that is not there
    choice = field.choice(value)
    if choice is not None:
        return choice.label
    return field.label if value == "on" else f"no {field.label.lower()}"


def has_live_connection() -> bool:
    """Whether any connection has a key, readable or not, or an address that is not the sandbox's."""
    stored = Connection.objects.exclude(secret_key="").exists()
    return stored or any(bool(row.key) or not row.is_sandbox for row in Connection.objects.all())
