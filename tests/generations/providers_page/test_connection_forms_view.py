"""The forms on a connection's card: key, settings, pause, resume, and a model's stage."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from sora_portal.accounts.models import User
from sora_portal.catalog import actions
from sora_portal.catalog.models import Connection, VideoModel
from tests import factories

KEY = "sk-live-0123456789-4711"
BOARD = "/team/providers/"
HTMX = {"HX-Request": "true"}
SETTINGS = {
    "max_in_flight": "3",
    "max_creates": "20",
    "max_polls": "40",
    "body_style": "flat",
    "media_hosts": "CDN.Example.com\nruxa.ai\nruxa.ai",
}
FORMS: dict[str, tuple[str, dict[str, str]]] = {
    "set_key": ("ruxa", {"key": KEY}),
    "remove_key": ("ruxa", {}),
    "settings": ("ruxa", SETTINGS),
    "pause": ("ruxa", {"reason": "Until Monday"}),
    "resume": ("ruxa", {}),
    "lifecycle": ("ruxa-sora-2", {"lifecycle": "retired", "note": "Gone since September"}),
}
pytestmark = pytest.mark.django_db


def _post(client: Client, form: str, data: dict[str, str] | None = None, *, htmx: bool = False) -> HttpResponse:
    slug, good = FORMS[form]
    url = reverse(f"board:{form}", args=[slug])
    answer: Any = client.post(url, good if data is None else data, headers=HTMX if htmx else {})
    return answer  # type: ignore[no-any-return]


def _ruxa() -> Connection:
    return Connection.objects.get(slug="ruxa")


@pytest.mark.parametrize("form", FORMS)
def test_form_sends_visitors_to_sign_in(client: Client, ruxa: Connection, form: str) -> None:
    answer = _post(client, form)
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("form", FORMS)
def test_form_sends_an_ended_htmx_session_to_sign_in_whole(client: Client, ruxa: Connection, form: str) -> None:
    assert _post(client, form, htmx=True)["HX-Redirect"].startswith(reverse("account_login"))


@pytest.mark.parametrize("persona", [factories.ada, factories.eve])
@pytest.mark.parametrize("form", FORMS)
def test_form_is_for_admins(client: Client, ruxa: Connection, form: str, persona: Callable[[], User]) -> None:
    client.force_login(persona())
    before = Connection.objects.values().get(slug="ruxa"), VideoModel.objects.values().get(slug="ruxa-sora-2")
    assert _post(client, form).status_code == 403
    assert (Connection.objects.values().get(slug="ruxa"), VideoModel.objects.values().get(slug="ruxa-sora-2")) == before


@pytest.mark.parametrize("form", FORMS)
def test_form_takes_only_posts(admin: Client, ruxa: Connection, form: str) -> None:
    assert admin.get(reverse(f"board:{form}", args=[FORMS[form][0]])).status_code == 405


@pytest.mark.parametrize("form", FORMS)
def test_form_for_a_row_that_is_not_there_is_a_404(admin: Client, form: str) -> None:
    assert _post(admin, form).status_code == 404


@pytest.mark.parametrize("form", FORMS)
def test_form_without_htmx_goes_back_to_the_board_with_a_word(admin: Client, ruxa: Connection, form: str) -> None:
    answer = _post(admin, form)
    assert (answer.status_code, answer["Location"]) == (302, BOARD)
    assert 'data-toast="success"' in admin.get(BOARD).content.decode()


@pytest.mark.parametrize("form", FORMS)
def test_form_with_htmx_answers_the_card_and_a_toast(admin: Client, ruxa: Connection, form: str) -> None:
    answer = _post(admin, form, htmx=True)
    assert answer.status_code == 200
    assert answer.content.decode().strip().startswith('<section class="card provider" id="connection-ruxa"')
    assert json.loads(answer["HX-Trigger"])["toast"]["text"]


@pytest.mark.parametrize("form", FORMS)
def test_key_is_in_no_answer(admin: Client, ruxa: Connection, mo: User, form: str) -> None:
    actions.set_key(by=mo, connection=ruxa, key=KEY)
    for htmx in (True, False):
        answer = _post(admin, form, htmx=htmx)
        assert KEY[:-4] not in f"{answer.content.decode()} {answer.headers}"
        assert KEY[:-4] not in admin.get(BOARD).content.decode()


def test_set_key_stores_it_and_opens_what_a_refused_key_had_latched(admin: Client, ruxa: Connection) -> None:
    actions.latch_connection(connection=ruxa, reason="401")
    page = _post(admin, "set_key", htmx=True).content.decode()
    assert "•••• 4711" in page
    assert _ruxa().secret_key == KEY
    assert _ruxa().paused_at is None


@pytest.mark.parametrize("htmx", [True, False])
@pytest.mark.parametrize("key", ["", "  ", "sk live-0123456789", "sk-live\r\nX-Evil: 1", "ключ-0123456789", "k" * 501])
def test_set_key_refuses_what_cannot_be_one_and_never_repeats_it(
    admin: Client, ruxa: Connection, key: str, htmx: bool
) -> None:
    answer = _post(admin, "set_key", {"key": key}, htmx=htmx)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'aria-invalid="true"' in page
    assert "autofocus" in page
    assert not key.strip() or key not in page
    assert _ruxa().secret_key == ""


def test_remove_key_leaves_none(admin: Client, ruxa: Connection, mo: User) -> None:
    actions.set_key(by=mo, connection=ruxa, key=KEY)
    _post(admin, "remove_key")
    assert _ruxa().secret_key == ""


def test_settings_are_stored_and_hosts_made_plain(admin: Client, ruxa: Connection) -> None:
    _post(admin, "settings")
    row = _ruxa()
    assert (row.max_in_flight, row.max_creates, row.max_polls) == (3, 20, 40)
    assert (row.body_style, row.callbacks) == ("flat", False)
    assert row.media_hosts == ["cdn.example.com", "ruxa.ai"]


def test_settings_that_the_form_has_no_field_for_stay(admin: Client, ruxa: Connection) -> None:
    Connection.objects.filter(pk=ruxa.pk).update(path_prefix="kept")
    _post(admin, "settings", {**SETTINGS, "path_prefix": "forged"})
    assert _ruxa().path_prefix == "kept"


@pytest.mark.parametrize("htmx", [True, False])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_in_flight", "0"),
        ("max_in_flight", "many"),
        ("max_creates", "0"),
        ("max_polls", "1"),
        ("body_style", "sideways"),
        ("media_hosts", ""),
        ("media_hosts", "https://cdn.example.com/videos"),
        ("media_hosts", "cdn.example.com 10.0.0.1"),
        ("media_hosts", "localhost"),
        ("media_hosts", "-cdn.example.com"),
    ],
)
def test_bad_settings_are_a_422_with_the_text_kept(
    admin: Client, ruxa: Connection, field: str, value: str, htmx: bool
) -> None:
    answer = _post(admin, "settings", {**SETTINGS, field: value}, htmx=htmx)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="ruxa_{field}_error"' in page
    assert value in page
    assert ("<html" in page) is not htmx
    assert _ruxa().max_in_flight == 20


def test_path_prefix_is_set_where_the_adapter_reads_it(admin: Client, ruxa: Connection) -> None:
    url = reverse("board:settings", args=["sora2api"])
    assert admin.post(url, {**SETTINGS, "path_prefix": "../admin"}).status_code == 422
    assert admin.post(url, {**SETTINGS, "path_prefix": "sora2api"}).status_code == 302
    assert Connection.objects.get(slug="sora2api").path_prefix == "sora2api"


def test_pause_wants_a_reason_and_resume_opens(admin: Client, ruxa: Connection) -> None:
    assert _post(admin, "pause", {"reason": " "}, htmx=True).status_code == 422
    assert _ruxa().paused_at is None
    page = _post(admin, "pause", htmx=True).content.decode()
    assert "Until Monday" in page
    assert _ruxa().paused_at is not None
    assert "Until Monday" not in _post(admin, "resume", htmx=True).content.decode()
    assert _ruxa().paused_at is None


def test_lifecycle_changes_stage_and_note(admin: Client, ruxa: Connection) -> None:
    page = _post(admin, "lifecycle", htmx=True).content.decode()
    assert "Gone since September" in page
    model = VideoModel.objects.get(slug="ruxa-sora-2")
    assert (model.lifecycle, model.lifecycle_note) == ("retired", "Gone since September")


@pytest.mark.parametrize("data", [{"lifecycle": "gone"}, {}, {"lifecycle": "active", "note": "x" * 201}])
def test_bad_lifecycle_is_a_422_beside_its_own_model(admin: Client, ruxa: Connection, data: dict[str, str]) -> None:
    answer = _post(admin, "lifecycle", data, htmx=True)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="model_ruxa-sora-2_' in page
    assert page.count('class="errorlist"') == 1
    assert VideoModel.objects.get(slug="ruxa-sora-2").lifecycle == "active"
