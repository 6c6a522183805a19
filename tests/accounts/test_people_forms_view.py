"""The forms of the people page: add, role, deactivate, reactivate, new password."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from sora_portal.accounts import actions
from sora_portal.accounts.models import User
from tests import factories

HTMX = {"HX-Request": "true"}
PERSON = {"name": "Nia Test", "username": "nia", "email": "nia@northwind.example", "role": "reviewer"}
FORMS = ["role", "deactivate", "reactivate", "password"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    """Whose account is changed."""
    return factories.ada()


@pytest.fixture
def admin(client: Client) -> Client:
    """A browser in which mo is signed in."""
    client.force_login(factories.mo())
    return client


def _change(client: Client, form: str, person: User, *, htmx: bool = False, **data: str) -> HttpResponse:
    url = reverse(f"accounts:{form}", args=[person.pk])
    answer: Any = client.post(url, data or {"role": "reviewer"}, headers=HTMX if htmx else {})
    return answer  # type: ignore[no-any-return]


def _add(client: Client, *, htmx: bool = False, **changes: str) -> HttpResponse:
    answer: Any = client.post(reverse("accounts:add_person"), {**PERSON, **changes}, headers=HTMX if htmx else {})
    return answer  # type: ignore[no-any-return]


def _password(answer: HttpResponse) -> str:
    found = re.search(r'<code class="password">([^<]+)</code>', answer.content.decode())
    assert found
    return found[1]


def _fresh(person: User) -> User:
    return User.objects.get(pk=person.pk)


@pytest.mark.parametrize("form", FORMS)
def test_form_sends_visitors_to_sign_in(client: Client, ada: User, form: str) -> None:
    assert _change(client, form, ada)["Location"].startswith(reverse("account_login"))
    assert _add(client)["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("persona", [factories.rae, factories.eve])
@pytest.mark.parametrize("form", FORMS)
def test_form_is_for_admins(client: Client, ada: User, form: str, persona: Callable[[], User]) -> None:
    client.force_login(persona())
    before = User.objects.values().get(pk=ada.pk)
    assert _change(client, form, ada).status_code == 403
    assert _add(client).status_code == 403
    assert User.objects.values().get(pk=ada.pk) == before
    assert not User.objects.filter(username="nia").exists()


@pytest.mark.parametrize("form", FORMS)
def test_form_takes_only_posts_for_people_who_are_there(admin: Client, ada: User, form: str) -> None:
    assert admin.get(reverse(f"accounts:{form}", args=[ada.pk])).status_code == 405
    assert admin.get(reverse("accounts:add_person")).status_code == 405
    assert admin.post(reverse(f"accounts:{form}", args=[10**6]), {"role": "member"}).status_code == 404


@pytest.mark.parametrize("htmx", [True, False])
def test_add_shows_a_password_once_that_opens_the_account(admin: Client, htmx: bool) -> None:
    answer = _add(admin, htmx=htmx)
    page = answer.content.decode()
    password = _password(answer)
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert ("<html" in page) is not htmx
    assert reverse("projects:list") in page
    assert password not in admin.get(reverse("accounts:people")).content.decode()
    person = User.objects.get(username="nia")
    assert (person.role, person.name, person.email) == ("reviewer", "Nia Test", "nia@northwind.example")
    fresh = Client()
    fresh.post(reverse("account_login"), {"login": "nia", "password": password})
    assert fresh.session["_auth_user_id"] == str(person.pk)


@pytest.mark.parametrize("htmx", [True, False])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("username", ""),
        ("username", "nia test"),
        ("username", "nia@home"),
        ("username", "ADA"),
        ("email", "nobody"),
        ("email", "Ada@Northwind.example"),
        ("role", "owner"),
    ],
)
def test_bad_person_is_a_422_with_the_text_kept(admin: Client, field: str, value: str, htmx: bool) -> None:
    factories.user("ada", email="ada@northwind.example")
    answer = _add(admin, htmx=htmx, **{field: value})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in page
    assert "autofocus" in page
    assert all(kept in page for name, kept in PERSON.items() if name not in (field, "role"))
    assert not User.objects.filter(username="nia").exists()


def test_add_that_lost_a_race_for_the_name_says_so_at_the_field(
    admin: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(**_: object) -> None:
        raise actions.NameTaken("username", "Somebody has this user name already.")

    monkeypatch.setattr(actions, "add_person", taken)
    answer = _add(admin, htmx=True)
    assert answer.status_code == 422
    assert 'id="id_username_error"' in answer.content.decode()


@pytest.mark.parametrize("form", ["role", "deactivate", "reactivate"])
def test_change_answers_the_list_and_a_toast_or_goes_back_to_it(admin: Client, ada: User, form: str) -> None:
    plain = _change(admin, form, ada)
    assert (plain.status_code, plain["Location"]) == (302, reverse("accounts:people"))
    answer = _change(admin, form, ada, htmx=True)
    assert answer.content.decode().strip().startswith('<div class="grid" id="people"')
    assert "Ada Moreau" in json.loads(answer["HX-Trigger"])["toast"]["text"]


def test_role_is_changed_and_a_role_that_is_none_changes_nothing(admin: Client, ada: User) -> None:
    _change(admin, "role", ada, role="admin")
    assert _fresh(ada).role == "admin"
    assert _change(admin, "role", ada, role="owner").status_code == 422
    assert _fresh(ada).role == "admin"


def test_deactivated_person_is_out_at_once_and_cannot_come_back_in(admin: Client, ada: User) -> None:
    theirs = Client()
    theirs.force_login(ada)
    _change(admin, "deactivate", ada)
    assert theirs.get("/").status_code == 302
    theirs.post(reverse("account_login"), {"login": "ada", "password": factories.PASSWORD})
    assert theirs.get("/").status_code == 302
    _change(admin, "reactivate", ada)
    theirs.post(reverse("account_login"), {"login": "ada", "password": factories.PASSWORD})
    assert theirs.get("/").status_code == 200


@pytest.mark.parametrize("htmx", [True, False])
def test_new_password_is_shown_once_and_ends_old_sessions(admin: Client, ada: User, htmx: bool) -> None:
    theirs = Client()
    theirs.force_login(ada)
    answer = _change(admin, "password", ada, htmx=htmx)
    password = _password(answer)
    assert answer["Cache-Control"] == "no-store"
    assert _fresh(ada).check_password(password)
    assert theirs.get("/").status_code == 302
    assert password not in admin.get(reverse("accounts:people")).content.decode()


@pytest.mark.parametrize("form", FORMS)
def test_own_account_is_refused_with_a_sentence(admin: Client, form: str) -> None:
    me = factories.mo()
    factories.user("kim", "admin")
    assert _change(admin, form, me).status_code == 403
    answer = _change(admin, form, me, htmx=True)
    assert (answer.status_code, answer["HX-Reswap"]) == (403, "none")
    assert "You" in json.loads(answer["HX-Trigger"])["toast"]["text"] or form == "password"
    assert _fresh(me).is_active
    assert _fresh(me).role == "admin"
