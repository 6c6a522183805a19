"""The back office: for superusers, behind their password, and without the queue."""

from collections.abc import Callable

import pytest
from django.apps import apps
from django.contrib import admin
from django.core import mail
from django.test import Client
from django.urls import reverse

from sora_portal.accounts.models import User
from tests import factories
from tests.accounts.office import office

pytestmark = pytest.mark.django_db

INDEX = reverse("admin:index")


def _staff() -> User:
    return factories.user("sid", "admin", name="Sid Staff", is_staff=True)


@pytest.mark.parametrize("person", [factories.ada, factories.rae, factories.mo, factories.eve, _staff])
@pytest.mark.parametrize(
    "path", ["", "login/", "login/?next=/admin/", "accounts/user/", "logout/", "password_change/", "nowhere/"]
)
def test_who_is_no_superuser_meets_a_403(client: Client, person: Callable[[], User], path: str) -> None:
    client.force_login(person())
    answer = client.get(f"{INDEX}{path}", follow=True)
    assert answer.status_code == 403
    assert "The back office is for superusers" in answer.content.decode()


@pytest.mark.parametrize("path", ["", "login/", "accounts/user/", "jsi18n/"])
def test_a_visitor_is_sent_to_the_portals_sign_in_page(client: Client, path: str) -> None:
    assert client.get(f"{INDEX}{path}")["Location"].startswith(reverse("account_login"))
    assert client.post(f"{INDEX}{path}", {"username": "mo", "password": factories.PASSWORD}).status_code == 302
    assert "_auth_user_id" not in client.session


def test_a_superuser_types_the_password_again_and_nothing_typed_before_is_lost(client: Client) -> None:
    User.objects.filter(pk=factories.mo().pk).update(is_superuser=True)
    client.force_login(User.objects.get(username="mo"))
    change = reverse("admin:accounts_user_change", args=[factories.ada().pk])
    data = {"username": "ada", "name": "Ada M.", "email": "", "theme": ""}
    ask = client.post(change, data)
    assert ask["Location"].startswith(reverse("account_reauthenticate"))
    assert client.get(INDEX)["Location"].startswith(reverse("account_reauthenticate"))
    client.post(change, data)
    client.post(ask["Location"], {"password": "wrong", "next": change})
    assert factories.ada().name == "Ada Moreau"
    client.post(ask["Location"], {"password": factories.PASSWORD, "next": change})
    assert factories.ada().name == "Ada M."
    assert "favicon.svg" in client.get(INDEX).content.decode()
    assert "favicon.svg" in client.get(change).content.decode()


def test_it_holds_tables_of_the_portal_only() -> None:
    found = {model._meta.label for model in admin.site._registry}
    assert found
    assert all(model.__module__.startswith("sora_portal.") for model in admin.site._registry)
    assert not [label for label in found if label.startswith("django_q")]


@pytest.mark.parametrize(
    "path",
    [
        "django_q/schedule/",
        "django_q/schedule/add/",
        "django_q/ormq/",
        "django_q/success/",
        "django_q/failure/",
        "account/emailaddress/",
        "auth/group/",
    ],
)
def test_tables_of_libraries_are_not_there(client: Client, path: str) -> None:
    assert office(client).get(f"{INDEX}{path}").status_code == 404


@pytest.mark.parametrize("model", sorted(admin.site._registry, key=lambda model: model._meta.label))
def test_every_list_opens(client: Client, model: type) -> None:
    factories.generation()
    label = model._meta  # type: ignore[attr-defined]
    assert office(client).get(f"{INDEX}{label.app_label}/{label.model_name}/").status_code == 200


def test_ledger_rows_cannot_be_changed_and_people_not_removed(client: Client) -> None:
    factories.generation()
    inside = office(client)
    for path in (
        "credits/journal/add/",
        "credits/hold/add/",
        "accounts/user/add/",
        f"accounts/user/{factories.ada().pk}/delete/",
    ):
        assert inside.post(f"{INDEX}{path}", {"post": "yes"}).status_code == 403
    for model in ("credits/journal", "credits/transfer", "accounts/user"):
        data = {"action": "delete_selected", "_selected_action": ["1", str(factories.ada().pk)], "post": "yes"}
        inside.post(f"{INDEX}{model}/", data)
    assert User.objects.filter(username="ada").exists()


@pytest.mark.parametrize("model", ["projects/project", "catalog/connection", "catalog/videomodel"])
def test_what_videos_hang_on_cannot_be_deleted(client: Client, model: str) -> None:
    row = factories.generation()
    pk = {"project": row.project_id, "connection": row.connection_id, "videomodel": row.model_id}[model.split("/")[1]]
    assert office(client).post(f"{INDEX}{model}/{pk}/delete/", {"post": "yes"}).status_code == 200
    assert apps.get_model(model.replace("/", ".")).objects.filter(pk=pk).exists()


def test_roles_and_passwords_are_left_to_the_people_page(client: Client) -> None:
    inside = office(client)
    ada, mo = factories.ada(), factories.mo()
    assert inside.get(f"{INDEX}accounts/user/{ada.pk}/password/").status_code in (302, 404)
    data = {
        "username": "ada",
        "name": "Ada",
        "email": "",
        "theme": "",
        "role": "admin",
        "password": "x",
        "is_superuser": "",
    }
    inside.post(f"{INDEX}accounts/user/{ada.pk}/change/", data)
    inside.post(f"{INDEX}accounts/user/{mo.pk}/change/", {**data, "username": "mo", "role": "member"})
    after = {person.username: (person.role, person.is_superuser) for person in User.objects.all()}
    assert after == {"ada": ("member", False), "mo": ("admin", True)}
    assert User.objects.get(username="ada").check_password(factories.PASSWORD)


def test_an_address_that_is_changed_there_is_told_to_the_one_before(
    client: Client, django_capture_on_commit_callbacks: object
) -> None:
    ada = factories.user("ada", name="Ada Moreau", email="ada@northwind.example")
    data = {"username": "ada", "name": "Ada Moreau", "email": "Ada@Harbour.example", "theme": ""}
    inside = office(client)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        inside.post(f"{INDEX}accounts/user/{ada.pk}/change/", data)
    assert User.objects.get(pk=ada.pk).email == "ada@harbour.example"
    assert [letter.to for letter in mail.outbox] == [["ada@northwind.example"]]
