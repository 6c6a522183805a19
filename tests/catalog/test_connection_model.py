"""catalog.Connection: where calls go, and a key that the database holds only encrypted."""

import copy

import pytest
from cryptography.fernet import Fernet
from django.db import connection as database
from pytest_django import Settings

from sora_portal.catalog.credentials import Closed
from sora_portal.catalog.models import Connection

KEY = "sk-live-0123456789-4711"
SANDBOX = "http://127.0.0.1:8001"
pytestmark = pytest.mark.django_db


@pytest.fixture
def vendors(settings: Settings) -> dict[str, dict[str, str]]:
    """What the environment says of each vendor: nothing, until a test adds to it."""
    settings.SORA_PORTAL_SANDBOX_URL = SANDBOX
    settings.SORA_PORTAL_VENDORS = {slug: {"url": "", "key": ""} for slug in ("ruxa", "apixo", "sora2api")}
    return settings.SORA_PORTAL_VENDORS


def _stored(slug: str = "ruxa") -> str:
    with database.cursor() as cursor:
        cursor.execute("SELECT secret_key FROM catalog_connection WHERE slug = %s", [slug])
        return str(cursor.fetchone()[0])


def _keep(row: Connection, key: str = KEY) -> None:
    row.secret_key = key
    row.save(update_fields=["secret_key"])


def test_key_is_unreadable_in_the_database(ruxa: Connection) -> None:
    _keep(ruxa)
    assert KEY not in _stored()
    assert "4711" not in _stored()
    assert Connection.objects.get(pk=ruxa.pk).secret_key == KEY


def test_key_written_by_an_update_is_encrypted_too(ruxa: Connection) -> None:
    Connection.objects.filter(pk=ruxa.pk).update(secret_key=KEY)
    assert KEY not in _stored()
    assert Connection.objects.get(pk=ruxa.pk).secret_key == KEY


def test_same_key_is_stored_differently_each_time(ruxa: Connection) -> None:
    _keep(ruxa)
    first = _stored()
    _keep(ruxa)
    assert _stored() != first


def test_no_key_is_stored_as_nothing(ruxa: Connection) -> None:
    assert _stored() == ""
    assert Connection.objects.get(pk=ruxa.pk).secret_key == ""


def test_old_field_key_still_reads_and_a_new_write_needs_it_no_more(ruxa: Connection, settings: Settings) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.SORA_PORTAL_FIELD_KEYS = [old]
    _keep(ruxa)
    settings.SORA_PORTAL_FIELD_KEYS = [new, old]
    row = Connection.objects.get(pk=ruxa.pk)
    assert row.secret_key == KEY
    _keep(row, row.secret_key)
    settings.SORA_PORTAL_FIELD_KEYS = [new]
    assert Connection.objects.get(pk=ruxa.pk).secret_key == KEY
    settings.SORA_PORTAL_FIELD_KEYS = [old]
    assert Connection.objects.get(pk=ruxa.pk).secret_key == ""


def test_key_that_no_field_key_reads_closes_the_connection_and_outlives_a_save(
    ruxa: Connection, settings: Settings
) -> None:
    _keep(ruxa)
    right = settings.SORA_PORTAL_FIELD_KEYS
    settings.SORA_PORTAL_FIELD_KEYS = [Fernet.generate_key().decode()]
    row = Connection.objects.get(pk=ruxa.pk)
    assert (row.key, row.url, row.is_sandbox, row.is_closed) == ("", "https://api.ruxa.ai", False, True)
    assert "cannot be read" in row.closed_text
    assert "SORA_PORTAL_FIELD_KEYS" in row.remedy_text
    with pytest.raises(Closed):
        row.endpoint()
    row.save()
    copy.copy(row).save()
    settings.SORA_PORTAL_FIELD_KEYS = right
    assert Connection.objects.get(pk=ruxa.pk).secret_key == KEY


@pytest.mark.parametrize("key", [" ", "\t\n"])
def test_blank_key_is_no_way_into_the_sandbox(ruxa: Connection, vendors: dict[str, dict[str, str]], key: str) -> None:
    _keep(ruxa, key)
    assert Connection.objects.get(pk=ruxa.pk).is_closed
    Connection.objects.filter(pk=ruxa.pk).update(secret_key="")
    vendors["ruxa"]["key"] = key
    assert Connection.objects.get(pk=ruxa.pk).is_closed


def test_connection_without_a_key_is_closed_where_the_sandbox_is_not_asked_for(
    ruxa: Connection, vendors: dict[str, dict[str, str]], settings: Settings
) -> None:
    settings.SORA_PORTAL_SANDBOX = False
    assert (ruxa.is_closed, ruxa.is_sandbox, ruxa.url) == (True, False, "https://api.ruxa.ai")
    vendors["ruxa"]["url"] = "http://stand-in:9000"
    assert ruxa.is_closed, "an address alone is no account"
    vendors["ruxa"]["key"] = "from-env"
    assert not ruxa.is_closed


def test_key_is_in_no_text_form_of_the_row(ruxa: Connection) -> None:
    _keep(ruxa)
    assert KEY not in f"{ruxa!r} {ruxa} {ruxa.endpoint()!r}"


@pytest.mark.parametrize(
    ("environment", "stored", "url", "key", "sandbox"),
    [
        ({}, "", f"{SANDBOX}/ruxa", "", True),
        ({}, KEY, "https://api.ruxa.ai", KEY, False),
        ({"key": "from-env"}, "", "https://api.ruxa.ai", "from-env", False),
        ({"key": "from-env"}, KEY, "https://api.ruxa.ai", "from-env", False),
        ({"url": "http://stand-in:9000"}, "", "http://stand-in:9000", "", False),
        ({"url": "http://stand-in:9000"}, KEY, "http://stand-in:9000", KEY, False),
        ({"url": f"{SANDBOX}/ruxa"}, KEY, f"{SANDBOX}/ruxa", KEY, True),
        ({"url": "http://stand-in:9000", "key": "from-env"}, KEY, "http://stand-in:9000", "from-env", False),
    ],
)
def test_calls_go_where_environment_key_and_row_say_in_that_order(
    ruxa: Connection,
    vendors: dict[str, dict[str, str]],
    environment: dict[str, str],
    stored: str,
    url: str,
    key: str,
    sandbox: bool,
) -> None:
    vendors["ruxa"] |= environment
    ruxa.secret_key = stored
    assert (ruxa.url, ruxa.key, ruxa.is_sandbox) == (url, key, sandbox)
    assert ruxa.url_from_environment == ("url" in environment)
    assert ruxa.key_from_environment == ("key" in environment)
    assert ruxa.endpoint().base_url == url
    assert ruxa.endpoint().key == (key or "sandbox")


def test_environment_speaks_only_for_the_connection_of_that_name(
    ruxa: Connection, vendors: dict[str, dict[str, str]]
) -> None:
    vendors["ruxa"] |= {"url": "http://stand-in:9000", "key": "from-env"}
    second = Connection(slug="ruxa-studio-b", vendor="ruxa", label="Second", base_url="https://api.ruxa.ai")
    assert second.url == f"{SANDBOX}/ruxa"
    assert second.key == ""


def test_pace_is_the_sandboxs_only_in_the_sandbox(ruxa: Connection, settings: Settings) -> None:
    settings.SORA_PORTAL_SANDBOX_PACE = 0.25
    assert ruxa.pace == 0.25
    ruxa.secret_key = KEY
    assert ruxa.pace == 1.0
