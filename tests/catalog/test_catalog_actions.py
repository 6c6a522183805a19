"""catalog.actions: who may change the catalog, and what each change leaves behind."""

from collections.abc import Callable
from typing import Any

import pytest

from sora_portal.accounts.models import User
from sora_portal.catalog import actions
from sora_portal.catalog.models import Connection, VideoModel
from sora_portal.errors import NotAllowed
from tests import factories

KEY = "sk-live-0123456789-4711"
SETTINGS: dict[str, Any] = {
    "path_prefix": "p",
    "body_style": "flat",
    "callbacks": False,
    "max_in_flight": 3,
    "max_creates": 20,
    "max_polls": 40,
    "media_hosts": ["cdn.example.com"],
}
pytestmark = pytest.mark.django_db


def _fresh(row: Connection) -> Connection:
    return Connection.objects.get(pk=row.pk)


def _pause(row: Connection) -> tuple[bool, str, bool]:
    fresh = _fresh(row)
    return fresh.paused_at is not None, fresh.pause_reason, fresh.latched


def test_latch_pauses_once_and_keeps_the_first_reason(ruxa: Connection) -> None:
    assert actions.latch_connection(connection=ruxa, reason="Ruxa AI answered 401: bad key") is True
    assert actions.latch_connection(connection=ruxa, reason="and again") is False
    assert _pause(ruxa) == (True, "Ruxa AI answered 401: bad key", True)


def test_latch_leaves_an_admins_pause_as_it_is(ruxa: Connection, mo: User) -> None:
    actions.pause_connection(by=mo, connection=ruxa, reason="Until Monday")
    assert actions.latch_connection(connection=ruxa, reason="401") is False
    assert _pause(ruxa) == (True, "Until Monday", False)


def test_latch_shortens_a_vendors_long_reason(ruxa: Connection) -> None:
    actions.latch_connection(connection=ruxa, reason="积分不足" * 100)
    assert len(_fresh(ruxa).pause_reason) == 200


def test_latch_model_pauses_what_takes_new_videos_only(ruxa: Connection) -> None:
    model = VideoModel.objects.get(slug="ruxa-sora-2")
    assert actions.latch_model(model=model, reason="model not found") is True
    assert actions.latch_model(model=model, reason="again") is False
    model.refresh_from_db()
    assert (model.lifecycle, model.lifecycle_note) == ("paused", "model not found")
    VideoModel.objects.filter(pk=model.pk).update(lifecycle="retired")
    assert actions.latch_model(model=model, reason="gone") is False


def test_resume_opens_a_latched_connection(ruxa: Connection, mo: User) -> None:
    actions.latch_connection(connection=ruxa, reason="402")
    actions.resume_connection(by=mo, connection=ruxa)
    assert _pause(ruxa) == (False, "", False)


def test_pause_without_a_reason_names_who_did_it(ruxa: Connection, mo: User) -> None:
    actions.pause_connection(by=mo, connection=ruxa, reason="  ")
    assert _pause(ruxa) == (True, "Paused by Mo Lindqvist", False)


def test_set_key_opens_a_connection_that_a_refused_key_had_latched(ruxa: Connection, mo: User) -> None:
    actions.latch_connection(connection=ruxa, reason="401")
    actions.set_key(by=mo, connection=ruxa, key=f"  {KEY}\n")
    assert _pause(ruxa) == (False, "", False)
    assert _fresh(ruxa).secret_key == KEY


def test_set_key_leaves_an_admins_pause(ruxa: Connection, mo: User) -> None:
    actions.pause_connection(by=mo, connection=ruxa, reason="Until Monday")
    actions.set_key(by=mo, connection=ruxa, key=KEY)
    assert _pause(ruxa) == (True, "Until Monday", False)


def test_remove_key_pauses_so_that_queued_videos_do_not_become_practice_clips(ruxa: Connection, mo: User) -> None:
    actions.set_key(by=mo, connection=ruxa, key=KEY)
    actions.remove_key(by=mo, connection=_fresh(ruxa))
    assert _fresh(ruxa).is_sandbox
    assert _pause(ruxa) == (True, "Its key was removed.", False)


def test_remove_key_pauses_nothing_while_the_environment_has_one(ruxa: Connection, mo: User, settings: Any) -> None:
    settings.SORA_PORTAL_VENDORS = {"ruxa": {"url": "", "key": "from-env"}}
    actions.set_key(by=mo, connection=ruxa, key=KEY)
    actions.remove_key(by=mo, connection=_fresh(ruxa))
    assert _fresh(ruxa).secret_key == ""
    assert _pause(ruxa) == (False, "", False)


def test_change_settings_keeps_key_and_pause(ruxa: Connection, mo: User) -> None:
    actions.set_key(by=mo, connection=ruxa, key=KEY)
    actions.pause_connection(by=mo, connection=ruxa, reason="Until Monday")
    actions.change_settings(by=mo, connection=ruxa, **SETTINGS)
    fresh = _fresh(ruxa)
    assert {name: getattr(fresh, name) for name in SETTINGS} == SETTINGS
    assert fresh.secret_key == KEY
    assert _pause(ruxa) == (True, "Until Monday", False)


def test_set_model_lifecycle_refuses_a_word_that_is_none(ruxa: Connection, mo: User) -> None:
    model = VideoModel.objects.get(slug="ruxa-sora-2")
    with pytest.raises(ValueError, match="gone"):
        actions.set_model_lifecycle(by=mo, model=model, lifecycle="gone")


@pytest.mark.parametrize("persona", [factories.ada, factories.rae, factories.eve])
def test_only_admins_may_change_the_catalog(ruxa: Connection, persona: Callable[[], User]) -> None:
    by, model = persona(), VideoModel.objects.get(slug="ruxa-sora-2")
    before = Connection.objects.values().get(pk=ruxa.pk)
    for change in (
        lambda: actions.set_key(by=by, connection=ruxa, key=KEY),
        lambda: actions.remove_key(by=by, connection=ruxa),
        lambda: actions.change_settings(by=by, connection=ruxa, **SETTINGS),
        lambda: actions.pause_connection(by=by, connection=ruxa, reason="x"),
        lambda: actions.resume_connection(by=by, connection=ruxa),
        lambda: actions.set_model_lifecycle(by=by, model=model, lifecycle="retired"),
    ):
        with pytest.raises(NotAllowed):
            change()
    assert Connection.objects.values().get(pk=ruxa.pk) == before
    assert VideoModel.objects.get(pk=model.pk).lifecycle == "active"
