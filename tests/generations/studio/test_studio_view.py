"""The studio page."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from sora_portal.accounts.models import User
from sora_portal.catalog.models import Connection, VideoModel
from sora_portal.generations import queries
from sora_portal.generations.domain import State
from sora_portal.generations.models import Generation
from tests import factories

pytestmark = pytest.mark.django_db


def _page(client: Client, person: User, address: str = "/") -> str:
    client.force_login(person)
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_anonymous_visitor_is_sent_to_sign_in(client: Client) -> None:
    assert client.get("/").headers["Location"] == "/accounts/login/?next=/"


def test_an_expired_session_signs_in_again_from_the_page_it_was_on(client: Client) -> None:
    answer = client.get("/feed/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/?show=working"})
    assert (answer.status_code, answer["HX-Redirect"]) == (200, "/accounts/login/?next=%2F%3Fshow%3Dworking")


def test_a_row_carries_its_public_id_and_state(client: Client) -> None:
    row = factories.generation(state=State.RUNNING)
    page = _page(client, factories.ada())
    assert f'id="generation-{row.public_id}"' in page
    assert 'data-state="running"' in page


def test_a_row_says_a_long_prompt_once(client: Client) -> None:
    """As its title, which the script copies: fifty rows of 5,000 characters are a large page as it is."""
    prompt = "A slow dolly along a rain-soaked street, " * 20
    Generation.objects.filter(pk=factories.generation().pk).update(prompt=prompt)
    page = _page(client, factories.ada())
    assert page.count(prompt) == 1
    assert f'class="title" href="{_video_url()}">{prompt}</a>' in page
    assert "data-copy-title" in page


def _video_url() -> str:
    return reverse("outputs:video", args=[Generation.objects.get().public_id])


def test_a_stranger_sees_no_row_of_others(client: Client) -> None:
    factories.generation()
    page = _page(client, factories.eve())
    assert "generation-" not in page.replace("generations", "")
    assert "Ocean waves crashing against rocky cliffs<" not in page


def test_an_admin_sees_projects_that_they_do_not_belong_to(client: Client) -> None:
    row = factories.generation(in_project=factories.project("Secret", members=(factories.ada(),)))
    assert f"generation-{row.public_id}" in _page(client, factories.mo())
    assert f"generation-{row.public_id}" not in _page(client, factories.rae())


def test_filters_are_links_that_show_only_their_state(client: Client) -> None:
    running, done = factories.generation(state=State.RUNNING), factories.generation(state=State.SUCCEEDED)
    page = _page(client, factories.ada(), "/?show=working")
    assert f"generation-{running.public_id}" in page
    assert f"generation-{done.public_id}" not in page


def test_older_videos_come_by_keyset_pages(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE", 20)
    rows = [factories.generation() for _ in range(23)]
    first = _page(client, factories.ada())
    assert f"generation-{rows[0].public_id}" not in first
    address = first.split('class="older"')[1].split('href="')[1].split('"')[0].replace("&amp;", "&")
    second = _page(client, factories.ada(), address)
    assert [row.public_id in second for row in rows] == [True] * 3 + [False] * 20


NONSENSE = ("before=x", "before=-1", "before=²", "before=99999999999999999999", "show=nonsense", "from=nobody")


@pytest.mark.parametrize("query", NONSENSE)
def test_nonsense_in_the_address_shows_the_first_page(client: Client, query: str) -> None:
    row = factories.generation()
    assert f"generation-{row.public_id}" in _page(client, factories.ada(), f"/?{query}")


def test_use_again_fills_the_composer(client: Client) -> None:
    row = factories.generation(model=factories.offered_model("apixo-sora-2"), prompt="A very odd prompt", seconds="15")
    page = _page(client, factories.ada(), f"/?from={row.public_id}")
    composer = page.split('id="composer"')[1].split("</form>")[0]
    assert "A very odd prompt" in composer
    assert f'value="{row.model_id}" selected' in composer
    assert "<b>75</b> credits" in composer


def test_use_again_of_what_one_may_not_see_fills_nothing(client: Client) -> None:
    row = factories.generation(prompt="A secret prompt")
    assert "A secret prompt" not in _page(client, factories.eve(), f"/?from={row.public_id}")


def test_a_retired_model_is_not_on_offer(client: Client) -> None:
    factories.offered_model()
    factories.project()
    VideoModel.objects.filter(slug="ruxa-sora-2").update(lifecycle="retired")
    page = _page(client, factories.ada())
    assert "Sora 2 · Ruxa AI" not in page
    assert "Sora 2 · APIXO" in page


def test_without_any_model_the_page_still_works(client: Client) -> None:
    assert "Describe your video" in _page(client, factories.ada())


def test_a_paused_connection_is_announced(client: Client) -> None:
    row = factories.generation()
    Connection.objects.filter(pk=row.connection_id).update(paused_at=row.created_at)
    assert "New videos for Ruxa AI wait. Nothing is lost." in _page(client, factories.ada())


def test_the_page_says_what_is_left(client: Client) -> None:
    factories.generation()
    page = _page(client, factories.ada())
    assert "9,960 left for you" in page


def test_post_is_not_allowed(client: Client) -> None:
    client.force_login(factories.ada())
    assert client.post("/").status_code == 405


def test_the_page_costs_the_same_for_twenty_rows_as_for_one(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    factories.generation()
    client.force_login(factories.ada())
    client.get("/")
    with django_assert_num_queries(COST):
        client.get("/")
    for _ in range(19):
        factories.generation()
    with django_assert_num_queries(COST):
        client.get("/")


# Session, person, projects, tag, rows, form (projects, models, characters), price list, budgets, books, frame.
COST = 19


def test_a_person_without_a_project_reads_whom_to_ask(client: Client) -> None:
    factories.project()
    assert "You are in no project yet. Ask an admin to add you to one." in _page(client, factories.eve())
    assert "You are in no project yet" not in _page(client, factories.ada())


def test_a_video_that_needs_changes_says_so_in_the_list_and_leads_to_the_notes(client: Client) -> None:
    row = factories.generation(state=State.SUCCEEDED, review="changes")
    page = _page(client, factories.ada())
    assert "A reviewer asked for changes." in page
    assert f'<a href="{reverse("outputs:video", args=[row.public_id])}">See which</a>' in page
