"""What happens to every request: input is cleaned, nothing is stored, and signing in leads back."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from sora_portal.accounts.models import User
from sora_portal.projects.models import Project
from tests import factories

pytestmark = pytest.mark.django_db

HERE = "/library/?show=approved&q=fox+%26+bridge&person=mine&tag=a&tag=b"


def _way_back(address: str) -> str:
    return parse_qs(urlsplit(address).query)["next"][0]


def test_a_zero_byte_in_a_form_is_dropped_and_the_rest_counts(client: Client) -> None:
    client.force_login(factories.mo())
    client.post(reverse("projects:create"), {"name": "Au\0tumn", "pl\0aza": "x"})
    assert Project.objects.get().name == "Autumn"


@pytest.mark.parametrize("address", ["/library/?q=%00fox&project=%00", "/library/?q=%ED%A0%80", "/?from=%00&show=%00"])
def test_a_zero_byte_in_an_address_is_no_fault(client: Client, address: str) -> None:
    client.force_login(factories.ada())
    assert client.get(address).status_code == 200


def test_a_path_with_a_zero_byte_is_not_found(client: Client) -> None:
    client.force_login(factories.ada())
    assert client.get("/r/%00/picture.jpg").status_code == 404


def test_a_session_cookie_with_a_zero_byte_is_nobody(client: Client) -> None:
    client.cookies[settings.SESSION_COOKIE_NAME] = "\0" * 32
    assert client.get("/").status_code == 302


@pytest.mark.parametrize("address", ["/", "/library/", "/accounts/login/", "/usage/", "/feed/", "/nowhere/"])
def test_no_page_is_kept_by_the_browser(client: Client, address: str) -> None:
    client.force_login(factories.ada())
    assert "no-store" in client.get(address).headers["Cache-Control"]


def test_address_of_a_form_is_a_page_with_a_way_out(client: Client) -> None:
    client.force_login(factories.ada())
    page = client.get(reverse("generations:submit"), headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["Allow"]) == (405, "POST")
    assert "To the studio" in page.content.decode()


def test_signing_in_leads_back_with_every_filter(client: Client) -> None:
    address = client.get(HERE).headers["Location"]
    assert _way_back(address) == HERE
    factories.ada()
    form = {"login": "ada", "password": factories.PASSWORD, "next": _way_back(address)}
    page = client.get(address).content.decode()
    assert 'name="next"' in page
    assert client.post(reverse("account_login"), form).headers["Location"] == HERE


def test_an_ended_session_leads_htmx_back_with_every_filter(client: Client) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{HERE}"}
    answer = client.get("/feed/", headers=headers)
    assert _way_back(answer.headers["HX-Redirect"]) == HERE


def test_an_ended_session_leads_a_sent_form_back_to_its_page(client: Client) -> None:
    answer = client.post(reverse("generations:submit"), headers={"Referer": f"http://testserver{HERE}"})
    assert _way_back(answer.headers["Location"]) == HERE
    answer = client.post(reverse("generations:submit"), headers={"Referer": "https://elsewhere.example/x"})
    assert _way_back(answer.headers["Location"]) == "/"


def test_a_refusal_without_a_page_of_its_own_is_a_sentence(client: Client) -> None:
    person: User = factories.mo()
    client.force_login(person)
    video = factories.generation()
    answer = client.post(reverse("generations:decide_write_off", args=[video.public_id]), {"reason": "long enough now"})
    assert answer.status_code < 500
