"""accounts.User: roles, and what pages call a person."""

import pytest
from django.db import IntegrityError, transaction

from sora_portal.accounts import policies
from sora_portal.accounts.models import User
from sora_portal.errors import NotAllowed


@pytest.mark.parametrize(
    ("role", "reviewer", "admin"), [("member", False, False), ("reviewer", True, False), ("admin", True, True)]
)
def test_role_says_what_a_person_may_do(role: str, reviewer: bool, admin: bool) -> None:
    person = User(username="x", role=role)
    assert (person.is_reviewer, person.is_portal_admin) == (reviewer, admin)
    for allowed, require in ((reviewer, policies.require_reviewer), (admin, policies.require_admin)):
        if allowed:
            require(person)
        else:
            with pytest.raises(NotAllowed):
                require(person)


@pytest.mark.parametrize(
    ("name", "username", "initials"),
    [
        ("Ada Moreau", "ada", "AM"),
        ("Ada de la Moreau", "ada", "AM"),
        ("Ada", "ada", "A"),
        ("", "ada", "A"),
        (" ", "", "?"),
    ],
)
def test_initials_are_those_of_first_and_last_name(name: str, username: str, initials: str) -> None:
    assert User(name=name, username=username).initials == initials


@pytest.mark.django_db
def test_database_refuses_a_role_that_is_none() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(username="x", role="owner")
