"""Connections to vendors and the video models behind them: rows, so that a vendor's news needs no release."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property, lru_cache

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from sora_portal import hosts
from sora_portal.catalog import circuit_breaker, credentials, vendor_costs
from sora_portal.catalog import lifecycle as catalog_lifecycle
from sora_portal.catalog.credentials import Closed, KeyState
from sora_portal.catalog.fields import EncryptedTextField
from sora_portal.catalog.spec.domain import Spec, SpecError
from sora_portal.catalog.vendor_costs import VendorCost
from sora_portal.providers.base import Endpoint


@lru_cache(maxsize=256)
def _read(document: str) -> Spec:
    """Return the spec in a JSON text; remembered, because each row of a list brings its own copy of its model."""
    return Spec.read(json.loads(document))


class Lifecycle(models.TextChoices):
    """Where a model stands in its life; only the first two take new videos."""

    ACTIVE = "active", "Active"
    DEGRADED = "degraded", "Degraded"
    PAUSED = "paused", "Paused"
    RETIRED = "retired", "Retired"


class Connection(models.Model):
    """One account at one vendor: where it is, with which key, how much at once, and whether we are paused there."""

    slug = models.SlugField(unique=True)
    vendor = models.CharField(max_length=20, help_text="The adapter that speaks to it: ruxa, apixo or sora2api.")
    label = models.CharField(max_length=60)
    base_url = models.URLField(help_text="Where the vendor is, used once a key is set.")
    path_prefix = models.CharField(max_length=40, blank=True)
    body_style = models.CharField(max_length=10, blank=True)
    secret_key = EncryptedTextField(blank=True, default="")
    media_hosts = models.JSONField(default=list, help_text="Hosts (and their subdomains) that videos may come from.")
    callbacks = models.BooleanField(default=True, help_text="Give the vendor an address to report to.")
    max_in_flight = models.PositiveIntegerField(default=20, help_text="Videos in the making at once.")
    max_creates = models.PositiveIntegerField(default=10, help_text="New videos sent in any ten seconds.")
    max_polls = models.PositiveIntegerField(default=80, help_text="Questions about running videos at once.")
    paused_at = models.DateTimeField(null=True, blank=True)
    pause_reason = models.CharField(max_length=200, blank=True)
    latched = models.BooleanField(default=False, help_text="Paused by the portal because the vendor refused us.")

    shipped_as = models.CharField(
        max_length=64, blank=True, default="", editable=False, help_text="See `catalog.shipping`; empty: unknown."
    )

    # What the last test and the last question for the balance came to; `catalog.checking` writes them.
    tested_at = models.DateTimeField(null=True, blank=True, editable=False)
    test_result = models.CharField(max_length=20, blank=True, editable=False)
    test_text = models.CharField(max_length=400, blank=True, editable=False, help_text="The vendor's own words.")
    balance_at = models.DateTimeField(null=True, blank=True, editable=False)
    balance_milli = models.BigIntegerField(
        null=True, blank=True, editable=False, help_text="Thousandths of the vendor's currency."
    )
    balance_unit = models.CharField(max_length=8, blank=True, editable=False)
    low_balance_milli = models.BigIntegerField(default=5000, help_text="Admins are told when less than this is left.")

    class Meta:
        ordering = ["label"]

    def __str__(self) -> str:
        return self.label

    @property
    def _override(self) -> dict[str, str]:
        """What the environment says of the connection that carries its vendor's own name."""
        return settings.SORA_PORTAL_VENDORS.get(self.slug, {})

    @property
    def key_from_environment(self) -> bool:
        """Whether the environment names the key, so that the stored one is not used."""
        return bool(self._override.get("key"))

    @property
    def url_from_environment(self) -> bool:
        """Whether the environment names the address, so that `base_url` is not used."""
        return bool(self._override.get("url"))

    def clean(self) -> None:
        """Raise ValidationError for an address or a host of files that no request could go to."""
        super().clean()
        if not hosts.of(self.base_url) or "@" in self.base_url:
            raise ValidationError({"base_url": "Write the vendor's address like https://api.example.com."})
        for host in self.media_hosts if isinstance(self.media_hosts, list) else [self.media_hosts]:
            if not isinstance(host, str) or not hosts.name(host):
                raise ValidationError({"media_hosts": f"{str(host)[:80]} is not the name of a host."})

    @property
    def key(self) -> str:
        """The API key: the environment's, else the stored one, else empty; empty as well for one that is of no use."""
        return self._key if self.key_state is KeyState.SET else ""

    @property
    def _key(self) -> str:
        return self._override.get("key") or self.secret_key

    @property
    def key_state(self) -> KeyState:
        """Whether there is a key, and whether it can be used."""
        return credentials.state_of(self._key)

    @property
    def is_closed(self) -> bool:
        """Whether nothing may be sent there: it has no key that can be used, and is not to be the sandbox."""
        state = self.key_state
        return state is not KeyState.SET and (state is not KeyState.NONE or not settings.SORA_PORTAL_SANDBOX)

    @property
    def is_shut(self) -> bool:
        """Whether queued videos wait there until an admin does something."""
        return self.paused_at is not None or self.is_closed

    @property
    def closed_text(self) -> str:
        """Why nothing is sent there, for those who wait; empty while it is open."""
        return f"{self.label} {credentials.CLOSED[self.key_state]}" if self.is_closed else ""

    @property
    def remedy_text(self) -> str:
        """What an admin does about a closed connection; empty while it is open."""
        return credentials.REMEDY[self.key_state] if self.is_closed else ""

    @property
    def url(self) -> str:
        """Where to call: the environment's address; the sandbox where no key is needed; else the vendor's."""
        if self._override.get("url"):
            return self._override["url"]
        practice = self.key_state is KeyState.NONE and not self.is_closed
        return f"{settings.SORA_PORTAL_SANDBOX_URL}/{self.vendor}" if practice else self.base_url

    @property
    def is_sandbox(self) -> bool:
        """Whether calls go to our own stand-in and cost nothing."""
        return self.url.startswith(f"{settings.SORA_PORTAL_SANDBOX_URL}/")

    @property
    def pace(self) -> float:
        """Factor on the vendor's own intervals; the sandbox is faster than the vendors by about this much."""
        return float(settings.SORA_PORTAL_SANDBOX_PACE) if self.is_sandbox else 1.0

    @property
    def balance_is_low(self) -> bool:
        """Whether the vendor's last word on our balance there is below what admins want to be told of."""
        return self.balance_milli is not None and self.balance_milli < self.low_balance_milli

    def endpoint(self) -> Endpoint:
        """Return where and how an adapter should call; raises Closed where nothing may be sent."""
        if self.is_closed:
            raise Closed(self.closed_text)
        return Endpoint(
            base_url=self.url, key=self.key or "sandbox", path_prefix=self.path_prefix, body_style=self.body_style
        )


