"""/characters/ and its forms."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sora_portal.references.models import Character
from tests import factories
from tests.references import rows

URL = "/characters/"
HTMX = {"HX-Request": "true"}
GOOD = {"name": "Fox", "clip_url": rows.CLIP, "start": "1", "end": "3", "consent": "on"}
pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(client: Client) -> Client:
    """A browser in which ada is signed in."""
    factories.project()
    client.force_login(factories.ada())
    return client


def _post(client: Client, url: str, data: dict[str, Any], *, htmx: bool = False) -> Any:
    return client.post(url, data, headers=HTMX if htmx else {})


@pytest.mark.parametrize("htmx", [False, True])
def test_add_leads_to_the_new_characters_page(ada: Client, htmx: bool) -> None:
    project = factories.project()
    answer = _post(ada, f"{URL}add/", {**GOOD, "projects": [project.pk]}, htmx=htmx)
    row = Character.objects.get()
    where = answer["HX-Redirect"] if htmx else answer["Location"]
    assert where == f"{URL}{row.public_id}/"
    assert (row.name, row.owner, row.span, row.clip_url) == ("Fox", factories.ada(), "1,3", rows.CLIP)
    assert list(row.projects.all()) == [project]
    page = ada.get(where).content.decode()
    assert "No real person can be recognised" in page
    assert "Confirmed by Ada Moreau" in page


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "Give it a name."),
        ({"name": "x" * 61}, "At most 60"),
        ({"clip_url": "http://a.example/x.mp4"}, "Give an https:// address"),
        ({"clip_url": ""}, "Give the address"),
        ({"start": "0", "end": "9"}, "1 to 3 seconds"),
        ({"start": "x"}, "whole number"),
        ({"consent": ""}, "Tick this first"),
        ({"projects": ["999999"]}, "not in one of these projects"),
    ],
)
def test_bad_form_is_a_422_that_keeps_the_text(ada: Client, wrong: dict[str, Any], words: str, htmx: bool) -> None:
    answer = _post(ada, f"{URL}add/", {**GOOD, **wrong}, htmx=htmx)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert "autofocus" in page
    if "clip_url" not in wrong:
        assert rows.CLIP in page
    assert ("<html" in page) is not htmx
    assert not Character.objects.exists()


def test_project_of_others_cannot_be_named(ada: Client) -> None:
    theirs = factories.project("Others", members=(factories.eve(),))
    assert _post(ada, f"{URL}add/", {**GOOD, "projects": [theirs.pk]}).status_code == 422
    assert "Others" not in ada.get(URL).content.decode()


def test_register_shows_what_one_may_use_and_nothing_else(ada: Client) -> None:
    rows.from_clip(factories.rae(), factories.project(), name="Shared Fox")
    rows.from_clip(factories.rae(), name="Private Fox")
    rows.from_task(factories.ada(), name="Owl of Ruxa")
    page = ada.get(URL).content.decode()
    assert "Shared Fox" in page
    assert "Owl of Ruxa" in page
    assert "Models of Ruxa AI" in page
    assert "Private Fox" not in page


def test_empty_register_says_what_it_is_for(ada: Client) -> None:
    assert "No character yet" in ada.get(URL).content.decode()


def test_register_asks_as_often_for_twenty_as_for_one(ada: Client) -> None:
    def queries(count: int) -> int:
        for number in range(count):
            rows.from_clip(factories.rae(), factories.project(), name=f"Fox {number}")
        with CaptureQueriesContext(
            connection,
        ) as seen:
            ada.get(URL)
        return len(seen)

    queries(1)
    assert queries(1) == queries(20)


def test_stranger_gets_a_404_for_page_and_forms(client: Client) -> None:
    row = rows.from_clip(factories.ada(), factories.project())
    client.force_login(factories.eve())
    assert client.get(f"{URL}{row.public_id}/").status_code == 404
    for action in ("change", "retire"):
        assert _post(client, f"{URL}{row.public_id}/{action}/", {"name": "Mine", "retired": "on"}).status_code == 404
    row.refresh_from_db()
    assert (row.name, row.retired_at) == ("Fox", None)


def test_colleague_sees_the_page_and_may_not_change_it(client: Client) -> None:
    row = rows.from_clip(factories.ada(), factories.project())
    client.force_login(factories.rae())
    page = client.get(f"{URL}{row.public_id}/")
    assert page.status_code == 200
    assert "Save" not in page.content.decode()
    for action in ("change", "retire"):
        answer = _post(client, f"{URL}{row.public_id}/{action}/", {"name": "Mine", "retired": "on"})
        assert answer.status_code == 403
        assert "Ada Moreau or an admin" in answer.content.decode()


@pytest.mark.parametrize("htmx", [False, True])
def test_owner_renames_retires_and_takes_back(ada: Client, htmx: bool) -> None:
    row = rows.from_clip()
    page = f"{URL}{row.public_id}/"
    answer = _post(ada, f"{page}change/", {"name": "Vixen", "projects": [factories.project().pk]}, htmx=htmx)
    assert answer.status_code == (200 if htmx else 302)
    row.refresh_from_db()
    assert row.name == "Vixen"
    assert list(row.projects.all()) == [factories.project()]
    _post(ada, f"{page}retire/", {"retired": "on"}, htmx=htmx)
    assert "Retired by Ada Moreau" in ada.get(page).content.decode()
    _post(ada, f"{page}retire/", {}, htmx=htmx)
    row.refresh_from_db()
    assert row.retired_at is None


def test_empty_name_is_a_422_on_the_page(ada: Client) -> None:
    row = rows.from_clip()
    answer = _post(ada, f"{URL}{row.public_id}/change/", {"name": " "}, htmx=True)
    assert answer.status_code == 422
    assert "Give it a name." in answer.content.decode()


def test_wrong_methods_are_refused(ada: Client) -> None:
    row = rows.from_clip()
    assert ada.post(URL).status_code == 405
    assert ada.get(f"{URL}add/").status_code == 405
    assert ada.post(f"{URL}{row.public_id}/").status_code == 405
    assert {
        ada.get(reverse(f"references:{name}", args=[row.public_id])).status_code for name in ("change", "retire")
    } == {405}


def test_names_are_shown_as_text(ada: Client) -> None:
    row = rows.from_clip(name="<script>alert(1)</script>")
    for url in (URL, f"{URL}{row.public_id}/"):
        assert "<script>alert" not in ada.get(url).content.decode()
