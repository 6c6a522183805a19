"""A small team with a ledger: ada makes videos in Autumn, rae reviews, mo administers, eve belongs to nothing."""

from datetime import UTC, datetime

import pytest

from sora_portal.accounts.models import User
from sora_portal.catalog.models import Connection
from sora_portal.ledger import actions as credits
from sora_portal.ledger.models import Scope
from sora_portal.projects.models import Membership, Project
from tests.ledger.team import Team

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def team(db: None) -> Team:
    """The people, one project, one vendor; no budgets yet."""
    people = {
        name: User.objects.create_user(name, f"{name}@example.test", "pw-of-" + name, name=full, role=role)
        for name, full, role in (
            ("ada", "Ada Byron", "member"),
            ("rae", "Rae Dunn", "reviewer"),
            ("mo", "Mo Adler", "admin"),
            ("eve", "Eve Moss", "member"),
        )
    }
    autumn = Project.objects.create(name="Autumn", slug="autumn")
    Membership.objects.create(project=autumn, user=people["ada"])
    Membership.objects.create(project=autumn, user=people["rae"])
    ruxa = Connection.objects.create(slug="ruxa", vendor="ruxa", label="Ruxa AI", base_url="https://vendor.test")
    return Team(project=autumn, connection=ruxa, **people)


@pytest.fixture
def budgets(team: Team) -> dict[str, Scope]:
    """Budgets of 100 (organisation), 60 (Autumn) and 40 (ada) credits a month."""
    scopes = {
        "organisation": credits.organisation_scope(),
        "project": credits.scope_for_project(team.project),
        "member": credits.scope_for_member(team.ada),
    }
    for kind, quota in (("organisation", 100_000), ("project", 60_000), ("member", 40_000)):
        scopes[kind] = credits.set_quota(by=team.mo, scope=scopes[kind], monthly=quota, now=NOW)
    return scopes
