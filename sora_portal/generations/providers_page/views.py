"""The board: connections to vendors, how they do, and the models behind them. Admins only."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from sora_portal import clock
from sora_portal.accounts.http import Request
from sora_portal.accounts.policies import require_admin
from sora_portal.catalog import actions, connection_test, queries
from sora_portal.catalog.forms import KeyForm, LifecycleForm, PauseForm, RetireForm, SettingsForm
from sora_portal.catalog.models import Connection, VideoModel
from sora_portal.generations.providers_page import relocation
from sora_portal.generations.providers_page.cards import Card, cards
from sora_portal.providers.base import CheckResult
from sora_portal.web.http import with_toast

BOARD = "generations/board.html"


@login_required
@require_GET
def show(request: Request) -> HttpResponse:
    """Every connection with its traffic and its models."""
    require_admin(request.user)
    return render(request, BOARD, _page(cards(queries.connections())))


def _page(everything: list[Card]) -> dict[str, object]:
    return {"cards": everything, "practice": settings.SORA_PORTAL_SANDBOX}


def _connection(request: Request, slug: str) -> Connection:
    """Return the connection that an admin wants to change."""
    require_admin(request.user)
    return get_object_or_404(Connection, slug=slug)


def _refuse(request: Request, connection: Connection, form: Form, model: str = "") -> HttpResponse:
    """Return the page (htmx: the card) with what is wrong beside its field, the first of them focused."""
    form.fields[next(iter(form.errors))].widget.attrs["autofocus"] = True
    if request.htmx:
        card = cards(queries.connections(pk=connection.pk), form, model or connection.slug)[0]
        return render(request, f"{BOARD}#card", {"card": card}, status=422)
    everything = cards(queries.connections(), form, model or connection.slug)
    return render(request, BOARD, _page(everything), status=422)


def _done(request: Request, connection: Connection, text: str, *, tone: str = "") -> HttpResponse:
    """Return to the page with a word about what was done; htmx gets the card as it is now."""
    if not request.htmx:
        (messages.error if tone else messages.success)(request, text)
        return redirect("board:show")
    card = cards(queries.connections(pk=connection.pk))[0]
    return with_toast(render(request, f"{BOARD}#card", {"card": card, "focused": True}), text, tone=tone)


@login_required
@require_POST
def set_key(request: Request, slug: str) -> HttpResponse:
    """Store or replace a connection's API key."""
    connection = _connection(request, slug)
    form = KeyForm(request.POST, connection=connection)
    if not form.is_valid():
        return _refuse(request, connection, form)
    values = form.cleaned_data
    actions.set_key(by=request.user, connection=connection, key=values["key"], base_url=values.get("base_url", ""))
    return _done(request, connection, f"{connection.label}: the new key is stored")


@login_required
@require_POST
def move_in_flight(request: Request, slug: str) -> HttpResponse:
    """Ask about what is in flight at the connection's present address, and move there what is known there."""
    connection = _connection(request, slug)
    report = relocation.move_in_flight(by=request.user, connection=connection, now=clock.now())
    return _done(request, connection, f"{connection.label}: {report.text}", tone="bad" if report.left else "")


@login_required
@require_POST
def remove_key(request: Request, slug: str) -> HttpResponse:
    """Forget a connection's API key."""
    connection = _connection(request, slug)
    actions.remove_key(by=request.user, connection=connection)
    return _done(request, connection, f"{connection.label}: the key is gone")


@login_required
@require_POST
def change_settings(request: Request, slug: str) -> HttpResponse:
    """Change how a connection is spoken to."""
    connection = _connection(request, slug)
    form = SettingsForm(request.POST, connection=connection)
    if not form.is_valid():
        return _refuse(request, connection, form)
    actions.change_settings(by=request.user, connection=connection, **form.values())
    return _done(request, connection, f"{connection.label}: settings saved")


@login_required
@require_POST
def pause(request: Request, slug: str) -> HttpResponse:
    """Hold what is queued for a connection."""
    connection = _connection(request, slug)
    form = PauseForm(request.POST, connection=connection)
    if not form.is_valid():
        return _refuse(request, connection, form)
    actions.pause_connection(by=request.user, connection=connection, reason=form.cleaned_data["reason"])
    return _done(request, connection, f"{connection.label} is paused; new videos wait")


@login_required
@require_POST
def resume(request: Request, slug: str) -> HttpResponse:
    """Let queued videos go out again."""
    connection = _connection(request, slug)
    actions.resume_connection(by=request.user, connection=connection)
    return _done(request, connection, f"{connection.label} is open again")


@login_required
@require_POST
def check(request: Request, slug: str) -> HttpResponse:
    """Ask the vendor something that costs nothing, and say what the answer means."""
    connection = _connection(request, slug)
    result = connection_test.check_connection(by=request.user, connection=connection).result
    tone = "" if result is CheckResult.OK else "bad"
    return _done(request, connection, f"{connection.label}: {connection_test.SENTENCES[result]}", tone=tone)


@login_required
@require_POST
def balance(request: Request, slug: str) -> HttpResponse:
    """Ask the vendor what is left on our account there."""
    connection = _connection(request, slug)
    connection_test.ask_balance(by=request.user, connection=connection)
    connection.refresh_from_db()
    return _done(request, connection, f"{connection.label}: {queries.balance_text(connection)} left")


@login_required
@require_POST
def lifecycle(request: Request, slug: str) -> HttpResponse:
    """Move a model to another stage of its life, name the day of its end and what follows it."""
    model = _model(request, slug)
    form = LifecycleForm(request.POST, model=model, others=queries.successors())
    if not form.is_valid():
        return _refuse(request, model.connection, form, model.slug)
    data = form.cleaned_data
    actions.set_model_lifecycle(
        by=request.user,
        model=model,
        lifecycle=data["lifecycle"],
        note=data["note"],
        retires_on=data["retires_on"],
        successor=VideoModel.objects.filter(pk=data["successor"] or 0).first(),
    )
    return _done(request, model.connection, f"{model.label}: now {data['lifecycle']}")


def _model(request: Request, slug: str) -> VideoModel:
    """Return the model that an admin wants to change."""
    require_admin(request.user)
    return get_object_or_404(VideoModel.objects.select_related("connection", "successor"), slug=slug)


@login_required
@require_POST
def resume_model(request: Request, slug: str) -> HttpResponse:
    """Offer a paused model again."""
    model = _model(request, slug)
    actions.resume_model(by=request.user, model=model)
    return _done(request, model.connection, f"{model.label} is offered again")


@login_required
@require_POST
def retire(request: Request, slug: str) -> HttpResponse:
    """Name the day on which every model of a connection ends."""
    connection = _connection(request, slug)
    form = RetireForm(request.POST, connection=connection, others=queries.successors())
    if not form.is_valid():
        return _refuse(request, connection, form)
    data = form.cleaned_data
    ended = actions.retire_models(
        by=request.user,
        connection=connection,
        on=data["on"],
        successor=VideoModel.objects.filter(pk=data["successor"] or 0).first(),
        note=data["note"],
        today=timezone.localdate(),
    )
    word = "model ends" if ended == 1 else "models end"
    return _done(request, connection, f"{connection.label}: {ended} {word} on {data['on']:%d %b %Y}")
