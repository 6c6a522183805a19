"""/team/providers/: the connections and their models, for admins; never a key."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from sora_portal.accounts.models import User
from sora_portal.catalog import actions
from sora_portal.catalog.models import Connection, VideoModel
from tests import factories
from tests.catalog.spec.specs import small

KEY = "sk-live-0123456789-4711"
URL = "/team/providers/"
pytestmark = pytest.mark.django_db


def _page(client: Client) -> str:
    answer = client.get(URL)
    assert answer.status_code == 200
    return answer.content.decode()


def test_board_sends_visitors_to_sign_in(client: Client) -> None:
    answer = client.get(URL)
    assert (answer.status_code, answer["Location"]) == (302, f"{reverse('account_login')}?next={URL}")


@pytest.mark.parametrize("persona", [factories.ada, factories.rae, factories.eve])
def test_board_is_for_admins(client: Client, persona: Callable[[], User]) -> None:
    client.force_login(persona())
    answer = client.get(URL)
    assert answer.status_code == 403
    assert "Only an admin of this portal can do that." in answer.content.decode()


def test_board_takes_no_post(admin: Client) -> None:
    assert admin.post(URL).status_code == 405


def test_board_without_connections_says_what_to_do(admin: Client) -> None:
    assert "manage.py catalog_load" in _page(admin)


def test_board_shows_each_connection_with_its_models_and_prices(admin: Client, ruxa: Connection) -> None:
    page = _page(admin)
    for words in ("Ruxa AI", "APIXO", "Sora2API", "Kling 2.6", "kling-2-6", "30 credits a video"):
        assert words in page
    assert "25 s: 200 credits · 15 s: 120 credits · else 80 credits" in page
    assert "Quality: 150 credits · else 20 credits" in page


def test_board_says_that_a_connection_without_a_key_is_the_sandbox(admin: Client, ruxa: Connection) -> None:
    page = _page(admin)
    assert page.count("videos are practice clips and cost nothing. Set a key to go live.") == 3
    assert "http://127.0.0.1:8001/ruxa" in page


def test_board_shows_a_key_by_its_last_four_only(admin: Client, ruxa: Connection, mo: User) -> None:
    actions.set_key(by=mo, connection=ruxa, key=KEY)
    page = _page(admin)
    assert "•••• 4711" in page
    assert KEY not in page
    assert KEY[:-4] not in page
    assert "https://api.ruxa.ai" in page


def test_board_hides_a_short_key_whole(admin: Client, ruxa: Connection, mo: User) -> None:
    actions.set_key(by=mo, connection=ruxa, key="key-47-11")
    page = _page(admin)
    assert "<code>••••</code>" in page
    assert "7-11" not in page


def test_board_names_the_variable_that_overrides_a_row(admin: Client, ruxa: Connection, settings: Settings) -> None:
    settings.SORA_PORTAL_VENDORS = {"ruxa": {"url": "http://stand-in:9000", "key": KEY}}
    page = _page(admin)
    assert "http://stand-in:9000" in page
    assert "Named by SORA_PORTAL_RUXA_URL in the environment." in page
    assert "Given by SORA_PORTAL_RUXA_KEY in the environment" in page
    assert KEY not in page


@pytest.mark.parametrize(
    ("public_url", "callbacks", "said"),
    [
        ("", True, "Polling only: SORA_PORTAL_PUBLIC_URL is empty"),
        ("https://portal.example", True, "Reports to https://portal.example, and polling as the safety net"),
        ("https://portal.example", False, "Polling only, as set below"),
    ],
)
def test_board_says_how_news_arrive(
    admin: Client, ruxa: Connection, settings: Settings, public_url: str, callbacks: bool, said: str
) -> None:
    settings.SORA_PORTAL_PUBLIC_URL = public_url
    Connection.objects.filter(pk=ruxa.pk).update(callbacks=callbacks)
    assert said in _page(admin)


def test_board_shows_the_vendors_reason_for_a_latch_and_the_way_out(admin: Client, ruxa: Connection) -> None:
    actions.latch_connection(connection=ruxa, reason="Ruxa AI answered 402: 余额不足 <b>")
    page = _page(admin)
    assert "The portal paused this connection." in page
    assert "Ruxa AI answered 402: 余额不足 &lt;b&gt;" in page
    assert f'action="{reverse("board:resume", args=["ruxa"])}"' in page
    assert f'action="{reverse("board:pause", args=["ruxa"])}"' not in page


def test_board_stands_when_a_model_cannot_be_used_and_names_it(admin: Client, ruxa: Connection) -> None:
    VideoModel.objects.filter(slug="ruxa-sora-2").update(spec=small(prices=[]))
    page = _page(admin)
    assert "This row cannot be used: the last price rule must match everything" in page
    assert "Sora 2 HD" in page


def test_board_shows_a_settings_field_only_where_the_adapter_reads_it(admin: Client, ruxa: Connection) -> None:
    page = _page(admin)
    assert ('id="ruxa_body_style"' in page, 'id="ruxa_path_prefix"' in page) == (True, False)
    assert ('id="sora2api_body_style"' in page, 'id="sora2api_path_prefix"' in page) == (False, True)
    assert ('id="apixo_body_style"' in page, 'id="apixo_path_prefix"' in page) == (False, False)


def test_board_asks_the_same_number_of_times_for_seven_and_fifty_seven_models(admin: Client, ruxa: Connection) -> None:
    _page(admin)
    with CaptureQueriesContext(connection) as few:
        _page(admin)
    for number in range(10):
        row = Connection.objects.create(
            slug=f"more-{number}", vendor="ruxa", label=f"More {number}", base_url="https://x.example"
        )
        for model in range(5):
            VideoModel.objects.create(connection=row, slug=f"m-{number}-{model}", label="M", spec=small())
    with CaptureQueriesContext(connection) as many:
        assert "More 9" in _page(admin)
    assert len(many) == len(few)
