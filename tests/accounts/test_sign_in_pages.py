"""Every page of allauth: offered in the house's frame, or not there at all."""

import re

import pytest
from allauth.account import urls as allauth_urls
from django.core import mail
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, reverse

from sora_portal.accounts.models import User
from sora_portal.accounts.sign_in_urls import urlpatterns
from tests import factories

pytestmark = pytest.mark.django_db

NAMES = {pattern.name for pattern in allauth_urls.urlpatterns if isinstance(pattern, URLPattern)}
OFFERED = {
    "account_login": {},
    "account_logout": {},
    "account_inactive": {},
    "account_reauthenticate": {},
    "account_change_password": {},
    "account_reset_password": {},
    "account_reset_password_done": {},
    "account_reset_password_from_key": {"uidb36": "1", "key": "none"},
    "account_reset_password_from_key_done": {},
}


def test_only_what_is_offered_has_an_address() -> None:
    assert {pattern.name for pattern in urlpatterns} == set(OFFERED)
    assert set(OFFERED) < NAMES
    for name in NAMES - set(OFFERED):
        with pytest.raises(NoReverseMatch):
            reverse(name)


@pytest.mark.parametrize(
    "path", ["", "email/", "signup/", "password/set/", "confirm-email/", "confirm-email/x:y/", "login/code/", "2fa/"]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_what_is_not_offered_is_not_there(client: Client, path: str, method: str) -> None:
    client.force_login(factories.ada())
    data = {"email": "thief@evil.example", "action_add": "", "password1": "a-new-long-phrase-7"}
    assert getattr(client, method)(f"/accounts/{path}", data).status_code == 404


@pytest.mark.parametrize("signed_in", [True, False])
@pytest.mark.parametrize("name", sorted(OFFERED))
def test_a_page_that_is_offered_wears_the_house_frame(client: Client, name: str, signed_in: bool) -> None:
    if signed_in:
        client.force_login(factories.ada())
    answer = client.get(reverse(name, kwargs=OFFERED[name]), follow=True)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "· Sora Portal</title>" in page
    assert "Menu:" not in page
    assert answer["Cache-Control"]


@pytest.mark.parametrize(
    "there",
    [
        "//evil.example/",
        "\\\\evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "http:///evil.example",
        "https://testserver/",
        "/\\evil.example",
        "\t//evil.example",
    ],
)
def test_signing_in_leads_to_no_other_place(client: Client, there: str) -> None:
    factories.ada()
    answer = client.post(reverse("account_login"), {"login": "ada", "password": factories.PASSWORD, "next": there})
    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_signing_in_leads_back_to_the_page_with_all_its_filters(client: Client) -> None:
    factories.ada()
    data = {"login": "ada", "password": factories.PASSWORD, "next": "/library/?show=all&q=fox"}
    assert client.post(reverse("account_login"), data)["Location"] == "/library/?show=all&q=fox"


def test_a_link_does_not_sign_out(client: Client) -> None:
    client.force_login(factories.ada())
    assert client.get(reverse("account_logout")).status_code == 200
    assert client.get("/").status_code == 200


def test_changing_the_password_asks_for_it_ends_other_sessions_and_tells_the_address(client: Client) -> None:
    factories.user("ada", name="Ada Moreau", email="ada@northwind.example")
    client.force_login(factories.ada())
    elsewhere = Client()
    elsewhere.force_login(factories.ada())
    page, new = reverse("account_change_password"), "quiet-harbour-49-lamps"
    wrong = client.post(page, {"oldpassword": "wrong", "password1": new, "password2": new})
    assert "current password" in wrong.content.decode()
    assert elsewhere.get("/").status_code == 200
    client.post(page, {"oldpassword": factories.PASSWORD, "password1": new, "password2": new})
    assert User.objects.get(username="ada").check_password(new)
    assert (client.get("/").status_code, elsewhere.get("/").status_code) == (200, 302)
    assert [letter.to for letter in mail.outbox] == [["ada@northwind.example"]]


def test_an_admins_new_password_for_a_person_is_told_to_them(
    client: Client, django_capture_on_commit_callbacks: object
) -> None:
    ada = factories.user("ada", name="Ada Moreau", email="ada@northwind.example")
    client.force_login(factories.mo())
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        answer = client.post(reverse("accounts:password", args=[ada.pk]))
    [letter] = mail.outbox
    assert (letter.to, "Mo Lindqvist" in letter.body) == (["ada@northwind.example"], True)
    shown = re.search(r'<code class="password">([^<]+)<', answer.content.decode())
    assert shown
    assert shown[1] not in letter.body
