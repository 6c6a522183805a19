"""The library: who sees what, filters, search, pages."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from sora_portal.generations.domain import State
from sora_portal.outputs import queries
from tests import factories
from tests.outputs import clips

pytestmark = pytest.mark.django_db


def shown(client: Client, query: str = "") -> list[str]:
    """Return the ids of the videos on the page, in order."""
    response = client.get(f"/library/{query}")
    assert response.status_code == 200
    return re.findall(r'id="generation-(\w+)"', response.content.decode())


def as_person(client: Client, name: str) -> Client:
    """Sign in."""
    client.force_login(getattr(factories, name)())
    return client


def test_library_sends_anonymous_to_the_sign_in(client: Client) -> None:
    assert client.get("/library/")["Location"] == "/accounts/login/?next=/library/"


def test_library_cannot_be_posted_to(client: Client) -> None:
    assert as_person(client, "ada").post("/library/").status_code == 405


@pytest.mark.parametrize("person", ["ada", "rae", "mo"])
def test_library_shows_the_videos_of_ones_projects_newest_first(person: str, client: Client) -> None:
    first, second = clips.finished(), factories.generation(author=factories.rae())

    assert shown(as_person(client, person)) == [second.public_id, first.public_id]


def test_library_of_a_stranger_is_empty_and_says_what_will_be_there(client: Client) -> None:
    clips.finished()

    page = as_person(client, "eve").get("/library/").content.decode()

    assert "generation-" not in page
    assert "No videos yet" in page
    assert "Make the first one" in page


def test_library_shows_poster_length_and_state(client: Client) -> None:
    row = clips.finished()

    page = as_person(client, "ada").get("/library/").content.decode()

    assert f'src="/videos/{row.public_id}/poster.webp"' in page
    assert ">0:10<" in page
    assert 'data-state="succeeded"' in page
    assert "To review" in page


def test_library_filters_by_state_person_and_project(client: Client) -> None:
    other = factories.project("Spring", members=(factories.ada(),))
    mine = clips.finished(review="approved")
    hers = clips.finished(author=factories.rae())
    spring = factories.generation(in_project=other)
    failed = factories.generation(state=State.FAILED)
    as_person(client, "ada")

    assert shown(client, "?show=approved") == [mine.public_id]
    assert shown(client, "?show=review") == [hers.public_id]
    assert shown(client, "?show=working") == [spring.public_id]
    assert shown(client, "?show=failed") == [failed.public_id]
    assert shown(client, "?project=spring") == [spring.public_id]
    assert hers.public_id not in shown(client, "?person=mine")
    assert shown(client, "?person=mine&show=review") == []


def test_library_search_finds_words_of_the_prompt(client: Client) -> None:
    found = factories.generation(prompt="A Red Balloon over the sea")
    factories.generation(prompt="A blue whale")
    as_person(client, "ada")

    assert shown(client, "?q=red+balloon") == [found.public_id]
    assert shown(client, "?q=%25") == []


@pytest.mark.parametrize(
    "asked", ["лиса", "ЛИСА", "мост ЛИС", "bridge fox", "fox bridge", "FOX%0ABridge", "cafe", "CAFE%CC%81", "fo\u200bx"]
)
def test_library_search_knows_no_case_accents_line_breaks_or_order(asked: str, client: Client) -> None:
    found = factories.generation(prompt="Лиса мост\nA fox on the old\r\nbridge, café")
    factories.generation(prompt="An owl under a bridge")
    as_person(client, "ada")
    assert shown(client, f"?q={asked}") == [found.public_id]


def test_library_search_is_shown_escaped_and_can_be_cleared(client: Client) -> None:
    words = '"><script>alert(1)</script>'

    page = as_person(client, "ada").get("/library/", {"q": words, "show": "approved"}).content.decode()

    assert escape(words) in page
    assert "<script>alert" not in page
    assert "Nothing matches" in page
    assert 'href="/library/">Clear filters' in page
    assert 'href="?show=approved"' in page


@pytest.mark.parametrize(
    "query",
    [
        "?before=²",
        "?before=99999999999999999999999",
        "?before=-1",
        "?show=nonsense",
        "?project=%00",
        "?q=%00",
        "?q=" + "x" * 5000,
        "?person=everybody",
    ],
)
def test_library_takes_a_senseless_address_calmly(query: str, client: Client) -> None:
    assert as_person(client, "ada").get(f"/library/{query}").status_code == 200


def test_library_does_not_tell_whether_a_foreign_project_exists(client: Client) -> None:
    clips.finished()

    assert shown(as_person(client, "eve"), "?project=autumn-launch") == []


def test_library_pages_by_key(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries.library, "__kwdefaults__", {"size": 2})
    rows = [factories.generation(prompt=f"Video {number}") for number in range(5)]
    newest_first = [row.public_id for row in reversed(rows)]
    as_person(client, "ada")

    assert shown(client, "?q=video") == newest_first[:2]
    first = client.get("/library/?q=video").content.decode()
    older = re.search(r'href="(\?q=video&amp;before=\d+)"[^>]*>Older', first)
    assert older is not None
    assert "Newest" not in first
    second = client.get("/library/" + older[1].replace("&amp;", "&")).content.decode()
    assert re.findall(r'id="generation-(\w+)"', second) == newest_first[2:4]
    assert 'href="?q=video"' in second
    assert shown(client, f"?before={rows[1].pk}") == newest_first[4:]


def test_library_past_the_last_page_offers_the_way_back(client: Client) -> None:
    page = as_person(client, "ada").get("/library/?before=1").content.decode()

    assert "Nothing matches" in page
    assert "Newest" in page


def _count(client: Client) -> int:
    """Return how many queries the library takes."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get("/library/").status_code == 200
    return len(captured)


def test_library_asks_the_database_as_often_for_fifty_rows_as_for_one(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries.library, "__kwdefaults__", {"size": 50})
    as_person(client, "rae")
    factories.generation()
    one = _count(client)
    for number in range(49):
        factories.generation(prompt=f"Video {number}")

    assert _count(client) == one
    assert len(shown(client)) == 50
