"""The letter with a link for a new password: from the portal, about the portal, once, and in no log."""

import logging
import smtplib

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from sora_portal.accounts.models import User
from sora_portal.web.log_lines import Lines
from tests import factories

pytestmark = pytest.mark.django_db

ADDRESS, NEW = "ada@northwind.example", "quiet-harbour-49-lamps"


@pytest.fixture(autouse=True)
def _portal(settings: Settings) -> None:
    settings.SORA_PORTAL_PUBLIC_URL = "https://portal.example"
    settings.SORA_PORTAL_MAIL_FROM = "Portal <portal@portal.example>"
    settings.ALLOWED_HOSTS = ["*"]
    factories.user("ada", name="Ada Moreau", email=ADDRESS)


def _ask(client: Client, email: str = ADDRESS, **headers: str) -> str:
    answer = client.post(reverse("account_reset_password"), {"email": email}, headers=headers)
    assert (answer.status_code, answer["Location"]) == (302, reverse("account_reset_password_done"))
    return str(mail.outbox[-1].body)


def _path(letter: str) -> str:
    link = next(line for line in letter.splitlines() if "/password/reset/key/" in line)
    return link.removeprefix("https://portal.example")


@pytest.mark.parametrize("header", ["host", "x-forwarded-host"])
def test_the_letter_names_the_portal_and_nothing_that_the_request_made_up(client: Client, header: str) -> None:
    letter = _ask(client, **{header: "evil.example"})
    assert "https://portal.example/accounts/password/reset/key/" in letter
    assert mail.outbox[0].from_email == "Portal <portal@portal.example>"
    assert "evil" not in f"{letter}{mail.outbox[0].subject}"


def test_without_a_public_address_the_link_begins_with_a_host_of_the_settings(
    client: Client, settings: Settings
) -> None:
    settings.SORA_PORTAL_PUBLIC_URL = ""
    settings.ALLOWED_HOSTS = [".portal.example", "evil.example"]
    assert "http://portal.example/accounts/" in _ask(client, host="evil.example")


@pytest.mark.parametrize("email", [ADDRESS, "ADA@northwind.EXAMPLE", "unknown@northwind.example"])
def test_the_page_says_the_same_and_sends_one_letter_whether_there_is_an_account_or_not(
    client: Client, email: str
) -> None:
    _ask(client, email)
    assert [letter.to for letter in mail.outbox] == [[email]] or mail.outbox[0].to == [ADDRESS]


def test_the_link_works_once_and_the_address_is_told(client: Client) -> None:
    path = _path(_ask(client))
    form = client.get(path, follow=True).redirect_chain[-1][0]
    assert client.post(form, {"password1": NEW, "password2": NEW}).status_code == 302
    assert User.objects.get(username="ada").check_password(NEW)
    assert mail.outbox[-1].to == [ADDRESS]
    assert "set anew" in mail.outbox[-1].body
    assert "no longer works" in Client().get(path, follow=True).content.decode()


def test_a_closed_account_gets_no_link(client: Client) -> None:
    User.objects.filter(username="ada").update(is_active=False)
    assert "/reset/key/" not in _ask(client)


def test_a_mail_server_in_trouble_does_not_show(
    client: Client, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = "tests.accounts.test_reset_letter.Broken"
    answer = client.post(reverse("account_reset_password"), {"email": ADDRESS})
    assert answer.status_code == 302
    assert "could not be sent: SMTPServerDisconnected" in caplog.text
    assert "reset/key" not in caplog.text


class Broken(BaseEmailBackend):
    """A mail server that hangs up."""

    def send_messages(self, letters: object) -> int:
        raise smtplib.SMTPServerDisconnected(f"while sending {letters}")


def test_where_no_letters_leave_the_page_says_whom_to_ask(client: Client, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    page = client.get(reverse("account_reset_password")).content.decode()
    assert "This portal sends no mail." in page


def test_no_letters_are_printed_unless_asked_for() -> None:
    from sora_portal import settings as shipped

    assert shipped.EMAIL_CONFIG["EMAIL_BACKEND"] == "django.core.mail.backends.dummy.EmailBackend"


@pytest.mark.parametrize(
    "line",
    [
        'POST /callbacks/s3cr3t/ HTTP/1.1" 404',
        "Bad Request: /callbacks/s3cr3t/?x=1",
        "https://portal.example/callbacks/s3cr3t/",
        "Not Found: /accounts/password/reset/key/1-s3cr3t/",
        "Not Found: /r/s3cr3t/picture.jpg",
        "/callbacks/s3cr3t",
    ],
)
def test_a_log_line_holds_no_address_that_is_a_key(line: str) -> None:
    try:
        raise ValueError(line)
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, "", 1, "%s", (line,), (ValueError, error, error.__traceback__))
    text = Lines("%(levelname)s %(message)s").format(record)
    assert "s3cr3t" not in text
    assert "…" in text
