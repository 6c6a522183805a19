"""`/compose/` and `/compose/price/`: the composer for another model, the price of other settings."""

import re

import pytest
from django.test import Client

from sora_portal.catalog.spec.domain import Field
from tests import factories
from tests.catalog.spec.specs import MODELS

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(client: Client) -> Client:
    factories.money()
    factories.project()
    client.force_login(factories.ada())
    return client


def test_another_model_offers_only_what_it_can_do(signed_in: Client) -> None:
    page = signed_in.get("/compose/", {"model": factories.offered_model("apixo-kling-2-6").pk}).content.decode()
    assert "1:1" in page
    assert "25 s" not in page
    assert 'name="private"' not in page


def _chosen(page: str, name: str) -> str:
    """Return the value of the button that is pressed."""
    found = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"[^>]*checked', page)
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("earlier", "shape", "slug", "kept"),
    [
        ("ruxa-sora-2", "720x1280", "apixo-sora-2", "portrait"),
        ("ruxa-sora-2", "1280x720", "ruxa-sora-2-hd", "1792x1024"),
        ("ruxa-sora-2", "720x1280", "ruxa-sora-2-hd", "1024x1792"),
        ("ruxa-sora-2-hd", "1024x1792", "ruxa-sora-2", "720x1280"),
        ("apixo-kling-2-6", "1:1", "ruxa-sora-2", "1280x720"),
    ],
)
def test_another_model_keeps_the_shape_and_the_length_in_its_own_words(
    signed_in: Client, earlier: str, shape: str, slug: str, kept: str
) -> None:
    before, model = factories.offered_model(earlier), factories.offered_model(slug)
    query = {"model": model.pk, "options_of": before.pk, "shape": shape, "seconds": "15"}
    page = signed_in.get("/compose/", query).content.decode()
    assert _chosen(page, "shape") == kept
    assert _chosen(page, "seconds") == "15"
    assert f'name="options_of" value="{model.pk}"' in page


def test_same_model_keeps_the_very_shape_that_was_chosen(signed_in: Client) -> None:
    model = factories.offered_model("ruxa-sora-2-hd")
    query = {"model": model.pk, "options_of": model.pk, "shape": "1280x720"}
    assert _chosen(signed_in.get("/compose/", query).content.decode(), "shape") == "1280x720"


def test_what_the_model_does_not_have_is_disabled_with_its_reason(signed_in: Client) -> None:
    page = signed_in.get("/compose/", {"model": factories.offered_model("ruxa-sora-2").pk}).content.decode()
    assert re.search(r'<input[^>]*name="seconds"[^>]*value="25"[^>]*disabled', page)
    assert 'title="25 s needs Sora 2 HD."' in page
    assert len(re.findall(r'<input[^>]*name="shape"[^>]*disabled', page)) == 2
    hint = re.search(r'id="id_shape_helptext">([^<]*)<', page)
    assert hint, "the reason can be read without a pointer"
    assert hint[1] == "HD sizes need Sora 2 HD."


def test_mode_brings_its_fields_and_takes_away_what_does_not_apply(signed_in: Client) -> None:
    model = factories.offered_model("apixo-veo-3-1")
    page = signed_in.get("/compose/", {"model": model.pk, "options_of": model.pk}).content.decode()
    assert 'data-drivers="generation"' in page
    assert 'name="references"' not in page
    wish = {"model": model.pk, "options_of": model.pk, "generation": "REFERENCE_2_VIDEO"}
    page = signed_in.get("/compose/", {**wish, "quality": "quality", "shape": "9:16"}).content.decode()
    assert 'name="references"' in page
    assert (_chosen(page, "quality"), _chosen(page, "shape")) == ("fast", "16:9")
    assert "Reference images work with Fast only." in page


