"""projects.Project and Membership: who sees what, and what the database refuses."""

import pytest
from django.db import IntegrityError, transaction

from sora_portal.projects.models import Membership, Project
from tests import factories

pytestmark = pytest.mark.django_db


def test_members_see_their_own_projects_and_admins_all() -> None:
    mine, other = factories.project(), factories.project("Other", members=(factories.rae(),))
    assert set(Project.objects.visible_to(factories.ada())) == {mine}
    assert set(Project.objects.visible_to(factories.rae())) == {mine, other}
    assert set(Project.objects.visible_to(factories.eve())) == set()
    assert set(Project.objects.visible_to(factories.user("boss", "admin"))) == {mine, other}


def test_database_keeps_one_place_for_a_person_in_a_project() -> None:
    project = factories.project()
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(project=project, user=factories.ada())


@pytest.mark.parametrize("values", [{"name": "Autumn launch", "slug": "x"}, {"name": "X", "slug": "autumn-launch"}])
def test_database_keeps_names_and_addresses_apart(values: dict[str, str]) -> None:
    factories.project()
    with pytest.raises(IntegrityError), transaction.atomic():
        Project.objects.create(**values)


def test_rows_are_named_for_people() -> None:
    project = factories.project()
    assert str(project) == "Autumn launch"
    assert str(Membership.objects.get(project=project, user=factories.ada())) == "ada in Autumn launch"
