"""catalog.VideoModel: a spec that cannot be read is refused, and only two stages take new videos."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from sora_portal.catalog.models import Connection, VideoModel
from tests.catalog.spec.specs import small

pytestmark = pytest.mark.django_db


def test_clean_refuses_a_spec_that_cannot_be_read(ruxa: Connection) -> None:
    model = VideoModel(connection=ruxa, slug="new", label="New", spec=small(prices=[]))
    with pytest.raises(ValidationError) as caught:
        model.full_clean()
    assert caught.value.message_dict == {"spec": ["the last price rule must match everything"]}


def test_clean_accepts_a_good_spec(ruxa: Connection) -> None:
    VideoModel(connection=ruxa, slug="new", label="New", spec=small()).full_clean()


@pytest.mark.parametrize(
    ("lifecycle", "offered"), [("active", True), ("degraded", True), ("paused", False), ("retired", False)]
)
def test_model_is_offered_in_its_first_two_stages_only(ruxa: Connection, lifecycle: str, offered: bool) -> None:
    VideoModel.objects.filter(slug="ruxa-sora-2").update(lifecycle=lifecycle)
    assert VideoModel.objects.offered().filter(slug="ruxa-sora-2").exists() is offered
    assert VideoModel.objects.get(slug="ruxa-sora-2").takes_new is offered


def test_database_refuses_a_stage_that_is_none(ruxa: Connection) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        VideoModel.objects.filter(slug="ruxa-sora-2").update(lifecycle="gone")


def test_model_is_named_after_itself_and_its_vendor(ruxa: Connection) -> None:
    assert str(VideoModel.objects.get(slug="ruxa-sora-2")) == "Sora 2 (Ruxa AI)"
