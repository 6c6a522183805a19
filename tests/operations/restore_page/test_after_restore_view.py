"""/team/restore/ and `manage.py installation`: what safe mode found, and the one decision that ends it."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from sora_portal.catalog.models import Connection
from sora_portal.generations.models import Event, Generation
from sora_portal.installation import safe_mode
from sora_portal.operations.restore_page import presentation
from tests import factories
from tests.generations.restored.setting_back import live, queued, sent, set_back, started
from tests.sandbox_server import Sandbox

__all__ = ["live"]
pytestmark = pytest.mark.django_db
URL = "/team/restore/"
DECISION = {"what": "restored", "waiting": "send", "password": factories.PASSWORD}


@pytest.fixture
def mo(client: Client) -> Client:
    """A browser in which mo is signed in."""
    client.force_login(factories.mo())
    return client


@pytest.fixture
def behind(live: Sandbox) -> Sandbox:
    """A portal whose database was set back: one of two queued videos had been sent, and one made after the backup."""
    started()
    first, _ = queued(2)
    set_back(lambda: sent([first, factories.generation(prompt="after the backup")]))
    return live


def test_page_and_decision_are_for_admins(client: Client) -> None:
    assert client.get(URL).status_code == 302
    for person in (factories.ada(), factories.rae(), factories.eve()):
        client.force_login(person)
        assert client.get(URL).status_code == 403
        assert client.post(f"{URL}release/", DECISION).status_code == 403
        assert client.post(f"{URL}ask/").status_code == 403
    client.force_login(factories.mo())
    assert client.get(f"{URL}release/").status_code == 405
    assert "belong together" in client.get(URL).content.decode()
    assert client.post(f"{URL}release/", DECISION).status_code == 409


def test_safe_mode_is_said_on_every_page(behind: Sandbox, client: Client) -> None:
    client.force_login(factories.ada())
    page = client.get("/").content.decode()
    assert "Safe mode." in page
    assert URL not in page


def test_database_ends_where_it_was_found_whatever_is_done_in_safe_mode(behind: Sandbox) -> None:
    before = presentation.findings().database.at
    Event.objects.create(generation=Generation.objects.all()[0], text="asked for in safe mode", at=timezone.now())
    assert presentation.findings().database.at == before


def test_page_lists_what_the_journal_knows_and_vendors_can_be_asked(behind: Sandbox, mo: Client) -> None:
    page = mo.get(URL).content.decode()
    assert page.count("Took it; not asked yet") == 2
    assert "an older one" in page
    assert "Ada Moreau, Autumn launch" in page
    page = mo.post(f"{URL}ask/", follow=True).content.decode()
    assert page.count("Still working") + page.count("Finished, file there") == 2


def test_release_takes_up_and_sends_the_rest(behind: Sandbox, mo: Client) -> None:
    assert mo.post(f"{URL}release/", {**DECISION, "password": "wrong"}).status_code == 422
    assert safe_mode.holds()
    page = mo.post(f"{URL}release/", DECISION, follow=True).content.decode()
    assert "Taken up from the journal: 2 running." in page
    assert not safe_mode.holds()
    assert sorted(Generation.objects.values_list("state", flat=True)) == ["queued", "running", "running"]


def test_release_as_a_copy_takes_the_keys_away(behind: Sandbox, mo: Client, settings: Settings) -> None:
    assert mo.post(f"{URL}release/", {**DECISION, "what": "copy"}).status_code == 409
    settings.SORA_PORTAL_VENDORS = {}
    Connection.objects.update(secret_key="a-key-that-pays")
    mo.post(f"{URL}release/", {**DECISION, "what": "copy"})
    assert set(Generation.objects.values_list("state", flat=True)) == {"failed"}
    assert not any(row.key for row in Connection.objects.all())


def test_command_says_and_decides_the_same(behind: Sandbox) -> None:
    factories.mo()
    said = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("installation", "status", stdout=said)
    assert said.getvalue().count("only in the journal") == 2
    assert "SAFE MODE" in said.getvalue()
    with pytest.raises(CommandError, match="Decide"):
        call_command("installation", "release", by="mo")
    with pytest.raises(CommandError, match="Only an admin"):
        call_command("installation", "release", "--as", "restored", "--waiting", "end", "--by", "ada")
    call_command("installation", "release", "--as", "restored", "--waiting", "end", "--by", "mo", stdout=said)
    assert "Taken up from the journal: 2 running. Ended here: 1." in said.getvalue()
    call_command("installation", "status", stdout=said)
    assert "No safe mode." in said.getvalue()
    with pytest.raises(CommandError, match="nothing to release"):
        call_command("installation", "release")


def test_page_in_safe_mode_without_anything_to_take_up(mo: Client) -> None:
    safe_mode.enter(("The folder was moved.",), timezone.now())
    page = mo.get(URL).content.decode()
    assert "The folder was moved." in page
    assert "the database knows every request" in page
