"""What becomes of the catalog's rows when a newer catalog ships: nobody's rows follow it, a team's own stay."""

import importlib
import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.utils import timezone

from sora_portal.accounts.models import User
from sora_portal.catalog import actions, defaults
from sora_portal.catalog.actions import Loaded
from sora_portal.catalog.models import Connection, PriceList, VideoModel
from sora_portal.catalog.spec.domain import SpecError
from tests import factories

pytestmark = pytest.mark.django_db
NOTHING = Loaded((), (), {})
Ship = Callable[[Callable[[dict[str, Any]], object]], None]


@pytest.fixture
def ship(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ship:
    """Return a function that lets a newer catalog ship: today's, after its argument has changed it."""

    def newer(change: Callable[[dict[str, Any]], object]) -> None:
        document = defaults.shipped_document()
        change(document)
        (tmp_path / "shipped.json").write_text(json.dumps(document))
        monkeypatch.setattr(defaults, "SHIPPED", tmp_path / "shipped.json")

    return newer


def _first(**spec: Any) -> Callable[[dict[str, Any]], None]:
    """Return a change of the spec of the first shipped model, ruxa-sora-2."""
    return lambda document: document["models"][0]["spec"].update(spec)


def _sora() -> VideoModel:
    return VideoModel.objects.get(slug="ruxa-sora-2")


def _run(command: str) -> str:
    out = StringIO()
    call_command(command, stdout=out)
    return out.getvalue()


def test_load_adds_three_connections_and_fifteen_models_once() -> None:
    assert len(actions.load_shipped().added) == 18
    assert (Connection.objects.count(), VideoModel.objects.count()) == (3, 15)
    assert actions.load_shipped() == NOTHING


def test_load_brings_back_what_is_missing(ruxa: Connection) -> None:
    VideoModel.objects.filter(slug="sora2api-hd").delete()
    assert actions.load_shipped() == Loaded(("sora2api-hd",), (), {})


def test_rows_that_nobody_edited_follow(ruxa: Connection, ship: Ship) -> None:
    def change(document: dict[str, Any]) -> None:
        document["connections"][0]["media_hosts"] = ["ruxa.ai", "files.example.com"]
        document["models"][0] |= {"label": "Sora Two", "wire_id": "sora-2b"}

    ship(change)
    assert actions.load_shipped() == Loaded((), ("ruxa", "ruxa-sora-2"), {})
    ruxa.refresh_from_db()
    assert ruxa.media_hosts == ["ruxa.ai", "files.example.com"]
    assert (_sora().label, _sora().wire_id) == ("Sora Two", "sora-2b")
    assert actions.load_shipped() == NOTHING


def test_rows_follow_one_catalog_after_the_other(ruxa: Connection, ship: Ship) -> None:
    for interval in (7, 9):
        ship(_first(interval=interval))
        assert actions.load_shipped().followed == ("ruxa-sora-2",)
        assert _sora().rules.interval == interval


def test_an_edited_row_stays_and_is_named(ruxa: Connection, ship: Ship) -> None:
    spec = {**_sora().spec, "interval": 33}
    VideoModel.objects.filter(slug="ruxa-sora-2").update(spec=spec)
    Connection.objects.filter(pk=ruxa.pk).update(max_in_flight=2)
    assert actions.load_shipped() == NOTHING, "nothing newer ships"

    def change(document: dict[str, Any]) -> None:
        document["models"][0]["label"] = "Sora Two"
        document["connections"][0]["label"] = "Ruxa"

    ship(change)
    why = "it was changed here"
    assert actions.load_shipped() == Loaded((), (), {"ruxa": why, "ruxa-sora-2": why})
    ruxa.refresh_from_db()
    assert (_sora().label, _sora().spec, ruxa.label, ruxa.max_in_flight) == ("Sora 2", spec, "Ruxa AI", 2)


def test_a_row_that_was_edited_back_follows_again(ruxa: Connection, ship: Ship) -> None:
    before = _sora()
    VideoModel.objects.filter(pk=before.pk).update(label="Ours")
    ship(_first(interval=7))
    assert actions.load_shipped().kept
    VideoModel.objects.filter(pk=before.pk).update(label=before.label)
    assert actions.load_shipped().followed == ("ruxa-sora-2",)


def test_a_row_of_unknown_origin_stays_until_it_is_as_shipped(ruxa: Connection, ship: Ship) -> None:
    VideoModel.objects.update(shipped_as="")
    assert actions.load_shipped() == NOTHING, "they are as they ship: from now on they follow"
    ship(_first(interval=7))
    assert actions.load_shipped().followed == ("ruxa-sora-2",)
    VideoModel.objects.update(shipped_as="")
    ship(_first(interval=8))
    assert list(actions.load_shipped().kept) == ["ruxa-sora-2"]


def test_stage_pause_key_and_holds_stay_as_they_are(mo: User, ship: Ship) -> None:
    video = factories.generation()
    held = (video.price_milli, video.hold.amount)
    connection = Connection.objects.get(slug="ruxa")
    actions.set_key(by=mo, connection=connection, key="sk-real")
    actions.latch_model(model=_sora(), reason="model not found")
    actions.pause_connection(by=mo, connection=connection, reason="Until Monday")
    hd = VideoModel.objects.get(slug="ruxa-sora-2-hd")
    actions.set_model_lifecycle(by=mo, model=hd, lifecycle="retired", note="Gone", successor=_sora())

    def change(document: dict[str, Any]) -> None:
        document["connections"][0]["max_polls"] = 70
        for row in document["models"][:2]:
            row["spec"]["prices"] = [{"credits": 3}]
            row |= {"lifecycle": "active", "lifecycle_note": "", "retires_on": None}

    ship(change)
    assert actions.load_shipped().followed == ("ruxa", "ruxa-sora-2", "ruxa-sora-2-hd")
    hd.refresh_from_db()
    connection.refresh_from_db()
    video.refresh_from_db()
    assert (_sora().lifecycle, _sora().latched, _sora().lifecycle_note) == ("paused", True, "model not found")
    assert (hd.lifecycle, hd.lifecycle_note, hd.successor) == ("retired", "Gone", _sora())
    assert (connection.pause_reason, connection.key, connection.max_polls) == ("Until Monday", "sk-real", 70)
    assert (video.price_milli, video.hold.amount) == held


def test_an_admins_price_list_stays_in_force(mo: User, ruxa: Connection, ship: Ship) -> None:
    now = timezone.now()
    prices = [{"credits": 5}]
    actions.set_prices(by=mo, model=_sora(), prices=prices, valid_from=now, note="", now=now)
    ship(_first(interval=7, prices=[{"credits": 3}]))
    assert actions.load_shipped().followed == ("ruxa-sora-2",)
    assert PriceList.objects.get().prices == prices
    assert _sora().priced(timezone.now()).price(_sora().rules.defaults()) == 5000


def test_a_row_whose_price_list_would_not_fit_stays(mo: User, ruxa: Connection, ship: Ship) -> None:
    now = timezone.now()
    rules = [{"when": {"style": "comic"}, "credits": 3}, {"credits": 1}]
    actions.set_prices(by=mo, model=_sora(), prices=rules, valid_from=now, note="", now=now)
    ship(lambda document: document["models"][0]["spec"]["fields"].pop(2))
    why = actions.load_shipped().kept["ruxa-sora-2"]
    assert why.startswith(f"the prices from {now:%d %B %Y} do not fit it: ")
    assert _sora().rules.field("style") is not None


def test_a_shipped_row_that_cannot_be_read_takes_everything_back(ruxa: Connection, ship: Ship) -> None:
    def change(document: dict[str, Any]) -> None:
        document["models"][0]["label"] = "Sora Two"
        document["models"][1]["spec"]["prices"] = []

    ship(change)
    with pytest.raises(SpecError):
        actions.load_shipped()
    assert _sora().label == "Sora 2"


def test_the_commands_say_what_followed_what_stays_and_what_is_behind(ruxa: Connection, ship: Ship) -> None:
    VideoModel.objects.filter(slug="ruxa-sora-2-hd").update(label="Ours")

    def change(document: dict[str, Any]) -> None:
        document["models"][0]["label"] = document["models"][1]["label"] = "Sora Two"

    ship(change)
    stays = "ruxa-sora-2-hd: not as it ships by now, and stays so: it was changed here\n"
    well = "15 models and 15 shipped ones, all well\n"
    behind = "ruxa-sora-2: not yet as it ships; `manage.py catalog_load` sees to it\n"
    assert _run("catalog_check") == f"{behind}{stays}{well}"
    assert _run("catalog_load") == f"brought up to date: ruxa-sora-2\n{stays}"
    assert _run("catalog_check") == f"{stays}{well}"


def test_the_migration_knows_what_shipped_before_it(ruxa: Connection) -> None:
    """Fails when what `shipping` fingerprints changes: then a migration has to bring the rows' marks along."""
    migration = importlib.import_module("sora_portal.catalog.migrations.0007_shipped_as")
    VideoModel.objects.update(shipped_as="")
    Connection.objects.update(shipped_as="", max_polls=3)
    old = VideoModel.objects.get(slug="sora2api-standard")
    # As it shipped then.
    old.spec["fields"][1]["more"] = True
    old.save()
    migration.remember(apps)
    old.refresh_from_db()
    assert old.shipped_as == defaults.fingerprint(old) != ""
    Connection.objects.update(max_polls=80)
    for row in Connection.objects.all():
        assert row.shipped_as == defaults.fingerprint(row)