def test_images_stay_when_the_mode_changes(signed_in: Client) -> None:
    model = factories.offered_model("apixo-veo-3-1")
    wish = {"model": model.pk, "options_of": model.pk, "generation": "REFERENCE_2_VIDEO"}
    page = signed_in.get("/compose/", {**wish, "image": "https://images.example/a.png"}).content.decode()
    assert re.search(r'<textarea name="references"[^>]*>\s*https://images.example/a.png</textarea>', page)


def test_image_takes_the_place_of_the_shape_where_it_gives_it(signed_in: Client) -> None:
    model = factories.offered_model("apixo-sora-2-pro")
    query = {"model": model.pk, "options_of": model.pk, "shape": "720*1280"}
    page = signed_in.get("/compose/", query).content.decode()
    assert 'name="shape"' in page
    assert 'name="quality"' not in page
    page = signed_in.get("/compose/", {**query, "image": "https://images.example/a.png"}).content.decode()
    assert 'name="shape"' not in page
    assert 'name="quality"' in page


@pytest.mark.parametrize("slug", MODELS)
def test_every_shipped_model_shows_its_pictures_without_opening_anything(signed_in: Client, slug: str) -> None:
    model = factories.offered_model(slug)
    for entry in model.rules.shown():
        if entry.kind != "images":
            continue
        page = signed_in.get("/compose/", {"model": model.pk, **_that_shows(entry)}).content.decode()
        assert f'data-pictures="{entry.key}"' in page.partition('<details class="more" id="composer-more"')[0]


def _that_shows(entry: Field) -> dict[str, str]:
    """Return the settings with which a field is there."""
    return {key: next(iter(values)) for key, values in entry.only.items()}


def test_pictures_stand_where_the_row_says(signed_in: Client) -> None:
    model = factories.offered_model("ruxa-sora-2")
    image = next(field for field in model.spec["fields"] if field["key"] == "image")
    image["more"] = True
    model.save()
    page = signed_in.get("/compose/", {"model": model.pk}).content.decode()
    main, _, more = page.partition(">More options<")
    assert 'data-pictures="image"' not in main
    assert 'data-pictures="image"' in more


@pytest.mark.parametrize("slug", MODELS)
def test_composer_of_every_shipped_model_is_complete(signed_in: Client, slug: str) -> None:
    model = factories.offered_model(slug)
    page = signed_in.get("/compose/", {"model": model.pk}).content.decode()
    assert f'name="quoted" value="{model.rules.price(model.rules.defaults())}"' in page
    for entry in model.rules.shown():
        assert (f'name="{entry.key}"' in page) == model.rules.applies(entry, model.rules.defaults())


def test_the_price_follows_the_settings(signed_in: Client) -> None:
    model = factories.offered_model("ruxa-sora-2-hd")
    for seconds, price in (("10", 80), ("15", 120), ("25", 200)):
        page = signed_in.get("/compose/price/", {"model": model.pk, "seconds": seconds}).content.decode()
        assert f"<b>{price}</b> credits" in page
        assert f'name="quoted" value="{price * 1000}"' in page


NONSENSE: tuple[dict[str, str], ...] = (
    {},
    {"model": "x"},
    {"model": "²"},
    {"model": "9" * 30},
    {"project": "²"},
    {"model": "999999"},
    {"model": "1", "seconds": "nonsense"},
    {"model": "1", "options_of": "nonsense", "shape": "x"},
    {"model": "1", "options_of": "999999", "shape": "x"},
)


@pytest.mark.parametrize("query", NONSENSE)
@pytest.mark.parametrize("address", ["/compose/", "/compose/price/"])
def test_nonsense_never_breaks_the_composer(signed_in: Client, address: str, query: dict[str, str]) -> None:
    factories.offered_model()
    assert signed_in.get(address, query).status_code == 200


@pytest.mark.parametrize("address", ["/compose/", "/compose/price/"])
def test_anonymous_goes_to_sign_in_and_post_is_not_allowed(client: Client, address: str) -> None:
    assert client.get(address).status_code == 302
    client.force_login(factories.eve())
    assert client.post(address).status_code == 405
    assert client.get(address).status_code == 200
