"""The catalog in Django's admin: no key goes in or out, and a bad spec is refused."""

import json

import pytest
from cryptography.fernet import Fernet
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from sora_portal.accounts.models import User
from sora_portal.catalog import actions
from sora_portal.catalog.models import Connection, VideoModel
from tests.accounts import office as back_office
from tests.catalog.spec.specs import small

KEY = "sk-live-0123456789-4711"
pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client: Client) -> Client:
    """A browser in the back office."""
    return back_office.office(client)


def _row(ruxa: Connection) -> dict[str, str]:
    return {
        "slug": ruxa.slug,
        "vendor": ruxa.vendor,
        "label": "Ruxa renamed",
        "base_url": ruxa.base_url,
        "media_hosts": json.dumps(ruxa.media_hosts),
        "max_in_flight": "20",
        "max_creates": "10",
        "max_polls": "80",
        "body_style": "nested",
    }


def test_connection_pages_show_no_key(office: Client, ruxa: Connection, mo: User) -> None:
    actions.set_key(by=mo, connection=ruxa, key=KEY)
    pages = [
        reverse("admin:catalog_connection_changelist"),
        reverse("admin:catalog_connection_change", args=[ruxa.pk]),
        reverse("admin:catalog_connection_delete", args=[ruxa.pk]),
    ]
    for url in pages:
        page = office.get(url).content.decode()
        assert KEY[:-4] not in page
        assert 'name="secret_key"' not in page
    assert "•••• 4711" in office.get(pages[0]).content.decode()


def test_saving_a_connection_keeps_a_key_that_cannot_be_read_just_now(
    office: Client, ruxa: Connection, mo: User, settings: Settings
) -> None:
    right = settings.SORA_PORTAL_FIELD_KEYS
    actions.set_key(by=mo, connection=ruxa, key=KEY)
    settings.SORA_PORTAL_FIELD_KEYS = [Fernet.generate_key().decode()]
    data = {**_row(ruxa), "secret_key": "forged"}
    assert office.post(reverse("admin:catalog_connection_change", args=[ruxa.pk]), data).status_code == 302
    settings.SORA_PORTAL_FIELD_KEYS = right
    fresh = Connection.objects.get(pk=ruxa.pk)
    assert (fresh.label, fresh.secret_key) == ("Ruxa renamed", KEY)


def test_connection_can_be_added(office: Client, ruxa: Connection) -> None:
    data = {**_row(ruxa), "slug": "ruxa-two", "label": "Second account"}
    assert office.post(reverse("admin:catalog_connection_add"), data).status_code == 302
    assert Connection.objects.get(slug="ruxa-two").label == "Second account"


@pytest.mark.parametrize(("spec", "status"), [(small(), 302), (small(prices=[]), 200)])
def test_model_is_added_as_a_row_only_with_a_good_spec(
    office: Client, ruxa: Connection, spec: object, status: int
) -> None:
    data = {
        "connection": ruxa.pk,
        "slug": "ruxa-veo",
        "wire_id": "veo3.1",
        "label": "Veo",
        "spec": json.dumps(spec),
        "lifecycle": "active",
        "position": "5",
    }
    answer = office.post(reverse("admin:catalog_videomodel_add"), data)
    assert answer.status_code == status
    assert VideoModel.objects.filter(slug="ruxa-veo").exists() is (status == 302)
    assert status == 302 or "the last price rule must match everything" in answer.content.decode()
