"""`/submit/`: what a member gets back for a prompt."""

import json

import pytest
from django.test import Client

from sora_portal.accounts.models import User
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


def _form(slug: str = "ruxa-sora-2", **values: object) -> dict[str, object]:
    model = factories.offered_model(slug)
    defaults = {key: value for key, value in model.rules.defaults().items() if value}
    return {
        "project": factories.project().pk,
        "model": model.pk,
        "prompt": "A horse taking flight",
        "submit_key": "abc",
        **defaults,
        **values,
    }


def test_a_good_prompt_answers_the_row_a_fresh_composer_and_a_toast(client: Client, ada: User) -> None:
    answer = client.post("/submit/", _form(), headers=HTMX)
    row = Generation.objects.get()
    page = answer.content.decode()
    assert answer.status_code == 200
    assert f'id="generation-{row.public_id}"' in page
    assert "A horse taking flight" not in page.split("<hx-partial")[0], "the prompt is cleared"
    toast = json.loads(answer["HX-Trigger"])["toast"]
    assert toast == {"text": "Queued: 40 credits reserved", "tone": ""}


def test_without_htmx_it_goes_back_to_the_studio(client: Client, ada: User) -> None:
    answer = client.post("/submit/", _form())
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert Generation.objects.count() == 1


def test_a_double_click_makes_one_video(client: Client, ada: User) -> None:
    for _ in range(2):
        assert client.post("/submit/", _form(), headers=HTMX).status_code == 200
    assert Generation.objects.count() == 1


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_an_empty_prompt_is_422_beside_the_field(client: Client, ada: User, headers: dict[str, str]) -> None:
    answer = client.post("/submit/", _form(prompt="  "), headers=headers)
    assert answer.status_code == 422
    assert "Describe the video first." in answer.content.decode()
    assert not Generation.objects.exists()


def test_a_prompt_that_is_too_long_keeps_its_text(client: Client, ada: User) -> None:
    prompt = "long " * 1001
    answer = client.post("/submit/", _form(prompt=prompt), headers=HTMX)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "5,005 characters; this model takes at most 5,000." in page
    assert prompt in page


def test_a_forged_setting_is_422(client: Client, ada: User) -> None:
    answer = client.post("/submit/", _form(seconds="25"), headers=HTMX)
    assert answer.status_code == 422
    assert not Generation.objects.exists()


def test_a_bad_image_address_is_422_under_its_field(client: Client, ada: User) -> None:
    answer = client.post("/submit/", _form(image="http://10.0.0.1/x.png"), headers=HTMX)
    assert answer.status_code == 422
    assert "https:// address" in answer.content.decode()


def test_over_budget_is_409_with_the_limit_and_the_text_kept(client: Client, ada: User) -> None:
    scope = credits.scope_for_project(factories.project())
    credits.set_quota(by=factories.mo(), scope=scope, monthly=12_000, now=factories.timezone.now())
    answer = client.post("/submit/", _form(prompt="Keep this text"), headers=HTMX)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Autumn launch: 12 credits left" in page
    assert "Keep this text" in page
    assert 'hx-target="#budgets"' in page, "the figures beside it are those of the refusal"


def test_a_stale_price_is_409_with_both_prices(client: Client, ada: User) -> None:
    answer = client.post("/submit/", _form(quoted=30_000), headers=HTMX)
    assert answer.status_code == 409
    assert "from 30 to 40 credits" in answer.content.decode()


def test_a_stranger_cannot_submit_into_a_project_that_is_not_theirs(client: Client) -> None:
    factories.money()
    client.force_login(factories.eve())
    assert client.post("/submit/", _form(), headers=HTMX).status_code == 422
    assert not Generation.objects.exists()


def test_settings_left_out_altogether_mean_the_defaults(client: Client, ada: User) -> None:
    model = factories.offered_model()
    form = {"project": factories.project().pk, "model": model.pk, "prompt": "Only the prompt"}
    assert client.post("/submit/", form).status_code == 302
    assert Generation.objects.get().choices == model.rules.defaults()


def test_an_unticked_flag_is_off(client: Client, ada: User) -> None:
    form = _form()
    del form["private"]
    client.post("/submit/", form)
    assert Generation.objects.get().choices["private"] == ""


def test_anonymous_goes_to_sign_in(client: Client) -> None:
    assert client.post("/submit/", {}).headers["Location"].startswith("/accounts/login/")
    assert client.post("/submit/", {}, headers=HTMX).headers["HX-Redirect"].startswith("/accounts/login/")


def test_get_is_not_allowed(client: Client, ada: User) -> None:
    assert client.get("/submit/").status_code == 405


def test_a_post_without_a_csrf_token_is_refused() -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(factories.ada())
    assert strict.post("/submit/", {}).status_code == 403
