"""A model that has ended by its day takes no place in the line that others wait in."""

import pytest
from django.utils import timezone

from sora_portal.catalog.models import Connection, VideoModel
from sora_portal.generations import admission
from sora_portal.generations.dispatch import claim
from sora_portal.generations.models import Generation
from sora_portal.generations.studio import delays
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_video_of_an_ended_model_lets_the_others_pass() -> None:
    ended = factories.generation()
    other = factories.generation(model=factories.offered_model("ruxa-sora-2-hd"))
    Connection.objects.update(max_in_flight=1)
    VideoModel.objects.filter(slug="ruxa-sora-2").update(retires_on=timezone.localdate())
    assert admission.queue_order(other.connection_id, timezone.now()) == [other.pk]
    assert claim.claim(ended.pk, timezone.now()) is None
    assert claim.claim(other.pk, timezone.now()) is not None


@pytest.mark.parametrize("closed", [{"lifecycle": "paused"}, {"retires_on": timezone.localdate()}])
def test_what_waits_for_a_closed_model_is_not_said_to_wait_for_a_free_place(closed: dict[str, object]) -> None:
    row = factories.generation()
    VideoModel.objects.filter(slug="ruxa-sora-2").update(**closed)
    claim.claim(row.pk, timezone.now())
    assert Generation.objects.exclude(waiting_for="").exists()
    assert delays.delays(timezone.now()) == []
