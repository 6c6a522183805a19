"""What other pages show of reviews: `/review/next/` in the studio, `/videos/<id>/review/` beside a video."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sora_portal.accounts.models import User
from sora_portal.generations.domain import State
from sora_portal.generations.models import Generation
from tests import factories
from tests.reviews import shots

pytestmark = pytest.mark.django_db
NEXT = "/review/next/"


def history(row: Generation) -> str:
    return reverse("reviews:history", args=[row.public_id])


def test_next_sends_a_visitor_to_sign_in(client: Client) -> None:
    assert client.get(NEXT).headers["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("persona", [factories.ada, factories.eve])
def test_next_is_empty_for_those_who_review_nothing(client: Client, persona: Callable[[], User]) -> None:
    shots.video()
    client.force_login(persona())
    answer = client.get(NEXT)
    assert (answer.status_code, answer.content) == (200, b"")


def test_next_is_empty_when_nothing_waits(client: Client) -> None:
    shots.video("approved")
    shots.video(author=factories.rae())
    client.force_login(factories.rae())
    assert client.get(NEXT).content == b""


def test_next_is_the_oldest_that_waits(client: Client) -> None:
    first, second = shots.video(), shots.video()
    client.force_login(factories.rae())
    page = client.get(NEXT).text
    assert f"/review/{first.public_id}/" in page
    assert second.public_id not in page
    assert "<html" not in page


def test_next_takes_no_post(client: Client) -> None:
    client.force_login(factories.rae())
    assert client.post(NEXT).status_code == 405


def test_history_sends_a_visitor_to_sign_in(client: Client) -> None:
    assert client.get(history(shots.video())).headers["Location"].startswith("/accounts/login/")


def test_history_is_not_there_for_a_stranger(client: Client) -> None:
    row = shots.video()
    client.force_login(factories.eve())
    assert client.get(history(row)).status_code == 404


def test_history_takes_no_post(client: Client) -> None:
    client.force_login(factories.ada())
    assert client.post(history(shots.video())).status_code == 405


def test_history_shows_the_author_decisions_and_notes(client: Client) -> None:
    row = shots.video()
    shots.note(row, text="Horizon tilts")
    shots.decide(row, "request_changes", "Too dark")
    client.force_login(factories.ada())
    page = client.get(history(row)).text
    assert "Changes requested</b> by <bdi>Rae Okafor</bdi>" in page
    assert "Too dark" in page
    assert 'data-seek="59"' in page
    assert "Horizon tilts" in page
    assert "<html" not in page
    assert "Open review" not in page


def test_history_tells_the_author_who_will_decide(client: Client) -> None:
    row = shots.video()
    client.force_login(factories.ada())
    assert "Waits for a decision by Rae Okafor or Mo Lindqvist." in client.get(history(row)).text


def test_history_leads_a_reviewer_to_the_screen(client: Client) -> None:
    row = shots.video()
    client.force_login(factories.rae())
    page = client.get(history(row)).text
    assert "Waits for your decision." in page
    assert f'href="/review/{row.public_id}/"' in page


def test_history_says_when_nobody_can_decide(client: Client) -> None:
    lonely = factories.project("Lonely", members=(factories.ada(),))
    row = shots.video(in_project=lonely)
    User.objects.filter(role="admin").update(is_active=False)
    client.force_login(factories.ada())
    assert "nobody may review this project yet" in client.get(history(row)).text


def test_history_of_an_unfinished_video_says_nothing(client: Client) -> None:
    row = factories.generation(state=State.RUNNING)
    client.force_login(factories.ada())
    assert client.get(history(row)).text.strip() == ""


def test_history_asks_the_database_as_often_for_fifty_notes_as_for_one(client: Client) -> None:
    row = shots.video()
    client.force_login(factories.ada())
    counts = []
    for wanted in (1, 49):
        for frame in range(wanted):
            shots.note(row, frame=frame)
            shots.decide(row, "request_changes", "Once more")
        with CaptureQueriesContext(connection) as asked:
            page = client.get(history(row)).text
        counts.append(len(asked))
    assert page.count('class="tc"') == 50
    assert counts[0] == counts[1]
