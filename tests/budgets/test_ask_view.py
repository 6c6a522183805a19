"""/ask/ and /asks/: what a member sees whose budget has refused a video."""

import json

import pytest
from django.test import Client

from sora_portal.budgets.models import Ask
from sora_portal.budgets.requests import actions
from sora_portal.generations.models import Generation
from sora_portal.ledger import actions as credits
from sora_portal.ledger.models import Scope
from tests import factories
from tests.budgets.asked import asked, once

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def ada(client: Client, short: Scope) -> Client:
    """A browser in which ada is signed in, with too little budget."""
    client.force_login(factories.ada())
    return client


def _form(**values: object) -> dict[str, object]:
    model = factories.offered_model()
    defaults = {key: value for key, value in model.rules.defaults().items() if value}
    wish = {"project": factories.project().pk, "model": model.pk, "prompt": "Paper boats", "submit_key": "abc"}
    return {**wish, "ask-amount": "28", "ask-reason": "For Friday's pitch", **defaults, **values}


def test_refused_composer_offers_to_ask_with_the_amount_filled_in(ada: Client) -> None:
    answer = ada.post("/submit/", _form(), headers=HTMX)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Your budget: 12 credits left of 52 this month, this video needs 40." in page
    assert 'name="ask-amount" value="28"' in page
    assert 'formaction="/ask/"' in page
    assert "Paper boats" in page


def test_admin_is_not_asked_to_ask_an_admin(client: Client, short: Scope) -> None:
    mo = factories.mo()
    credits.set_quota(by=mo, scope=credits.scope_for_member(mo), monthly=1_000, now=factories.timezone.now())
    client.force_login(mo)
    page = client.post("/submit/", _form(), headers=HTMX).content.decode()
    assert "You can raise it on the Credits page." in page
    assert "ask-amount" not in page


def test_asking_keeps_the_video_and_clears_the_composer(ada: Client) -> None:
    answer = ada.post("/ask/", _form(), headers=HTMX)
    composer, card = answer.content.decode().split("<hx-partial", 1)
    assert answer.status_code == 200
    assert "Paper boats" not in composer
    assert "Paper boats" in card
    assert "You asked for 28 credits." in card
    assert json.loads(answer["HX-Trigger"])["toast"]["text"].startswith("Asked.")
    assert Ask.objects.get().reason == "For Friday's pitch"


def test_asking_without_htmx_goes_back_to_the_studio(ada: Client) -> None:
    answer = ada.post("/ask/", _form())
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert Ask.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [({"ask-reason": " "}, "Say what it is for"), ({"ask-amount": "0"}, "At least"), ({"prompt": ""}, "Describe the")],
)
def test_request_that_lacks_something_is_422_with_everything_kept(
    ada: Client, change: dict[str, str], sentence: str
) -> None:
    answer = ada.post("/ask/", _form(**change), headers=HTMX)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert 'id="ask-send"' in page
    assert not Ask.objects.exists()


def test_asking_where_there_is_enough_meanwhile_says_press_generate(ada: Client, short: Scope) -> None:
    credits.set_quota(by=factories.mo(), scope=short, monthly=90_000, now=factories.timezone.now())
    answer = ada.post("/ask/", _form(), headers=HTMX)
    assert answer.status_code == 409
    assert "There is enough budget now. Press Generate." in answer.content.decode()


def test_card_is_empty_when_nothing_waits(ada: Client) -> None:
    assert ada.get("/asks/").content.decode().strip().endswith("#}") is False
    assert "<section" not in ada.get("/asks/").content.decode()


def test_card_shows_a_refusal_with_its_reason_until_it_is_put_away(ada: Client) -> None:
    ask = asked()
    actions.decline(by=factories.mo(), ask=ask, version=0, reason="Not before December", now=factories.timezone.now())
    assert "Mo Lindqvist declined: Not before December" in ada.get("/asks/").content.decode()
    answer = ada.post(f"/asks/{ask.pk}/withdraw/", headers=HTMX)
    assert "<section" not in answer.content.decode()


def test_card_goes_when_the_request_is_granted(ada: Client) -> None:
    ask = asked()
    assert "data-poll" in ada.get("/asks/").content.decode()
    actions.grant(by=factories.mo(), ask=ask, answer=once(ask), now=factories.timezone.now())
    assert "<section" not in ada.get("/asks/").content.decode()
    assert "Paper boats on a canal" in ada.get("/").content.decode()


def test_kept_video_goes_out_when_there_is_enough(ada: Client, short: Scope) -> None:
    ask = asked()
    url = f"/asks/{ask.pk}/resume/"
    assert ada.post(url, {"quoted": "40000"}, headers=HTMX).status_code == 409
    credits.set_quota(by=factories.mo(), scope=short, monthly=90_000, now=factories.timezone.now())
    answer = ada.post(url, {"quoted": "39000"}, headers=HTMX)
    assert answer.status_code == 409
    assert "from 39 to 40" in json.loads(answer["HX-Trigger"])["toast"]["text"]
    assert ada.post(url, {"quoted": "40000"}, headers=HTMX).status_code == 200
    assert Generation.objects.count() == 2


def test_somebody_elses_request_is_not_found(client: Client, short: Scope) -> None:
    ask = asked()
    client.force_login(factories.eve())
    assert client.post(f"/asks/{ask.pk}/withdraw/").status_code == 404
    assert client.post(f"/asks/{ask.pk}/resume/").status_code == 404
    assert "Paper boats" not in client.get("/asks/").content.decode()


def test_wrong_methods_are_refused(ada: Client) -> None:
    ask = asked()
    assert ada.get("/ask/").status_code == 405
    assert ada.post("/asks/").status_code == 405
    assert ada.get(f"/asks/{ask.pk}/resume/").status_code == 405
