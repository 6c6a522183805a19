"""The demo team: made once, and left alone ever after."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from sora_portal.accounts.models import User
from sora_portal.catalog.models import VideoModel
from sora_portal.ledger import actions as credits
from sora_portal.operations.bootstrap import demo
from sora_portal.projects.models import Membership, Project

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PASSWORD = "bodoka-rimena-tusopi-42"


def load() -> None:
    demo.load(password=PASSWORD, now=NOW)


def run_command() -> str:
    output = StringIO()
    call_command("demo", stdout=output)
    return output.getvalue()


def test_demo_prints_one_sign_in_a_line(settings: Settings) -> None:
    settings.SORA_PORTAL_DEMO_PASSWORD = PASSWORD
    assert run_command() == f"ada  {PASSWORD}  member\nrae  {PASSWORD}  reviewer\nmo  {PASSWORD}  admin\n"


def test_demo_makes_a_team_that_may_do_what_its_roles_say() -> None:
    load()
    ada, rae, mo = (User.objects.get(username=name) for name in ("ada", "rae", "mo"))
    assert (ada.is_reviewer, rae.is_reviewer, rae.is_portal_admin, mo.is_portal_admin) == (False, True, False, True)
    assert (ada.is_staff, rae.is_staff, mo.is_staff, mo.is_superuser) == (False, False, True, True)
    assert all(person.check_password(PASSWORD) for person in (ada, rae, mo))
    assert [project.name for project in Project.objects.visible_to(ada)] == ["Autumn launch"]
    assert VideoModel.objects.exists()


def test_demo_gives_everyone_a_budget() -> None:
    load()
    project = Project.objects.get()
    scopes = [credits.organisation_scope(), credits.scope_for_project(project)]
    scopes += [credits.scope_for_member(User.objects.get(username=name)) for name in ("ada", "rae", "mo")]
    assert [scope.quota for scope in scopes] == [10_000_000, 6_000_000, 2_000_000, 1_000_000, 1_000_000]


def test_demo_twice_changes_nothing() -> None:
    load()
    before = (User.objects.count(), Membership.objects.count(), VideoModel.objects.count())
    load()
    assert (User.objects.count(), Membership.objects.count(), VideoModel.objects.count()) == before


def test_demo_keeps_what_the_team_has_set_since() -> None:
    load()
    mo, ada = User.objects.get(username="mo"), User.objects.get(username="ada")
    credits.set_quota(by=mo, scope=credits.scope_for_member(ada), monthly=None, now=NOW)
    credits.set_quota(by=mo, scope=credits.organisation_scope(), monthly=5_000, now=NOW)
    Membership.objects.filter(user=ada).delete()
    ada.set_password("something else entirely")
    ada.save()
    load()
    assert credits.scope_for_member(ada).quota is None
    assert credits.organisation_scope().quota == 5_000
    assert not Membership.objects.filter(user=ada).exists()
    assert demo.sign_ins(PASSWORD)[0] == "ada  (changed)  member"


def test_demo_has_no_line_for_somebody_who_is_gone() -> None:
    load()
    User.objects.filter(username="rae").update(username="rachel")
    assert [line.split("  ")[0] for line in demo.sign_ins(PASSWORD)] == ["ada", "mo"]


def test_demo_without_a_password_makes_nobody(settings: Settings) -> None:
    settings.SORA_PORTAL_DEMO_PASSWORD = ""
    with pytest.raises(CommandError, match="SORA_PORTAL_DEMO_PASSWORD"):
        run_command()
    assert not User.objects.exists()
