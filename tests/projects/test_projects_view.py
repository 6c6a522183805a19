"""/team/projects/ and its forms, for admins."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sora_portal.accounts.models import User
from sora_portal.projects.models import Membership, Project
from tests import factories

URL = "/team/projects/"
HTMX = {"HX-Request": "true"}
FORMS = ["create", "rename", "archive", "reopen", "add_member", "remove_member", "set_lead"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    """A project with ada, rae and mo."""
    return factories.project()


@pytest.fixture
def admin(client: Client) -> Client:
    """A browser in which mo is signed in."""
    client.force_login(factories.mo())
    return client


def _address(form: str, project: Project) -> str:
    member = [factories.ada().pk] if form in ("remove_member", "set_lead") else []
    return reverse(f"projects:{form}", args=[] if form == "create" else [project.pk, *member])


def _post(client: Client, form: str, project: Project, *, htmx: bool = False, **data: object) -> HttpResponse:
    good = {"name": "Winter", "person": str(factories.eve().pk), "lead": "on"}
    answer: Any = client.post(_address(form, project), data or good, headers=HTMX if htmx else {})
    return answer  # type: ignore[no-any-return]


def _state() -> object:
    return list(Project.objects.order_by("pk").values()), list(Membership.objects.order_by("pk").values())


def test_page_and_forms_send_visitors_to_sign_in(client: Client, project: Project) -> None:
    before = _state()
    login = reverse("account_login")
    assert client.get(URL)["Location"].startswith(login)
    assert all(_post(client, form, project)["Location"].startswith(login) for form in FORMS)
    assert _state() == before


@pytest.mark.parametrize("persona", [factories.ada, factories.rae, factories.eve])
def test_page_and_forms_are_for_admins(client: Client, project: Project, persona: Callable[[], User]) -> None:
    client.force_login(persona())
    before = _state()
    assert client.get(URL).status_code == 403
    assert {_post(client, form, project).status_code for form in FORMS} == {403}
    assert _state() == before


def test_wrong_methods_are_refused(admin: Client, project: Project) -> None:
    assert admin.post(URL).status_code == 405
    assert {admin.get(_address(form, project)).status_code for form in FORMS} == {405}


@pytest.mark.parametrize("form", FORMS[1:])
def test_form_for_a_project_that_is_not_there_is_a_404(admin: Client, project: Project, form: str) -> None:
    gone = Project(pk=10**6)
    assert _post(admin, form, gone).status_code == 404


@pytest.mark.parametrize("form", ["remove_member", "set_lead"])
def test_form_for_somebody_outside_the_project_is_a_404(admin: Client, project: Project, form: str) -> None:
    assert admin.post(reverse(f"projects:{form}", args=[project.pk, factories.eve().pk])).status_code == 404


def test_page_shows_members_leads_and_archived_projects_last(admin: Client, project: Project) -> None:
    factories.project("Zebra")
    Project.objects.filter(pk=project.pk).update(archived_at="2026-11-01T00:00:00Z")
    page = admin.get(URL).content.decode()
    assert page.index("Zebra") < page.index("Autumn launch")
    assert "Archived" in page
    assert "Ada Moreau" in page
    assert reverse("projects:add_member", args=[project.pk]) not in page
    assert reverse("projects:reopen", args=[project.pk]) in page


def test_page_without_projects_says_what_a_project_is(admin: Client) -> None:
    assert "No project yet" in admin.get(URL).content.decode()


@pytest.mark.parametrize("form", FORMS)
def test_form_goes_back_to_the_page_or_answers_its_part_with_a_toast(
    admin: Client, project: Project, form: str
) -> None:
    answer = _post(admin, form, project, htmx=True)
    assert answer.status_code == 200
    assert answer.content.decode().strip().startswith('<div class="grid" id="projects"')
    assert json.loads(answer["HX-Trigger"])["toast"]["text"]


@pytest.mark.parametrize("form", FORMS)
def test_form_works_without_htmx(admin: Client, project: Project, form: str) -> None:
    before = _state()
    answer = _post(admin, form, project)
    assert (answer.status_code, answer["Location"]) == (302, URL)
    assert 'data-toast="success"' in admin.get(URL).content.decode()
    assert (_state() != before) is (form != "reopen")


@pytest.mark.parametrize("htmx", [True, False])
@pytest.mark.parametrize("form", ["create", "rename"])
@pytest.mark.parametrize("name", ["", "OTHER", "x" * 81])
def test_bad_name_is_a_422_with_the_text_kept(
    admin: Client, project: Project, form: str, name: str, htmx: bool
) -> None:
    factories.project("Other")
    before = _state()
    answer = _post(admin, form, project, htmx=htmx, name=name)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'value="{name}"' in page or not name
    prefix = "new_project" if form == "create" else f"project_{project.pk}"
    assert f'id="{prefix}_name_error"' in page
    assert page.count("autofocus") == (1 if htmx else 2)  # the frame's own dialog has one
    assert _state() == before


def test_add_member_offers_open_accounts_outside_the_project_only(admin: Client, project: Project) -> None:
    closed, eve = factories.user("old", is_active=False), factories.eve()
    page = admin.get(URL).content.decode()
    assert f'<option value="{eve.pk}">Eve Stranger</option>' in page
    assert f'<option value="{closed.pk}">' not in page
    assert f'<option value="{factories.ada().pk}">' not in page
    for person in ("", str(closed.pk), str(factories.ada().pk), "eve"):
        answer = _post(admin, "add_member", project, htmx=True, person=person)
        assert answer.status_code == 422
        assert f'id="project_{project.pk}_person_error"' in answer.content.decode()
    _post(admin, "add_member", project, person=str(eve.pk), lead="on")
    assert Membership.objects.get(project=project, user=eve).lead is True


def test_lead_is_given_and_taken(admin: Client, project: Project) -> None:
    for lead in (True, False):
        _post(admin, "set_lead", project, lead="on" if lead else "off")
        assert Membership.objects.get(project=project, user=factories.ada()).lead is lead


def test_new_project_appears_in_a_members_composer_only_once_they_are_in_it(admin: Client, project: Project) -> None:
    factories.offered_model()
    _post(admin, "create", project, name="Northern lights")
    lights = Project.objects.get(name="Northern lights")
    theirs = Client()
    theirs.force_login(factories.ada())
    assert "Northern lights" not in theirs.get("/").content.decode()
    _post(admin, "add_member", lights, person=str(factories.ada().pk))
    assert "Northern lights" in theirs.get("/").content.decode()


def test_page_asks_the_same_number_of_times_for_one_and_twenty_projects(admin: Client, project: Project) -> None:
    admin.get(URL)
    with CaptureQueriesContext(connection) as few:
        admin.get(URL)
    for number in range(20):
        factories.project(f"Project {number}", members=(factories.eve(), factories.user(f"person-{number}")))
    with CaptureQueriesContext(connection) as many:
        assert "Project 19" in admin.get(URL).content.decode()
    assert len(many) == len(few)
