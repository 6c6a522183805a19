"""/account/theme/: a person's own colours."""

import pytest
from django.test import Client
from django.urls import reverse

from sora_portal.accounts.models import User
from tests import factories

URL = "/account/theme/"
pytestmark = pytest.mark.django_db


def test_theme_sends_visitors_to_sign_in(client: Client) -> None:
    assert client.post(URL, {"theme": "dark"})["Location"].startswith(reverse("account_login"))


def test_theme_takes_only_posts(client: Client) -> None:
    client.force_login(factories.ada())
    assert client.get(URL).status_code == 405


@pytest.mark.parametrize(("wanted", "kept"), [("dark", "dark"), ("light", "light"), ("", ""), ("<b>", "")])
def test_theme_is_kept_for_the_person_alone(client: Client, wanted: str, kept: str) -> None:
    factories.eve()
    client.force_login(factories.ada())
    assert client.post(URL, {"theme": wanted}).status_code == 204
    assert User.objects.get(username="ada").theme == kept
    assert User.objects.get(username="eve").theme == ""


def test_theme_without_script_goes_back_to_a_page(client: Client) -> None:
    client.force_login(factories.ada())
    answer = client.post(URL, {"theme": "dark"}, headers={"Accept": "text/html,application/xhtml+xml"})
    assert answer.status_code == 302


def test_theme_is_rendered_by_the_server(client: Client) -> None:
    client.force_login(factories.user("zoe", theme="dark"))
    assert '<html lang="en" data-theme="dark">' in client.get("/").content.decode()
