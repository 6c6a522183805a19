"""The page Prices: seen and changed by admins only, with every mistake named beside its field."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from sora_portal.catalog.models import PriceList, VideoModel
from sora_portal.ledger import posting
from tests import factories

pytestmark = pytest.mark.django_db
PAGE = "/team/prices/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def model(db: None) -> VideoModel:
    return factories.offered_model("ruxa-sora-2")


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(factories.mo())
    return client


def _form(**changes: str) -> dict[str, str]:
    return {"amount_0": "60", "amount_1": "40", "amount_new": "", "valid_from": "", "note": "", **changes}


def _price(model: VideoModel, **choices: str) -> int:
    return model.priced(timezone.now()).price({**model.rules.defaults(), **choices})


@pytest.mark.parametrize("person", [factories.ada, factories.rae])
def test_members_and_reviewers_get_no_further_than_a_sentence(
    client: Client, model: VideoModel, person: object
) -> None:
    client.force_login(person())  # type: ignore[operator]
    assert client.get(PAGE).status_code == 403
    assert client.post(f"{PAGE}{model.slug}/", _form()).status_code == 403
    assert not PriceList.objects.exists()


def test_the_page_shows_each_models_prices_and_who_set_them(admin: Client, model: VideoModel) -> None:
    admin.post(f"{PAGE}{model.slug}/", _form(amount_1="33.5", note="Autumn sale"))
    page = admin.get(PAGE).content.decode()
    assert "33.5" in page
    assert "Autumn sale" in page
    assert "Mo Lindqvist" in page


def test_amounts_are_changed_at_once(admin: Client, model: VideoModel) -> None:
    answer = admin.post(f"{PAGE}{model.slug}/", _form(amount_0="66", amount_1="44.25"), headers=HTMX)
    assert (answer.status_code, "new prices" in answer["HX-Trigger"]) == (200, True)
    assert (_price(model, seconds="15"), _price(model, seconds="10")) == (66_000, 44_250)


def test_without_htmx_the_form_leads_back_to_the_page(admin: Client, model: VideoModel) -> None:
    assert admin.post(f"{PAGE}{model.slug}/", _form()).headers["Location"] == PAGE


def test_a_rule_is_added_before_the_general_ones_and_goes_when_its_amount_is_emptied(
    admin: Client, model: VideoModel
) -> None:
    admin.post(f"{PAGE}{model.slug}/", _form(when_shape="720x1280", when_seconds="15", amount_new="90"))
    assert _price(model, shape="720x1280", seconds="15") == 90_000
    assert _price(model, shape="1280x720", seconds="15") == 60_000
    admin.post(f"{PAGE}{model.slug}/", {"amount_0": "", "amount_1": "61", "amount_2": "40"})
    assert _price(model, shape="720x1280", seconds="15") == 61_000


def test_a_day_to_come_begins_at_midnight_where_the_organisation_is(admin: Client, model: VideoModel) -> None:
    day = timezone.localdate() + timedelta(days=9)
    admin.post(f"{PAGE}{model.slug}/", _form(amount_1="1", valid_from=day.isoformat()))
    begins = PriceList.objects.get().valid_from.astimezone(posting.zone())
    assert (begins.date(), begins.hour, begins.minute) == (day, 0, 0)
    assert _price(model) == 40_000
    assert "To come" in admin.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"amount_1": ""}, "Say what it costs"),
        ({"amount_0": "lots"}, "Write a number of credits"),
        ({"amount_1": "-5"}, "At least 0"),
        ({"valid_from": "2020-01-01"}, "A price can begin today or later"),
        ({"valid_from": "soon"}, "Write the day"),
        ({"amount_new": "5"}, "Say for which videos"),
        ({"when_seconds": "15"}, "Say what it costs"),
        ({"when_seconds": "15", "amount_new": "5"}, "There is a price for these already"),
        ({"when_seconds": "12", "amount_new": "5"}, "Select a valid choice"),
    ],
)
def test_a_mistake_is_named_beside_its_field_and_what_was_typed_stays(
    admin: Client, model: VideoModel, changes: dict[str, str], sentence: str
) -> None:
    answer = admin.post(f"{PAGE}{model.slug}/", _form(note="Keep me", **changes), headers=HTMX)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert 'value="Keep me"' in page
    assert not PriceList.objects.exists()


def test_a_retired_model_has_no_prices_to_change(admin: Client, model: VideoModel) -> None:
    VideoModel.objects.filter(pk=model.pk).update(lifecycle="retired")
    assert admin.post(f"{PAGE}{model.slug}/", _form()).status_code == 404
    assert f'id="prices-{model.slug}"' not in admin.get(PAGE).content.decode()
