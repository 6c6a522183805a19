"""projects.actions: admins make projects and say who is in them."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from sora_portal.accounts.models import User
from sora_portal.errors import NotAllowed
from sora_portal.projects import actions
from sora_portal.projects.models import Membership, Project
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def mo() -> User:
    """An admin."""
    return factories.mo()


def test_create_gives_each_project_an_address_of_its_own(mo: User) -> None:
    names = ["Spring ’27", "Spring 27!", "Spring 27?", "Весна", "春"]
    slugs = [actions.create_project(by=mo, name=name).slug for name in names]
    assert slugs == ["spring-27", "spring-27-2", "spring-27-3", "project", "project-2"]


def test_create_with_the_longest_name_fits(mo: User) -> None:
    actions.create_project(by=mo, name="x" * 80)
    assert len(actions.create_project(by=mo, name="x" * 79).slug) <= 80


@pytest.mark.parametrize("name", ["Autumn launch", "AUTUMN LAUNCH"])
def test_name_belongs_to_one_project(mo: User, name: str) -> None:
    factories.project()
    other = factories.project("Other")
    with pytest.raises(actions.NameTaken):
        actions.create_project(by=mo, name=name)
    with pytest.raises(actions.NameTaken):
        actions.rename_project(by=mo, project=other, name=name)
    assert set(Project.objects.values_list("name", flat=True)) == {"Autumn launch", "Other"}


def test_rename_may_change_the_case_of_letters_and_keeps_the_address(mo: User) -> None:
    project = factories.project()
    actions.rename_project(by=mo, project=project, name="Autumn Launch")
    project.refresh_from_db()
    assert (project.name, project.slug) == ("Autumn Launch", "autumn-launch")


def test_archive_keeps_its_first_moment_and_reopen_ends_it(mo: User) -> None:
    project, first = factories.project(), timezone.now()
    actions.archive_project(by=mo, project=project, now=first)
    actions.archive_project(by=mo, project=project, now=timezone.now())
    project.refresh_from_db()
    assert project.archived_at == first
    assert not Project.objects.open().exists()
    actions.reopen_project(by=mo, project=project)
    assert Project.objects.open().get() == project


def test_add_member_twice_keeps_the_place_they_have(mo: User) -> None:
    project, eve = factories.project(), factories.eve()
    actions.add_member(by=mo, project=project, person=eve, lead=True)
    actions.add_member(by=mo, project=project, person=eve)
    assert Membership.objects.get(project=project, user=eve).lead is True
    assert project in Project.objects.visible_to(eve)


def test_remove_member_ends_what_they_see(mo: User) -> None:
    project, ada = factories.project(), factories.ada()
    actions.remove_member(by=mo, project=project, person=ada)
    assert not Project.objects.visible_to(ada).exists()


def test_set_lead_changes_that_member_alone(mo: User) -> None:
    project, ada = factories.project(), factories.ada()
    actions.set_lead(by=mo, project=project, person=ada, lead=True)
    assert [row.user for row in Membership.objects.filter(lead=True)] == [ada]
    actions.set_lead(by=mo, project=project, person=ada, lead=False)
    assert not Membership.objects.filter(lead=True).exists()


@pytest.mark.parametrize("persona", [factories.ada, factories.rae, factories.eve])
def test_only_admins_change_projects(persona: Callable[[], User]) -> None:
    by, project = persona(), factories.project()
    before = list(Membership.objects.order_by("pk").values())
    for change in (
        lambda: actions.create_project(by=by, name="Mine"),
        lambda: actions.rename_project(by=by, project=project, name="Mine"),
        lambda: actions.archive_project(by=by, project=project, now=timezone.now()),
        lambda: actions.reopen_project(by=by, project=project),
        lambda: actions.add_member(by=by, project=project, person=by),
        lambda: actions.remove_member(by=by, project=project, person=factories.ada()),
        lambda: actions.set_lead(by=by, project=project, person=by, lead=True),
    ):
        with pytest.raises(NotAllowed):
            change()
    assert list(Membership.objects.order_by("pk").values()) == before
    assert [(row.name, row.archived_at) for row in Project.objects.all()] == [("Autumn launch", None)]


def test_name_that_somebody_took_in_between_is_refused_by_the_database(
    mo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.project()
    other = factories.project("Other")
    monkeypatch.setattr("django.db.models.query.QuerySet.exists", lambda self: False)
    with pytest.raises(actions.NameTaken):
        actions.create_project(by=mo, name="Autumn launch")
    with pytest.raises(actions.NameTaken):
        actions.rename_project(by=mo, project=other, name="Autumn launch")
    assert set(Project.objects.values_list("name", flat=True)) == {"Autumn launch", "Other"}
