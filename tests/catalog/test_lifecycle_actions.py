"""A model's way out: its day, what follows it, and the portal's own pause."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sora_portal.accounts.models import User
from sora_portal.catalog import actions
from sora_portal.catalog.models import Connection, VideoModel
from sora_portal.errors import NotAllowed
from tests import factories

pytestmark = pytest.mark.django_db


def _model(slug: str = "ruxa-sora-2") -> VideoModel:
    return VideoModel.objects.select_related("connection", "successor").get(slug=slug)


def _set(mo: User, **values: Any) -> VideoModel:
    actions.set_model_lifecycle(by=mo, model=_model(), **{"lifecycle": "active", **values})
    return _model()


def test_a_day_to_come_changes_nothing_yet_and_is_told(ruxa: Connection, mo: User) -> None:
    day = timezone.localdate() + timedelta(days=1)
    model = _set(mo, retires_on=day, successor=_model("apixo-kling-2-6"))
    assert (model.lifecycle, model.stage, model.takes_new) == ("active", "active", True)
    assert model.news[0].startswith("Sora 2 ends on ")
    assert VideoModel.objects.offered().filter(slug="ruxa-sora-2").exists()


def test_on_its_day_a_model_is_retired_without_anybody_doing_anything(ruxa: Connection, mo: User) -> None:
    VideoModel.objects.filter(slug="ruxa-sora-2").update(retires_on=timezone.localdate())
    model = _model()
    assert (model.lifecycle, model.stage, model.takes_new) == ("active", "retired", False)
    assert not VideoModel.objects.offered().filter(slug="ruxa-sora-2").exists()


def test_the_day_begins_at_midnight_in_the_organisations_time_zone(ruxa: Connection, settings: Any) -> None:
    settings.TIME_ZONE = "Pacific/Kiritimati"  # fourteen hours ahead of UTC
    today = timezone.localdate()
    VideoModel.objects.filter(slug="ruxa-sora-2").update(retires_on=today)
    assert _model().takes_new is False


def test_retiring_writes_down_the_day(ruxa: Connection, mo: User) -> None:
    later = timezone.localdate() + timedelta(days=30)
    assert _set(mo, lifecycle="retired").retires_on == timezone.localdate()
    assert _set(mo, lifecycle="retired", retires_on=later).retires_on == timezone.localdate()


def test_a_retired_model_comes_back_when_its_day_is_taken_away(ruxa: Connection, mo: User) -> None:
    _set(mo, lifecycle="retired")
    assert _set(mo, lifecycle="active").takes_new is True


def test_a_model_cannot_follow_itself(ruxa: Connection, mo: User) -> None:
    with pytest.raises(ValueError, match="follow itself"):
        _set(mo, successor=_model())


def test_the_portals_own_pause_is_told_from_a_persons_and_members_never_read_the_vendors_words(
    ruxa: Connection, mo: User
) -> None:
    actions.latch_model(model=_model(), reason="it does not serve this model (渠道)")
    assert (_model().latched, "渠道" in _model().closed_text) == (True, False)
    assert actions.resume_model(by=mo, model=_model()) is True
    assert (_model().lifecycle, _model().latched, _model().lifecycle_note) == ("active", False, "")
    assert actions.resume_model(by=mo, model=_model()) is False


def test_a_vendor_goes_with_all_its_models(ruxa: Connection, mo: User) -> None:
    _set(mo, successor=_model("apixo-veo-3-1"))
    kling, today = _model("apixo-kling-2-6"), timezone.localdate()
    ended = actions.retire_models(by=mo, connection=ruxa, on=today, successor=kling, note="Closed", today=today)
    assert ended == ruxa.models.count()
    assert {model.stage for model in ruxa.models.all()} == {"retired"}
    assert [_model(slug).successor.slug for slug in ("ruxa-sora-2", "ruxa-sora-2-hd")] == [  # type: ignore[union-attr]
        "apixo-veo-3-1",
        "apixo-kling-2-6",
    ]
    assert actions.retire_models(by=mo, connection=ruxa, on=today, successor=None, note="", today=today) == 0


def test_only_admins_end_models(ruxa: Connection) -> None:
    today = timezone.localdate()
    with pytest.raises(NotAllowed):
        actions.retire_models(by=factories.rae(), connection=ruxa, on=today, successor=None, note="", today=today)
    with pytest.raises(NotAllowed):
        actions.resume_model(by=factories.ada(), model=_model())
    assert _model().takes_new
