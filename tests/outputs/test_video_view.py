"""One video's page and its moving part: who sees it, what it says in each state, when it stops asking."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sora_portal.generations.domain import State
from sora_portal.generations.models import Attempt, Event, Generation
from sora_portal.generations.transitions import move
from tests import factories
from tests.outputs import clips

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def as_person(client: Client, name: str) -> Client:
    """Sign in."""
    client.force_login(getattr(factories, name)())
    return client


def page(client: Client, row: Generation) -> str:
    """Return the video's page."""
    response = client.get(f"/videos/{row.public_id}/")
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("path", ["", "state/"])
def test_video_sends_anonymous_to_the_sign_in(path: str, client: Client) -> None:
    row = factories.generation()

    assert client.get(f"/videos/{row.public_id}/{path}")["Location"].startswith("/accounts/login/")
    asked = client.get(f"/videos/{row.public_id}/{path}", headers=HTMX)
    assert asked["HX-Redirect"].startswith("/accounts/login/")


@pytest.mark.parametrize("path", ["", "state/"])
def test_video_is_not_there_for_a_stranger(path: str, client: Client) -> None:
    row = factories.generation()
    as_person(client, "eve")

    assert (
        client.get(f"/videos/{row.public_id}/{path}", headers={**HTMX, "HX-PTag": str(row.changed)}).status_code == 404
    )
    assert client.get(f"/videos/nothing/{path}").status_code == 404


@pytest.mark.parametrize("path", ["", "state/"])
def test_video_cannot_be_posted_to(path: str, client: Client) -> None:
    row = factories.generation()

    assert as_person(client, "ada").post(f"/videos/{row.public_id}/{path}").status_code == 405


@pytest.mark.parametrize("person", ["ada", "rae", "mo"])
def test_video_that_is_finished_has_player_file_and_origin(person: str, client: Client) -> None:
    row = clips.finished(prompt="Ocean <waves>")

    text = page(as_person(client, person), row)

    assert f'src="/videos/{row.public_id}/file.mp4"' in text
    assert f'poster="/videos/{row.public_id}/poster.webp"' in text
    assert f'href="/videos/{row.public_id}/file.mp4?download=1"' in text
    assert 'data-fps="24.0"' in text
    assert f'href="/?from={row.public_id}"' in text
    assert "AI-generated" in text
    assert f'data-copy="{row.sha256}"' in text
    assert "Ocean &lt;waves&gt;" in text
    assert '<dt>Shape</dt><dd dir="auto">16:9</dd>' in text
    assert '<dt>Spent</dt><dd dir="auto">40 credits</dd>' in text
    assert "40 credits spent" in text
    assert "data-poll" not in text


@pytest.mark.parametrize(
    "state",
    [
        State.QUEUED,
        State.SUBMITTING,
        State.UNCONFIRMED,
        State.RUNNING,
        State.FETCHING,
        State.NEEDS_DECISION,
    ],
)
def test_video_that_is_live_has_no_player_and_asks_for_news(state: State, client: Client) -> None:
    row = factories.generation(state=state)

    text = page(as_person(client, "ada"), row)

    assert "<video" not in text
    assert f'hx-get="/videos/{row.public_id}/state/"' in text
    assert f'hx-ptag="{row.changed}"' in text
    assert f'data-state="{state}"' in text
    assert '<dt>Reserved</dt><dd dir="auto">40 credits</dd>' in text


@pytest.mark.parametrize(("state", "word"), [(State.FAILED, "Failed"), (State.CANCELLED, "Cancelled")])
def test_video_that_ended_without_a_file_explains_itself_and_asks_no_more(
    state: State, word: str, client: Client
) -> None:
    row = factories.generation(state=state)

    text = page(as_person(client, "ada"), row)

    assert word in text
    assert row.failure_text in text
    assert '<dt>Returned</dt><dd dir="auto">40 credits</dd>' in text
    assert "data-poll" not in text


def test_video_that_could_not_be_fetched_yet_says_why(client: Client) -> None:
    row = factories.generation(state=State.FETCHING)
    Generation.objects.filter(pk=row.pk).update(failure_text="The vendor sent a web page instead of the video.")

    assert "The vendor sent a web page instead of the video." in page(as_person(client, "ada"), row)


