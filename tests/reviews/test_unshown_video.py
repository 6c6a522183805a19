"""A video that not every browser can show: the server takes no decision on it that does not say it was watched."""

import pytest
from django.test import Client
from django.urls import reverse

from sora_portal.generations.models import Generation
from sora_portal.outputs.models import Output
from sora_portal.reviews import actions
from tests import factories
from tests.outputs import clips
from tests.reviews import shots

pytestmark = pytest.mark.django_db


@pytest.fixture
def row() -> Generation:
    """A video in HEVC of which no preview could be made."""
    row = clips.finished(review="to_review")
    Output.objects.filter(generation=row).update(codec="hevc", plays_everywhere=False)
    return row


@pytest.mark.parametrize("verdict", ["approve", "request_changes", "reject"])
def test_decision_without_having_watched_is_refused(verdict: str, row: Generation) -> None:
    with pytest.raises(actions.NotWatched, match="watch it first"):
        shots.decide(row, verdict, "Too dark")

    row.refresh_from_db()
    assert row.review == "to_review"


def test_decision_with_a_preview_needs_no_word(row: Generation) -> None:
    Output.objects.filter(generation=row).update(has_preview=True)
    assert shots.decide(row).verdict == "approve"


def test_reopening_needs_no_picture(row: Generation) -> None:
    Generation.objects.filter(pk=row.pk).update(review="approved")
    assert shots.decide(row, "reopen", "Look again").verdict == "reopen"


@pytest.mark.parametrize("htmx", [{}, shots.HTMX])
def test_form_asks_for_the_word_and_takes_it(htmx: dict[str, str], client: Client, row: Generation) -> None:
    client.force_login(factories.rae())
    page = client.get(reverse("reviews:screen", args=[row.public_id])).content.decode()
    assert "data-watched>" in page
    assert "This browser cannot show this video" in page
    address = reverse("reviews:decide", args=[row.public_id])

    blind = client.post(address, shots.form_of(row, reason="Fine"), headers=htmx)
    assert blind.status_code == 422
    assert "Download this video and watch it first" in blind.content.decode()
    assert "Fine" in blind.content.decode()

    client.post(address, shots.form_of(row, watched="on"), headers=htmx)
    row.refresh_from_db()
    assert row.review == "approved"


def test_form_of_a_video_that_every_browser_shows_does_not_ask(client: Client) -> None:
    client.force_login(factories.rae())
    page = client.get(reverse("reviews:screen", args=[clips.finished(review="to_review").public_id])).content.decode()
    assert "data-watched hidden>" in page
