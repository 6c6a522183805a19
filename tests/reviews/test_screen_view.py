"""`/review/<id>/`: one video to look at and decide on."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from sora_portal.generations.domain import State
from sora_portal.generations.models import Generation
from sora_portal.outputs.models import Output
from tests import factories
from tests.reviews import shots

pytestmark = pytest.mark.django_db


def url(row: Generation) -> str:
    return reverse("reviews:screen", args=[row.public_id])


def test_screen_sends_a_visitor_to_sign_in(client: Client) -> None:
    address = url(shots.video())
    assert client.get(address).headers["Location"] == f"/accounts/login/?next={address}"


def test_screen_is_not_there_for_a_stranger(client: Client) -> None:
    row = shots.video()
    client.force_login(factories.eve())
    assert client.get(url(row)).status_code == 404


def test_screen_is_not_there_for_a_reviewer_of_other_projects(client: Client) -> None:
    row = shots.video()
    client.force_login(factories.user("kim", "reviewer"))
    assert client.get(url(row)).status_code == 404


def test_screen_tells_the_author_who_decides(client: Client) -> None:
    row = shots.video()
    client.force_login(factories.ada())
    answer = client.get(url(row))
    assert answer.status_code == 403
    assert "Only a reviewer can decide on a video. Rae Okafor or Mo Lindqvist can do it." in answer.text


def test_screen_takes_no_put(client: Client) -> None:
    row = shots.video()
    client.force_login(factories.rae())
    assert client.put(url(row)).status_code == 405


def test_screen_of_an_unfinished_video_leads_to_its_page(client: Client) -> None:
    row = factories.generation(state=State.RUNNING)
    client.force_login(factories.rae())
    assert client.get(url(row)).headers["Location"] == f"/videos/{row.public_id}/"


def test_screen_shows_the_video_and_every_decision(client: Client) -> None:
    row = shots.video(prompt="Paper boats on a canal")
    client.force_login(factories.rae())
    page = client.get(url(row)).text
    assert f'src="/videos/{row.public_id}/file.mp4"' in page
    assert "Paper boats on a canal" in page
    assert re.findall(r'name="verdict" value="(\w+)"', page) == ["approve", "request_changes", "reject"]
    assert f'name="sha256" value="{row.sha256}"' in page


def test_screen_plays_at_the_measured_rate(client: Client) -> None:
    row = shots.video()
    measures = {"size": 1, "mime": "video/mp4", "width": 1280, "height": 720, "duration_ms": 10_000, "codec": "h264"}
    Output.objects.create(
        generation=row,
        sha256=row.sha256,
        fps=29.97,
        has_audio=True,
        source_host="x",
        fetched_at=timezone.now(),
        **measures,
    )
    client.force_login(factories.rae())
    assert 'data-fps="29.97"' in client.get(url(row)).text


@pytest.mark.parametrize(("key", "label"), [("A", "Approve"), ("R", "Request changes")])
def test_decision_button_shows_its_key(client: Client, key: str, label: str) -> None:
    row = shots.video()
    client.force_login(factories.rae())
    buttons = re.findall(r"<button[^>]*name=\"verdict\".*?</button>", client.get(url(row)).text, re.DOTALL)
    (button,) = [button for button in buttons if label in button]
    assert f'aria-keyshortcuts="{key}"' in button
    assert f'data-key="{key.lower()}"' in button
    assert f'<kbd aria-hidden="true">{key}</kbd>' in button


def test_note_field_and_neighbours_have_keys(client: Client) -> None:
    rows = [shots.video() for _ in range(3)]
    client.force_login(factories.rae())
    page = client.get(url(rows[1])).text
    assert re.search(r'<textarea[^>]*aria-keyshortcuts="C"[^>]*data-key="c"', page)
    assert "2 of 3 in queue" in page
    assert f'rel="prev" href="{url(rows[0])}"' in page
    assert f'rel="next" href="{url(rows[2])}"' in page
    assert 'data-key="p"' in page
    assert 'data-key="n"' in page


def test_screen_of_ones_own_video_is_for_reading(client: Client) -> None:
    row = shots.video(author=factories.rae())
    client.force_login(factories.rae())
    page = client.get(url(row)).text
    assert "You made this video, so somebody else decides on it. Mo Lindqvist can do it." in page
    assert 'name="verdict"' not in page
    assert 'name="note-text"' not in page


def test_screen_of_an_approved_video_offers_only_to_reopen(client: Client) -> None:
    row = shots.video()
    shots.note(row, text="Love the light")
    shots.decide(row)
    client.force_login(factories.mo())
    page = client.get(url(row)).text
    assert re.findall(r'name="verdict" value="(\w+)"', page) == ["reopen"]
    assert "Love the light" in page
    assert 'name="note-text"' not in page
    assert "Approved</b> by <bdi>Rae Okafor</bdi>" in page


def test_screen_says_when_a_decision_was_about_another_file(client: Client) -> None:
    row = shots.video()
    shots.decide(row)
    client.force_login(factories.mo())
    assert "another file" not in client.get(url(row)).text
    Generation.objects.filter(pk=row.pk).update(sha256="f" * 64)
    assert "another file than the one stored now" in client.get(url(row)).text


def test_screen_escapes_what_people_write(client: Client) -> None:
    row = shots.video(prompt="<script>alert(1)</script>")
    shots.note(row, text="<img src=x onerror=alert(2)>")
    client.force_login(factories.rae())
    page = client.get(url(row)).text
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_post_to_the_screen_brings_the_text_along_and_decides_nothing(client: Client) -> None:
    row = shots.video()
    client.force_login(factories.rae())
    page = client.post(url(row), {"reason": "Too dark", "verdict": "approve"}).text
    assert "Too dark</textarea>" in page
    row.refresh_from_db()
    assert row.review == "to_review"


def test_screen_asks_the_database_as_often_for_fifty_notes_as_for_one(client: Client) -> None:
    row = shots.video()
    client.force_login(factories.rae())
    counts = []
    for wanted in (1, 49):
        for frame in range(wanted):
            shots.note(row, frame=frame, by=factories.mo())
        with CaptureQueriesContext(connection) as asked:
            page = client.get(url(row)).text
        counts.append(len(asked))
    assert page.count('class="tc"') == 50
    assert counts[0] == counts[1]