def test_video_shows_details_to_admins_only_and_without_secrets(client: Client) -> None:
    row = factories.generation(state=State.FAILED, task_id="task-for-the-vendor")
    Attempt.objects.filter(generation=row).update(
        vendor_message="Bearer abcdefgh refused; see /callbacks/abcdefghijk/", vendor_code="1234-odd"
    )
    Event.objects.create(
        generation=row, at=timezone.now(), kind="note", text="Looked at", staff_text="key sk-secretsecret"
    )

    seen_by = {name: page(as_person(client, name), row) for name in ("ada", "rae", "mo")}

    for word in ("Details for admins", "task-for-the-vendor", "1234-odd", "[redacted]"):
        assert word not in seen_by["ada"] + seen_by["rae"]
    assert "task-for-the-vendor" in seen_by["mo"]
    assert "Bearer [redacted] refused; see /callbacks/[redacted]/" in seen_by["mo"]
    assert "key [redacted]" in seen_by["mo"]
    assert not [text for text in seen_by.values() if "abcdefgh" in text or "secretsecret" in text]


def test_video_tells_who_did_what(client: Client) -> None:
    row = factories.generation(state=State.FAILED)
    move_events = [event.target for event in row.events.all()]

    text = page(as_person(client, "rae"), row)

    assert move_events == ["queued", "submitting", "running", "failed"]
    history = text.split('id="video-history"')[1].split("</ol>")[0]
    assert history.index("40 credits returned") < history.index("The vendor is making it")
    assert history.index("The vendor is making it") < history.index("Submitted; 40 credits reserved")
    assert "Ada Moreau · " in history


def test_video_offers_review_to_reviewers_of_others_videos(client: Client) -> None:
    row = clips.finished()
    own = clips.finished(author=factories.rae())
    link = 'href="/review/{}/"'

    assert link.format(row.public_id) in page(as_person(client, "rae"), row)
    assert link.format(own.public_id) not in page(client, own)
    assert link.format(row.public_id) not in page(as_person(client, "ada"), row)


def ask(client: Client, row: Generation, seen: int) -> tuple[int, str, dict[str, str]]:
    """Ask for news as the page does that has seen change number `seen`."""
    response = client.get(f"/videos/{row.public_id}/state/", headers={**HTMX, "HX-PTag": str(seen)})
    return response.status_code, response.content.decode(), dict(response.items())


def test_state_is_304_while_nothing_moved(client: Client) -> None:
    row = factories.generation(state=State.RUNNING)

    assert ask(as_person(client, "ada"), row, row.changed)[:2] == (304, "")


def test_state_brings_what_moved_with_pill_history_and_money(client: Client) -> None:
    row = factories.generation(state=State.RUNNING)
    seen = row.changed
    move(row, State.FETCHING, now=timezone.now(), due_at=timezone.now(), text="The vendor finished")

    status, text, headers = ask(as_person(client, "ada"), row, seen)

    assert status == 200
    assert headers["HX-PTag"] == str(row.changed)
    assert "HX-Refresh" not in headers
    assert "HX-Reswap" not in headers
    assert 'data-state="fetching"' in text
    for target in ("#video-pill", "#video-history", "#video-money"):
        assert f'<hx-partial hx-target="{target}"' in text
    assert "Saving" in text
    assert "<!doctype" not in text
    assert "data-poll" not in text


def test_state_reloads_the_page_of_a_finished_video(client: Client) -> None:
    row = clips.finished()

    status, _, headers = ask(as_person(client, "ada"), row, row.changed - 1)

    assert (status, headers["HX-Refresh"]) == (200, "true")


def test_state_takes_the_asking_element_away_when_it_failed(client: Client) -> None:
    row = factories.generation(state=State.FAILED)

    status, text, headers = ask(as_person(client, "ada"), row, row.changed - 1)

    assert (status, headers["HX-Reswap"]) == (200, "outerHTML")
    assert row.failure_text in text
    assert "data-poll" not in text


def test_state_costs_three_queries_when_nothing_moved(client: Client) -> None:
    row = factories.generation(state=State.RUNNING)
    as_person(client, "ada")

    with CaptureQueriesContext(connection) as captured:
        assert ask(client, row, row.changed)[0] == 304
    assert len(captured) == 3  # session, person, tag


def test_video_asks_the_database_as_often_for_fifty_events_as_for_one(client: Client) -> None:
    row = factories.generation(state=State.FAILED)
    as_person(client, "mo")

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(client, row)
        return len(captured)

    few = count()
    for number in range(50):
        Event.objects.create(generation=row, at=timezone.now(), by=factories.rae(), kind="note", text=f"Note {number}")
    assert count() == few


def test_video_says_the_same_thing_once(client: Client) -> None:
    row = factories.generation(state=State.NEEDS_DECISION)
    for _ in range(3):
        Event.objects.create(generation=row, at=timezone.now(), kind="fetch", text="The download stopped.")

    assert page(as_person(client, "ada"), row).count("The download stopped.") == 1
