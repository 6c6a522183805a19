"""A form's key names one request: another one with the same key is asked about, and nothing typed is lost."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from sora_portal.accounts.models import User
from sora_portal.budgets.models import Ask
from sora_portal.generations.models import Generation
from sora_portal.ledger import actions as credits
from tests import factories

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def ada(client: Client) -> User:
    factories.money()
    client.force_login(factories.ada())
    return factories.ada()


def _form(**values: object) -> dict[str, object]:
    model = factories.offered_model()
    defaults = {key: value for key, value in model.rules.defaults().items() if value}
    usual = {"project": factories.project().pk, "model": model.pk, "prompt": "A fox", "submit_key": "abc", **defaults}
    return {**usual, **values}


def _key(page: str) -> str:
    found = re.search(r'name="submit_key" value="([^"]+)"', page)
    assert found
    return found[1]


@pytest.mark.parametrize("headers", [HTMX, {}])
@pytest.mark.parametrize("change", [{"prompt": "An owl at dusk"}, {"seconds": "15"}])
def test_another_request_with_a_used_key_is_asked_about(
    client: Client, ada: User, headers: dict[str, str], change: dict[str, str]
) -> None:
    client.post("/submit/", _form(), headers=headers)
    answer = client.post("/submit/", _form(**change), headers=headers)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "was made from this form already: “A fox”" in page
    assert str(change.get("prompt", "A fox")) in page
    assert Generation.objects.count() == 1
    client.post("/submit/", _form(**change, submit_key=_key(page)), headers=headers)
    assert Generation.objects.count() == 2


def test_the_same_request_from_another_kind_of_line_end_is_the_same_video(client: Client, ada: User) -> None:
    client.post("/submit/", _form(prompt="A fox\r\nat dusk "), headers=HTMX)
    assert client.post("/submit/", _form(prompt="A fox\nat dusk"), headers=HTMX).status_code == 200
    assert Generation.objects.get().prompt == "A fox\nat dusk"


def test_asking_for_budget_with_a_used_key_is_asked_about_and_keeps_the_text(client: Client, ada: User) -> None:
    scope = credits.scope_for_member(ada)
    credits.set_quota(by=factories.mo(), scope=scope, monthly=10_000, now=timezone.now())
    ask = {"ask-amount": "40", "ask-reason": "For Friday"}
    assert client.post("/ask/", _form(**ask), headers=HTMX).status_code == 200
    assert client.post("/ask/", _form(**ask), headers=HTMX).status_code == 200
    answer = client.post("/ask/", _form(**ask, prompt="An owl"), headers=HTMX)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "An owl" in page
    assert "For Friday" in page
    assert Ask.objects.get().prompt == "A fox"
    client.post("/ask/", _form(**ask, prompt="An owl", submit_key=_key(page)), headers=HTMX)
    assert Ask.objects.count() == 2


@pytest.mark.parametrize("second", [{"amount": "20"}, {"reason": "For another pitch"}])
def test_a_grant_with_a_used_key_keeps_the_form_and_can_be_sent_again(client: Client, second: dict[str, str]) -> None:
    factories.money()
    client.force_login(factories.mo())
    form = {"amount": "10", "reason": "For the pitch", "key": "k1"}
    address = "/team/credits/organisation/grant/"
    assert client.post(address, form, headers=HTMX).status_code == 200
    assert client.post(address, form, headers=HTMX).status_code == 200
    answer = client.post(address, {**form, **second}, headers=HTMX)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "sent already with other values" in page
    assert 'name="key" value="k1"' not in page
    assert all(value in page for value in second.values())
