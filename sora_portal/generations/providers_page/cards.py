"""A connection as the board shows it: what it is, its traffic, its models, and a form for all that can be done."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.forms import Form
from django.urls import reverse

from sora_portal.catalog import queries
from sora_portal.catalog.forms import KeyForm, LifecycleForm, PauseForm, RetireForm, SettingsForm
from sora_portal.catalog.models import Connection, VideoModel
from sora_portal.generations.models import Attempt
from sora_portal.generations.providers_page.relocation import elsewhere
from sora_portal.generations.providers_page.traffic import Traffic, traffic


@dataclass(frozen=True)
class ModelLine:
    """One model of a connection with its form; `waiting` counts the videos that wait for it, and are not sent."""

    model: queries.ModelView
    form: LifecycleForm
    waiting: int
    decide_url: str


@dataclass(frozen=True)
class Card:
    """A connection with its forms. `decide_url` leads to what waits for it while it is shut; empty otherwise.

    `elsewhere` counts the videos in flight that are asked about at `old_addresses`, or with a key that was replaced.
    """

    connection: queries.ConnectionView
    traffic: Traffic
    key_form: KeyForm
    settings_form: SettingsForm
    pause_form: PauseForm
    retire_form: RetireForm
    lines: list[ModelLine]
    decide_url: str
    elsewhere: int
    old_addresses: str


def cards(connections: Iterable[Connection], wrong: Form | None = None, wrong_slug: str = "") -> list[Card]:
    """Return the cards of `connections`, in a constant number of queries.

    `wrong` is a form that could not be accepted; `wrong_slug` names its model, or its connection.
    """
    connections = list(connections)
    moving, others = traffic(connections), queries.successors()
    away = elsewhere([connection.pk for connection in connections])
    return [
        _card(connection, moving[connection.pk], away.get(connection.pk, []), others, wrong, wrong_slug)
        for connection in connections
    ]


def _card(
    connection: Connection,
    moving: Traffic,
    away: Sequence[Attempt],
    others: Sequence[VideoModel],
    wrong: Form | None,
    wrong_slug: str,
) -> Card:
    mine = wrong if wrong_slug == connection.slug else None
    closed = connection.is_shut and moving.load.queued > 0
    return Card(
        connection=queries.connection_view(connection),
        traffic=moving,
        key_form=mine if isinstance(mine, KeyForm) else KeyForm(connection=connection),
        settings_form=mine if isinstance(mine, SettingsForm) else SettingsForm(connection=connection),
        pause_form=mine if isinstance(mine, PauseForm) else PauseForm(connection=connection),
        retire_form=mine if isinstance(mine, RetireForm) else RetireForm(connection=connection, others=others),
        lines=[
            _line(model, moving, others, wrong if wrong_slug == model.slug else None)
            for model in connection.models.all()
        ],
        decide_url=reverse("board:waiting_connection", args=[connection.slug]) if closed else "",
        elsewhere=len(away),
        old_addresses=", ".join(sorted({attempt.base_url for attempt in away})),
    )


def _line(model: VideoModel, moving: Traffic, others: Sequence[VideoModel], wrong: Form | None) -> ModelLine:
    waiting = 0 if model.takes_new else moving.load.by_model.get(model.pk, 0)
    return ModelLine(
        model=queries.model_view(model),
        form=wrong if isinstance(wrong, LifecycleForm) else LifecycleForm(model=model, others=others),
        waiting=waiting,
        decide_url=reverse("board:waiting_model", args=[model.slug]) if waiting else "",
    )
