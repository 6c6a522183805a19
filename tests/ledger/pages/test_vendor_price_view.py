"""The vendor's own price on the page Prices: entered by admins, versioned, and frozen with each request."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from sora_portal.catalog import actions as catalog
from sora_portal.catalog.models import VendorPrice, VideoModel
from sora_portal.errors import NotAllowed
from sora_portal.generations.dispatch import claim
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
    return {"amount": "0.015", "currency": "USD", "per": "second", "note": "", **changes}


def _url(model: VideoModel) -> str:
    return f"{PAGE}{model.slug}/vendor/"


@pytest.mark.parametrize("person", [factories.ada, factories.rae, factories.eve])
def test_nobody_but_an_admin_enters_it(client: Client, model: VideoModel, person: object) -> None:
    client.force_login(person())  # type: ignore[operator]
    assert client.post(_url(model), _form()).status_code == 403
    with pytest.raises(NotAllowed):
        catalog.set_vendor_price(
            by=person(),  # type: ignore[operator]
            model=model,
            amount_micro=1,
            currency="USD",
            per="video",
            charges_failures=False,
            note="",
            now=timezone.now(),
        )
    assert not VendorPrice.objects.exists()


def test_page_says_not_known_until_somebody_enters_it(admin: Client, model: VideoModel) -> None:
    assert "The vendor charges us: not known" in admin.get(PAGE).content.decode()
    answer = admin.post(_url(model), _form(charges_failures="on", note="Their bill"), headers=HTMX)
    page = answer.content.decode()
    assert (answer.status_code, "vendor" in answer["HX-Trigger"]) == (200, True)
    assert "The vendor charges us: 0.015 USD a second, failures too" in page
    assert "Their bill" in page


def test_without_htmx_the_form_leads_back_and_a_get_is_refused(admin: Client, model: VideoModel) -> None:
    assert admin.post(_url(model), _form()).headers["Location"] == PAGE
    assert admin.get(_url(model)).status_code == 405


def test_emptied_amount_is_not_known_again_and_the_old_row_stays(admin: Client, model: VideoModel) -> None:
    admin.post(_url(model), _form())
    admin.post(_url(model), _form(amount=""))
    assert model.vendor_cost({"seconds": "10"}).micro is None
    assert [row.amount_micro for row in VendorPrice.objects.order_by("pk")] == [15_000, None]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"amount": "cheap"}, "Write an amount with at most six decimals"),
        ({"amount": "-1"}, "Write an amount with at most six decimals"),
        ({"currency": ""}, "Say in which currency"),
        ({"currency": "=1"}, "Two to ten letters"),
        ({"per": "week"}, "Select a valid choice"),
    ],
)
def test_mistake_is_named_and_what_was_typed_stays(
    admin: Client, model: VideoModel, changes: dict[str, str], sentence: str
) -> None:
    answer = admin.post(_url(model), _form(note="Keep me", **changes), headers=HTMX)
    page = answer.content.decode()
    assert (answer.status_code, VendorPrice.objects.exists()) == (422, False)
    assert sentence in page
    assert 'value="Keep me"' in page


def test_price_by_the_second_needs_a_model_with_a_length(admin: Client, model: VideoModel) -> None:
    spec = {**model.spec, "fields": [entry for entry in model.spec["fields"] if entry["key"] != "seconds"]}
    VideoModel.objects.filter(pk=model.pk).update(spec={**spec, "prices": [{"credits": 40}]})
    assert "no setting for its length" in admin.post(_url(model), _form(), headers=HTMX).content.decode()


def test_amount_without_a_currency_cannot_be_stored(model: VideoModel) -> None:
    mo = factories.mo()
    with pytest.raises(IntegrityError), transaction.atomic():
        VendorPrice.objects.create(model=model, amount_micro=1, by=mo, created_at=timezone.now())


def test_request_keeps_the_price_of_its_day(admin: Client, model: VideoModel) -> None:
    connection = model.connection
    connection.secret_key = "a-key"
    connection.save()
    admin.post(_url(model), _form(charges_failures="on"))
    first, second, third = factories.generation(), factories.generation(), factories.generation()
    claim.claim(first.pk, timezone.now())
    admin.post(_url(model), _form(amount="2", per="video"))
    claim.claim(second.pk, timezone.now())
    admin.post(_url(model), _form(amount=""))
    claim.claim(third.pk, timezone.now())
    kept = [
        (attempt.vendor_cost_micro, attempt.vendor_currency, attempt.vendor_charges_failures)
        for attempt in (row.attempts.get() for row in (first, second, third))
    ]
    assert kept == [(150_000, "USD", True), (2_000_000, "USD", False), (None, "", False)]


def test_practice_costs_nothing_whatever_the_vendor_charges(admin: Client, model: VideoModel) -> None:
    admin.post(_url(model), _form())
    row = factories.generation()
    claim.claim(row.pk, timezone.now())
    assert (row.attempts.get().vendor_cost_micro, row.attempts.get().vendor_currency) == (0, "")
