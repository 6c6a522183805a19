"""Every write to the catalog."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from sora_portal import clock
from sora_portal.accounts.models import User
from sora_portal.accounts.policies import require_admin
from sora_portal.catalog import defaults
from sora_portal.catalog import lifecycle as catalog_lifecycle
from sora_portal.catalog.defaults import Plan, Step
from sora_portal.catalog.models import Connection, Credential, Lifecycle, PriceList, VendorPrice, VideoModel
from sora_portal.catalog.spec.domain import Json
from sora_portal.errors import Refused
from sora_portal.web.text import stripped

log = logging.getLogger(__name__)


class BeganAlready(Refused):
    """A price list was to begin in the past."""


@dataclass(frozen=True)
class Loaded:
    """What loading the shipped rows came to, by slug; `kept` are those that do not follow what ships, and why."""

    added: tuple[str, ...]
    followed: tuple[str, ...]
    kept: Mapping[str, str]


@transaction.atomic
def load_shipped() -> Loaded:
    """Add the connections and models that ship with the portal and are not there yet, and give those that nobody edited
    what ships today.

    Rows that a team edited stay as they are, and so do keys, pauses, price lists and the stage of every model. Raises
    SpecError, and takes everything back, if a shipped model cannot be read.
    """
    slugs: dict[Step, list[str]] = {step: [] for step in Step}
    kept = {}
    for plan in defaults.plans(lock=True):
        slugs[plan.step].append(plan.wanted.slug)
        if plan.step is Step.KEEP:
            kept[plan.wanted.slug] = plan.why
        else:
            _carry_out(plan)
    for slug in slugs[Step.FOLLOW]:
        log.info("%s follows what ships with the portal now", slug)
    return Loaded(tuple(slugs[Step.ADD]), tuple(slugs[Step.FOLLOW]), kept)


def _carry_out(plan: Plan) -> None:
    """Add or bring up to date one row, and let it remember what it comes from."""
    if isinstance(plan.wanted, VideoModel):
        _ = plan.wanted.rules  # raises SpecError
    if plan.row is None:
        plan.wanted.shipped_as = plan.mark
        plan.wanted.save()
        return
    names = defaults.content(plan.wanted) if plan.step is Step.FOLLOW else ()
    for name in names:
        setattr(plan.row, name, getattr(plan.wanted, name))
    # Also where nothing changes: a row that was edited into what ships follows from now on.
    if plan.step is Step.FOLLOW or plan.row.shipped_as != plan.mark:
        plan.row.shipped_as = plan.mark
        plan.row.save(update_fields=[*names, "shipped_as"])


def latch_connection(*, connection: Connection, reason: str) -> bool:
    """Pause a connection because the vendor refused us, not the video; return whether it was open until now.

    Queued videos wait behind it, nothing is lost, and only an admin opens it again.
    """
    changed = Connection.objects.filter(pk=connection.pk, paused_at=None).update(
        paused_at=clock.now(), pause_reason=reason[:200], latched=True
    )
    return bool(changed)


def latch_model(*, model: VideoModel, reason: str) -> bool:
    """Pause a model that the vendor says it does not serve; return whether it was open until now."""
    changed = VideoModel.objects.filter(pk=model.pk, lifecycle__in=catalog_lifecycle.TAKES_NEW).update(
        lifecycle=Lifecycle.PAUSED.value, lifecycle_note=reason[:200], latched=True
    )
    return bool(changed)


def learn_body_style(*, connection: Connection, style: str, instead_of: str) -> bool:
    """Write requests in `style` from now on, for the vendor took that and not `instead_of`; return whether that is new.

    Does nothing where an admin has chosen something else meanwhile.
    """
    rows = Connection.objects.filter(pk=connection.pk, body_style=instead_of)
    changed = bool(rows.update(body_style=style))
    if changed:
        log.warning("connection %s takes the body style %s, not %s", connection.slug, style, instead_of or "nested")
    return changed


def pause_connection(*, by: User, connection: Connection, reason: str) -> None:
    """Hold everything that is queued for a connection; what the vendor already works on is still fetched."""
    require_admin(by)
    Connection.objects.filter(pk=connection.pk, paused_at=None).update(
        paused_at=clock.now(), pause_reason=stripped(reason)[:200] or f"Paused by {by.display_name}", latched=False
    )


def resume_connection(*, by: User, connection: Connection) -> None:
    """Let queued videos go out through a connection again, whoever paused it."""
    require_admin(by)
    Connection.objects.filter(pk=connection.pk).update(paused_at=None, pause_reason="", latched=False)


@transaction.atomic
def set_model_lifecycle(
    *,
    by: User,
    model: VideoModel,
    lifecycle: str,
    note: str = "",
    retires_on: date | None = None,
    successor: VideoModel | None = None,
    today: date | None = None,
) -> None:
    """Move a model to another stage of its life; from the moment this returns none of its queued videos is sent unless
    that stage takes new ones. Raises ValueError for a word that is none, and for a model that would follow itself.

    A model that is retired has the day on which it was; one whose day has come by `today` is retired.
    """
    require_admin(by)
    if successor is not None and successor.pk == model.pk:
        raise ValueError("a model cannot follow itself")
    today = today or timezone.localdate()
    stage = Lifecycle(catalog_lifecycle.stage_on(today, lifecycle=Lifecycle(lifecycle).value, retires_on=retires_on))
    if stage is Lifecycle.RETIRED and (retires_on is None or retires_on > today):
        retires_on = today
    _close_turnstile(model.connection_id)
    VideoModel.objects.filter(pk=model.pk).update(
        lifecycle=stage.value, lifecycle_note=note[:200], latched=False, retires_on=retires_on, successor=successor
    )
    log.info("model %s: %s, set by %s", model.slug, stage.value, by.username)


@transaction.atomic
def resume_model(*, by: User, model: VideoModel) -> bool:
    """Offer a paused model again, whoever paused it; False for one that is not paused."""
    require_admin(by)
    rows = VideoModel.objects.filter(pk=model.pk, lifecycle=Lifecycle.PAUSED.value)
    return bool(rows.update(lifecycle=Lifecycle.ACTIVE.value, lifecycle_note="", latched=False))


@transaction.atomic
def retire_models(
    *, by: User, connection: Connection, on: date, successor: VideoModel | None, note: str, today: date
) -> int:
    """End every model of a connection that has not ended yet on the day `on`; return how many these are.

    That is how a vendor goes: announced for a later day, at once for `today`. Each model keeps a successor of its own.
    """
    require_admin(by)
    _close_turnstile(connection.pk)
    models = [model for model in connection.models.all() if model.stage is not Lifecycle.RETIRED]
    for model in models:
        follows = model.successor_id or (successor.pk if successor is not None else None)
        VideoModel.objects.filter(pk=model.pk).update(
            lifecycle=catalog_lifecycle.stage_on(today, lifecycle=model.lifecycle, retires_on=on),
            lifecycle_note=note[:200] or model.lifecycle_note,
            retires_on=on,
            successor=follows if follows != model.pk else None,
        )
    log.info("connection %s: %s models end on %s, set by %s", connection.slug, len(models), on, by.username)
    return len(models)


def _close_turnstile(connection_id: int) -> None:
    """Wait for the worker who is just claiming a video there: whoever claims later sees what this transaction wrote."""
    list(Connection.objects.select_for_update(no_key=True).filter(pk=connection_id).values_list("pk"))


def set_prices(
    *, by: User, model: VideoModel, prices: Sequence[Mapping[str, Json]], valid_from: datetime, note: str, now: datetime
) -> PriceList:
    """Add a price list (rules as in a spec) that holds from `valid_from`; what is already reserved keeps its price.

    Raises SpecError for rules that do not fit the model, and BeganAlready for a list that would begin before `now`:
    what has been sold cannot be priced again.
    """
    require_admin(by)
    if valid_from < now:
        raise BeganAlready("A price can begin now or later, not in the past.")
    added = PriceList(
        model=model, valid_from=valid_from, prices=list(prices), note=note.strip()[:200], by=by, created_at=now
    )
    added.spec_of(model)
    added.save()
    log.info("model %s: prices from %s set by %s", model.slug, valid_from, by.username)
    return added


def set_vendor_price(
    *,
    by: User,
    model: VideoModel,
    amount_micro: int | None,
    currency: str,
    per: str,
    charges_failures: bool,
    note: str,
    now: datetime,
) -> VendorPrice:
    """Enter what the vendor charges us for a model, from now on; None: not known any more. What was sent keeps its own.

    `amount_micro` are millionths of `currency` for each `per`. Raises NotAllowed.
    """
    require_admin(by)
    added = VendorPrice.objects.create(
        model=model,
        amount_micro=amount_micro,
        currency=currency if amount_micro is not None else "",
        per=per,
        charges_failures=charges_failures,
        note=note.strip()[:200],
        by=by,
        created_at=now,
    )
    log.info("model %s: the vendor charges %s, set by %s", model.slug, added.text, by.username)
    return added


def pin_credential(*, connection: Connection, now: datetime) -> Credential:
    """Return the address and key of a connection as they are now, as a row of their own; a new one after an edit.

    To be called with the connection's row locked, or two callers may each add one, which is harmless.
    """
    newest = connection.credentials.order_by("-pk").first()
    if newest is not None and newest.is_present(connection):
        return newest
    return Credential.objects.create(
        connection=connection, base_url=connection.url, secret_key=connection.key, created_at=now
    )


@transaction.atomic
def set_key(*, by: User, connection: Connection, key: str, base_url: str = "") -> None:
    """Store the API key of a connection, encrypted, and its address if it has a new one; open it if a refused key had
    latched it. What is in flight keeps the address and key with which it was sent.
    """
    require_admin(by)
    connection.secret_key = key.strip()
    connection.base_url = base_url or connection.base_url
    connection.save(update_fields=["secret_key", "base_url"])
    Connection.objects.filter(pk=connection.pk, latched=True).update(paused_at=None, pause_reason="", latched=False)
    log.info("connection %s: key set by %s", connection.slug, by.username)


@transaction.atomic
def remove_key(*, by: User, connection: Connection) -> None:
    """Forget the stored API key of a connection, and pause the connection if that leaves it without any.

    Without a key calls go to the sandbox. What was queued for the vendor must not become practice clips unasked, so an
    admin resumes the connection first.
    """
    require_admin(by)
    connection.secret_key = ""
    connection.save(update_fields=["secret_key"])
    connection.credentials.update(secret_key="")
    if not connection.key:
        pause_connection(by=by, connection=connection, reason="Its key was removed.")
    log.info("connection %s: key removed by %s", connection.slug, by.username)


@transaction.atomic
def allow_host(*, by: User, connection: Connection, host: str) -> None:
    """Let videos of a connection come from one more host."""
    require_admin(by)
    row = Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
    if host not in row.media_hosts:
        Connection.objects.filter(pk=row.pk).update(media_hosts=[*row.media_hosts, host])
        log.info("connection %s: videos may come from %s, allowed by %s", row.slug, host, by.username)


def change_settings(
    *,
    by: User,
    connection: Connection,
    path_prefix: str,
    body_style: str,
    callbacks: bool,
    max_in_flight: int,
    max_creates: int,
    max_polls: int,
    media_hosts: Sequence[str],
    low_balance_milli: int | None = None,
) -> None:
    """Change how a connection is spoken to and how much at once; what is already sent keeps what it was sent with."""
    require_admin(by)
    low = connection.low_balance_milli if low_balance_milli is None else low_balance_milli
    Connection.objects.filter(pk=connection.pk).update(
        low_balance_milli=low,
        path_prefix=path_prefix,
        body_style=body_style,
        callbacks=callbacks,
        max_in_flight=max_in_flight,
        max_creates=max_creates,
        max_polls=max_polls,
        media_hosts=list(media_hosts),
    )
    log.info("connection %s: settings changed by %s", connection.slug, by.username)
