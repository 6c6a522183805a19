"""The demo team: three people, a project and budgets, so that a first run has something to sign in to."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from sora_portal.accounts.models import Role, User
from sora_portal.catalog import actions as catalog
from sora_portal.errors import Refused
from sora_portal.ledger import actions as credits
from sora_portal.ledger.domain import MILLI
from sora_portal.projects.models import Membership, Project

PROJECT = "Autumn launch"
ORGANISATION_MONTHLY = 10_000 * MILLI
PROJECT_MONTHLY = 6_000 * MILLI


@dataclass(frozen=True)
class Person:
    """One of the demo team: who, which role, how many milli-credits a month."""

    username: str
    name: str
    role: Role
    monthly: int


TEAM = (
    Person("ada", "Ada Moreau", Role.MEMBER, 2_000 * MILLI),
    Person("rae", "Rae Okafor", Role.REVIEWER, 1_000 * MILLI),
    Person("mo", "Mo Lindqvist", Role.ADMIN, 1_000 * MILLI),
)


class NoPassword(Refused):
    """The demo team has to be made and nobody said with which password."""

    def __init__(self) -> None:
        super().__init__(
            "The demo team needs a password: set SORA_PORTAL_DEMO_PASSWORD (`make run` writes one into .env)."
        )


def load(*, password: str, now: datetime) -> None:
    """Make what is missing of the demo team, its project and the shipped catalog, and bring the catalog's unedited rows
    up to date; change nothing else that exists.

    Budgets and `password` are given to newly made people and a newly made project only, so a second run keeps what
    the team has set since. Raises NoPassword if somebody has to be made and `password` is empty.
    """
    # Before the transaction: hashing takes long on purpose.
    missing = [wanted.username for wanted in TEAM if not User.objects.filter(username=wanted.username).exists()]
    if missing and not password:
        raise NoPassword
    hashes = {username: make_password(password) for username in missing}
    _load(hashes, now)


@transaction.atomic
def _load(hashes: dict[str, str], now: datetime) -> None:
    """Make what is missing; `hashes` has the stored form of the password for each who has to be made."""
    people, newcomers = _people(hashes)
    project, project_is_new = Project.objects.get_or_create(
        slug="autumn-launch", defaults={"name": PROJECT, "archived_at": None}
    )
    if project_is_new:
        for person in people:
            Membership.objects.create(project=project, user=person, lead=person.role == Role.REVIEWER)
    catalog.load_shipped()
    admin = next(person for person in people if person.username == "mo")
    if project_is_new:
        organisation = credits.organisation_scope()
        if organisation.quota is None:
            credits.set_quota(by=admin, scope=organisation, monthly=ORGANISATION_MONTHLY, now=now)
        credits.set_quota(by=admin, scope=credits.scope_for_project(project), monthly=PROJECT_MONTHLY, now=now)
    for person, wanted in zip(people, TEAM, strict=True):
        if person.username in newcomers:
            credits.set_quota(by=admin, scope=credits.scope_for_member(person), monthly=wanted.monthly, now=now)


def _people(hashes: dict[str, str]) -> tuple[list[User], set[str]]:
    """Return the team's accounts in the order of TEAM, and the user names that were made just now."""
    people, newcomers = [], set()
    for wanted in TEAM:
        is_admin = wanted.role == Role.ADMIN
        user, created = User.objects.get_or_create(
            username=wanted.username,
            defaults={
                "email": f"{wanted.username}@northwind.example",
                "password": hashes.get(wanted.username, ""),
                "name": wanted.name,
                "role": wanted.role.value,
                "is_staff": is_admin,
                "is_superuser": is_admin,
            },
        )
        if created:
            newcomers.add(wanted.username)
        people.append(user)
    return people, newcomers


def sign_ins(password: str) -> list[str]:
    """Return one line for each of the team: name, password and role, two spaces apart.

    `(changed)` stands for a password that is no longer the one of the settings; people who are gone have no line.
    """
    people = {user.username: user for user in User.objects.filter(username__in=[wanted.username for wanted in TEAM])}
    lines = []
    for wanted in TEAM:
        if wanted.username in people:
            user = people[wanted.username]
            # Not check_password of the user, which would write a stronger hash: this only looks.
            shown = password if password and check_password(password, user.password) else "(changed)"
            lines.append(f"{user.username}  {shown}  {user.role}")
    return lines