class Credential(models.Model):
    """An address and the key that belongs to it, as a connection had them when something was sent.

    Rows are only ever added: after an edit of either, what is in flight keeps its own, so no key goes to the host of
    another. `catalog.actions.remove_key` blanks the keys of them all.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="credentials")
    base_url = models.CharField(max_length=300)
    secret_key = EncryptedTextField(blank=True, default="")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.connection_id} at {self.base_url}"

    def is_present(self, connection: Connection) -> bool:
        """Return whether `connection` still has this address and key."""
        readable = credentials.state_of(self.secret_key) is not KeyState.UNREADABLE
        return readable and (self.base_url, self.secret_key) == (connection.url, connection.key)


class Breaker(models.Model):
    """How one operation at one connection stands, for all processes; the rules are in `catalog.breakers`.

    Written by `catalog.health` alone, and only when something changes. A row that is not there yet is a closed breaker.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="breakers")
    operation = models.CharField(max_length=8)
    failures = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(null=True)
    rests = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    trial = models.BooleanField(default=False)
    # Until when the vendor asked us to leave it alone (429 with Retry-After): a wish, not a failure.
    wish_until = models.DateTimeField(null=True)
    last_success_at = models.DateTimeField(null=True)
    last_error_at = models.DateTimeField(null=True)
    last_error_kind = models.CharField(max_length=20, blank=True)
    last_error_text = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "operation"], name="catalog_breaker_once"),
            models.CheckConstraint(
                name="catalog_breaker_operation_known",
                condition=models.Q(operation__in=["create", "query", "download"]),
            ),
            models.CheckConstraint(
                name="catalog_breaker_open_has_a_next_try",
                condition=models.Q(opened_at=None, next_try_at=None, rests=0, trial=False)
                | models.Q(opened_at__isnull=False, next_try_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operation} at {self.connection_id}: {self.rules.position}"

    @property
    def rules(self) -> circuit_breaker.BreakerState:
        """The row as the rules see it."""
        return circuit_breaker.BreakerState(
            failures=self.failures,
            opened_at=self.opened_at,
            rests=self.rests,
            next_try_at=self.next_try_at,
            trial=self.trial,
        )


class VideoModelQuerySet(models.QuerySet["VideoModel"]):
    """Video models."""

    def offered(self) -> "VideoModelQuerySet":
        """Return the models whose stage lets them take new videos today, in the order of the composer.

        The composer offers those among them whose connection is not closed.
        """
        ended = Q(retires_on__lte=timezone.localdate())
        rows = self.filter(lifecycle__in=catalog_lifecycle.TAKES_NEW).exclude(ended)
        # Of what follows a model only the name is ever shown here.
        return rows.select_related("connection", "successor").defer("successor__spec")


class VideoModel(models.Model):
    """A model on a connection: its name on the wire (exact case) and its spec, see `catalog.domain`."""

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="models")
    slug = models.SlugField(unique=True)
    wire_id = models.CharField(max_length=100, blank=True, help_text="The vendor's own name for it, exact case.")
    label = models.CharField(max_length=80)
    spec = models.JSONField()
    lifecycle = models.CharField(max_length=10, choices=Lifecycle.choices, default="active")
    lifecycle_note = models.CharField(max_length=200, blank=True)
    latched = models.BooleanField(default=False, help_text="Paused by the portal; the note has the vendor's words.")
    retires_on = models.DateField(null=True, blank=True, help_text="From this day on it takes no new videos.")
    successor = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    position = models.PositiveSmallIntegerField(default=100)
    shipped_as = models.CharField(
        max_length=64, blank=True, default="", editable=False, help_text="See `catalog.shipping`; empty: unknown."
    )

    objects = VideoModelQuerySet.as_manager()

    class Meta:
        ordering = ["position", "label"]
        constraints = [
            models.CheckConstraint(
                name="catalog_model_lifecycle_known",
                condition=models.Q(lifecycle__in=["active", "degraded", "paused", "retired"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} ({self.connection.label})"

    def clean(self) -> None:
        """Raise ValidationError where the spec cannot be read: the sentence says what is wrong with it."""
        super().clean()
        try:
            Spec.read(self.spec)
        except SpecError as error:
            raise ValidationError({"spec": str(error)}) from error
        for row in self.price_lists.all() if self.pk else ():
            try:
                row.spec_of(self)
            except SpecError as error:
                raise ValidationError({"spec": f"The prices from {row.valid_from:%d %B %Y}: {error}"}) from error

    @cached_property
    def rules(self) -> Spec:
        """The spec, read; raises SpecError when the row is wrong."""
        return _read(json.dumps(self.spec, sort_keys=True))

    def vendor_cost(self, choices: Mapping[str, str]) -> VendorCost:
        """Return what the vendor charges for one video with `choices`, as far as an admin has entered it."""
        newest = self.vendor_prices.order_by("-pk").first()
        if newest is None:
            return VendorCost()
        micro = vendor_costs.cost(micro=newest.amount_micro, per=newest.per, choices=choices)
        return VendorCost(micro, newest.currency, newest.charges_failures)

    def priced(self, now: datetime) -> Spec:
        """Return the spec with the prices that hold at `now`: those of the newest price list, else the spec's own."""
        newest = self.price_lists.filter(valid_from__lte=now).order_by("-valid_from", "-pk").first()
        return self.rules if newest is None else newest.spec_of(self)

    @property
    def stage(self) -> Lifecycle:
        """Where it stands today: its retirement date counts from the moment that day begins."""
        return Lifecycle(
            catalog_lifecycle.stage_on(timezone.localdate(), lifecycle=self.lifecycle, retires_on=self.retires_on)
        )

    @property
    def takes_new(self) -> bool:
        """Whether new videos may be submitted to it, and queued ones sent."""
        return self.stage in catalog_lifecycle.TAKES_NEW

    @property
    def news(self) -> tuple[str, ...]:
        """What the composer says of it: sentences, none for a model of which there is nothing to say."""
        return catalog_lifecycle.news_text(
            label=self.label,
            lifecycle=self.lifecycle,
            note=self.lifecycle_note,
            retires_on=self.retires_on,
            successor=self.successor.label if self.successor else "",
            today=timezone.localdate(),
        )

    @property
    def closed_text(self) -> str:
        """Why it takes no new videos, for members; never the vendor's words."""
        return catalog_lifecycle.closed_text(
            label=self.label, stage=self.stage, successor=self.successor.label if self.successor else ""
        )


class PriceList(models.Model):
    """What a model costs from a moment on. Lists are only ever added, so what a video cost can always be looked up.

    Of two lists that begin at the same moment the later one counts: that is how a list is taken back.
    """

    model = models.ForeignKey(VideoModel, on_delete=models.PROTECT, related_name="price_lists")
    valid_from = models.DateTimeField()
    prices = models.JSONField(help_text="As in the spec of a model.")
    note = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-valid_from", "-pk"]
        indexes = [models.Index(fields=["model", "-valid_from"], name="catalog_prices_in_force")]

    def __str__(self) -> str:
        return f"{self.model_id} from {self.valid_from}"

    def spec_of(self, model: VideoModel) -> Spec:
        """Return the spec of `model`, which is this list's, with these prices; SpecError if they no longer fit it."""
        return _read(json.dumps({**model.spec, "prices": self.prices}, sort_keys=True))


PER = [("video", "a video"), ("second", "a second")]


class VendorPrice(models.Model):
    """What the vendor charges us for a model, as an admin has read it there.

    Rows are only ever added, and the newest counts. What a video has cost is kept with its attempt, so a new row
    changes nothing that was sent before.
    """

    model = models.ForeignKey(VideoModel, on_delete=models.PROTECT, related_name="vendor_prices")
    amount_micro = models.BigIntegerField(null=True, help_text="Millionths of the currency; none: not known any more.")
    currency = models.CharField(max_length=10, blank=True)
    per = models.CharField(max_length=6, choices=PER, default="video")
    charges_failures = models.BooleanField(default=False)
    note = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="catalog_vendor_price_has_a_currency",
                condition=models.Q(amount_micro=None) | models.Q(amount_micro__gte=0) & ~models.Q(currency=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model_id}: {self.text}"

    @property
    def text(self) -> str:
        """The price in words: "0.015 USD a second, failures too"."""
        if self.amount_micro is None:
            return "not known"
        failures = ", failures too" if self.charges_failures else ""
        return f"{vendor_costs.micro_text(self.amount_micro)} {self.currency} {self.get_per_display()}{failures}"
