"""The address that a person signs in with: changed for their password, told to the address before."""

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from sora_portal.accounts.models import User
from tests import factories

pytestmark = pytest.mark.django_db

BEFORE, NEW = "ada@northwind.example", "ada@harbour.example"


@pytest.fixture
def ada(client: Client) -> User:
    """A member who is signed in."""
    person = factories.user("ada", name="Ada Moreau", email=BEFORE)
    client.force_login(person)
    return person


def _post(client: Client, email: str = NEW, password: str = factories.PASSWORD) -> int:
    return client.post(reverse("accounts:address"), {"email": email, "password": password}).status_code


def _address() -> str:
    return User.objects.get(username="ada").email


def test_a_visitor_is_sent_to_sign_in(client: Client) -> None:
    assert client.get(reverse("accounts:address"))["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("password", ["", "wrong", "only-for-test", "ONLY-FOR-TESTS"])
def test_a_stolen_session_does_not_change_the_address(client: Client, ada: User, password: str) -> None:
    assert _post(client, password=password) == 422
    assert (_address(), mail.outbox) == (BEFORE, [])


def test_guessing_the_password_there_counts_as_signing_in(client: Client, ada: User, settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {}
    for number in range(5):
        _post(client, password=f"wrong {number}")
    assert _post(client) == 422
    answer = Client().post(reverse("account_login"), {"login": "ada", "password": factories.PASSWORD})
    assert "Too many failed" in answer.content.decode()


def test_the_old_address_is_told_and_the_new_one_signs_in(
    client: Client, ada: User, django_capture_on_commit_callbacks: object
) -> None:
    EmailAddress.objects.create(user=ada, email=BEFORE, verified=True, primary=True)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        assert _post(client, email=" Ada@Harbour.EXAMPLE ") == 302
    assert _address() == NEW
    assert [(letter.to, NEW in letter.body) for letter in mail.outbox] == [([BEFORE], True)]
    for login, status in ((BEFORE, 200), (NEW.upper(), 302)):
        there = Client().post(reverse("account_login"), {"login": login, "password": factories.PASSWORD})
        assert there.status_code == status


@pytest.mark.parametrize("taken", ["rae@northwind.example", "RAE@Northwind.example"])
def test_an_address_of_another_account_is_a_sentence(client: Client, ada: User, taken: str) -> None:
    factories.user("rae", "reviewer", email="rae@northwind.example")
    answer = client.post(reverse("accounts:address"), {"email": taken, "password": factories.PASSWORD})
    assert (answer.status_code, _address()) == (422, BEFORE)
    assert "Another account has this address already." in answer.content.decode()
    assert taken in answer.content.decode()


@pytest.mark.parametrize(
    "bad", ["", "ada", "ada@", "a" * 250 + "@harbour.example", "ada@harbour.example\nBcc: x@y.example"]
)
def test_what_is_no_address_is_a_sentence(client: Client, ada: User, bad: str) -> None:
    assert _post(client, email=bad) == 422
    assert _address() == BEFORE


def test_a_link_sent_to_the_old_address_ends_with_it(client: Client, ada: User) -> None:
    Client().post(reverse("account_reset_password"), {"email": BEFORE})
    link = next(line for line in mail.outbox[0].body.splitlines() if "/password/reset/key/" in line)
    assert _post(client) == 302
    page = Client().get(link[link.index("/accounts/") :], follow=True).content.decode()
    assert "This link no longer works" in page
