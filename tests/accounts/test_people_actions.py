"""accounts.actions: admins make accounts, and can never lock the team out."""

import threading
from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction

from sora_portal.accounts import actions, passwords
from sora_portal.accounts.models import User
from sora_portal.errors import NotAllowed
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def mo() -> User:
    """An admin."""
    return factories.mo()


def _add(by: User, **changes: str) -> tuple[User, str]:
    values = {"username": "nia", "name": "Nia Test", "email": "nia@northwind.example", "role": "member", **changes}
    return actions.add_person(by=by, **values)


def _fresh(person: User) -> User:
    return User.objects.get(pk=person.pk)


def test_add_person_returns_a_password_that_is_stored_hashed(mo: User) -> None:
    person, password = _add(mo)
    row = User.objects.values().get(pk=person.pk)
    assert person.check_password(password)
    assert password not in str(row)
    assert (row["role"], row["is_staff"], row["is_superuser"], row["is_active"]) == ("member", False, False, True)


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"username": "NIA", "email": ""}, "username"), ({"username": "nia2", "email": "Nia@Northwind.example"}, "email")],
)
def test_add_person_refuses_what_leads_to_somebody_else(mo: User, changes: dict[str, str], field: str) -> None:
    _add(mo)
    with pytest.raises(actions.NameTaken) as caught:
        _add(mo, **changes)
    assert caught.value.field == field
    assert User.objects.count() == 2


def test_people_without_an_address_do_not_stand_in_each_others_way(mo: User) -> None:
    _add(mo, email="")
    _add(mo, username="nia2", email="")
    assert User.objects.filter(email="").count() >= 2


@pytest.mark.parametrize("values", [{"username": "ADA"}, {"username": "x", "email": "A@X.example"}])
def test_database_keeps_one_person_to_a_name(values: dict[str, str]) -> None:
    User.objects.create_user("ada", "a@x.example")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(**values)


def test_change_role_away_from_admin_takes_the_back_office_too(mo: User) -> None:
    User.objects.filter(pk=mo.pk).update(is_superuser=True, is_staff=True)
    other = factories.user("kim", "admin", is_superuser=True, is_staff=True)
    actions.change_role(by=_fresh(mo), person=other, role="reviewer")
    fresh = _fresh(other)
    assert (fresh.role, fresh.is_superuser, fresh.is_staff) == ("reviewer", False, False)


def test_change_role_to_admin_gives_no_back_office(mo: User) -> None:
    ada = factories.ada()
    actions.change_role(by=mo, person=ada, role="admin")
    assert (_fresh(ada).role, _fresh(ada).is_staff) == ("admin", False)


def test_deactivate_and_reactivate_keep_the_password(mo: User) -> None:
    ada = factories.ada()
    actions.deactivate(by=mo, person=ada)
    assert not _fresh(ada).is_active
    actions.reactivate(by=mo, person=ada)
    assert _fresh(ada).is_active
    assert _fresh(ada).check_password(factories.PASSWORD)


def test_reset_password_replaces_the_old_one(mo: User) -> None:
    ada = factories.ada()
    password = actions.reset_password(by=mo, person=ada)
    assert _fresh(ada).check_password(password)
    assert not _fresh(ada).check_password(factories.PASSWORD)


CHANGES: dict[str, Callable[[User, User], object]] = {
    "role": lambda by, person: actions.change_role(by=by, person=person, role="member"),
    "deactivate": lambda by, person: actions.deactivate(by=by, person=person),
    "reactivate": lambda by, person: actions.reactivate(by=by, person=person),
    "password": lambda by, person: actions.reset_password(by=by, person=person),
}


@pytest.mark.parametrize("change", CHANGES)
def test_nobody_changes_their_own_account_here(mo: User, change: str) -> None:
    factories.user("kim", "admin")
    before = User.objects.values().get(pk=mo.pk)
    with pytest.raises(NotAllowed):
        CHANGES[change](mo, mo)
    assert User.objects.values().get(pk=mo.pk) == before


@pytest.mark.parametrize("persona", [factories.ada, factories.rae])
@pytest.mark.parametrize("change", CHANGES)
def test_only_admins_change_accounts(change: str, persona: Callable[[], User]) -> None:
    eve = factories.eve()
    before = User.objects.values().get(pk=eve.pk)
    with pytest.raises(NotAllowed):
        CHANGES[change](persona(), eve)
    assert User.objects.values().get(pk=eve.pk) == before


@pytest.mark.parametrize("change", CHANGES)
def test_admin_without_the_back_office_cannot_take_one_over(mo: User, change: str) -> None:
    root = factories.user("root", "admin", is_superuser=True)
    with pytest.raises(NotAllowed, match="runs the back office"):
        CHANGES[change](mo, root)


def test_only_admins_make_accounts() -> None:
    with pytest.raises(NotAllowed):
        _add(factories.rae())


@pytest.mark.parametrize("change", ["role", "deactivate"])
def test_last_admin_stays(mo: User, change: str) -> None:
    """Whoever acts was an admin when the request began; by now somebody has closed every other admin account."""
    last = factories.user("kim", "admin")
    User.objects.filter(pk=mo.pk).update(is_active=False)
    with pytest.raises(NotAllowed, match="not an admin of this portal any more"):
        CHANGES[change](mo, last)
    assert _fresh(last).is_active
    assert _fresh(last).role == "admin"


def test_closed_admin_accounts_do_not_count_as_admins(mo: User) -> None:
    closed = factories.user("old", "admin", is_active=False)
    with pytest.raises(actions.LastAdmin):
        actions._keep_an_admin(mo, mo)
    actions.reactivate(by=mo, person=closed)
    actions._keep_an_admin(mo, mo)


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_close_each_others_accounts_leave_one_open() -> None:
    first, second = factories.user("kim", "admin"), factories.user("lee", "admin")
    ready = threading.Barrier(2)

    def close(by: User, person: User) -> None:
        ready.wait()
        try:
            actions.deactivate(by=by, person=person)
        except NotAllowed:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=close, args=pair) for pair in ((first, second), (second, first))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert User.objects.filter(role="admin", is_active=True).count() == 1


def test_generated_passwords_differ_and_pass_the_portals_own_rules() -> None:
    from django.contrib.auth.password_validation import validate_password

    made = {passwords.generate() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        validate_password(password, User(username="ada", name="Ada Moreau"))
        assert len(password) == 19
        assert set(password) <= {*passwords.ALPHABET, "-"}
