"""/team/providers/: what waits, what went wrong, what rests, and the two questions to a vendor."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from sora_portal.accounts.models import User
from sora_portal.catalog import actions
from sora_portal.catalog.models import Breaker, Connection, VideoModel
from sora_portal.generations.domain import State
from sora_portal.generations.models import Generation
from sora_portal.generations.vendor import response_log
from sora_portal.providers.base import ErrorKind, Job, Reply
from tests import factories
from tests.catalog.spec.specs import small
from tests.generations.providers_page.test_connection_forms_view import SETTINGS
from tests.providers.http.raw_server import answer, answering, raw_server
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db
URL = "/team/providers/"
HTMX = {"HX-Request": "true"}


def _page(admin: Client) -> str:
    return " ".join(admin.get(URL).content.decode().split())


def _in_trouble(kind: ErrorKind = ErrorKind.TRANSIENT) -> Generation:
    row = factories.generation(state=State.RUNNING)
    response_log.keep_query(row.attempts.get(), Reply(502, {}, b"down"), Job(usable=False, kind=kind))
    return row


def test_board_counts_what_waits_and_what_is_under_way(admin: Client, ruxa: Connection) -> None:
    for state in (State.QUEUED, State.QUEUED, State.RUNNING, State.SUCCEEDED, State.FAILED):
        factories.generation(state=state)
    page = _page(admin)
    assert "<dt>Waiting</dt><dd><b>2</b><small>the oldest came" in page
    assert "<dt>Under way</dt><dd><b>1</b>" in page


def test_board_names_the_last_error_and_leads_to_the_answer(admin: Client, ruxa: Connection) -> None:
    row = _in_trouble()
    page = _page(admin)
    assert "It could not be reached, or was broken" in page
    link = f"{reverse('outputs:video', args=[row.public_id])}#answer-"
    assert link in page
    anchor = page.split(link)[1].split('"')[0]
    assert f'id="answer-{anchor}"' in admin.get(reverse("outputs:video", args=[row.public_id])).content.decode()


def test_board_shows_the_newer_of_two_errors(admin: Client, ruxa: Connection) -> None:
    _in_trouble()
    later = timezone.now() + timedelta(minutes=1)
    Breaker.objects.create(
        connection=ruxa,
        operation="download",
        last_error_at=later,
        last_error_kind="timed_out",
        last_error_text="<slow>",
    )
    page = _page(admin)
    assert "It took too long" in page
    assert "&lt;slow&gt;" in page
    assert "It could not be reached" not in page


def test_board_shows_the_last_success_and_what_rests(admin: Client, ruxa: Connection) -> None:
    now = timezone.now()
    Breaker.objects.create(connection=ruxa, operation="query", last_success_at=now)
    Breaker.objects.create(
        connection=ruxa, operation="create", opened_at=now, next_try_at=now + timedelta(seconds=30), rests=1, failures=3
    )
    page = _page(admin)
    assert "Resting" in page
    assert "<b>New videos rest</b> (began" in page
    assert page.count("None yet") == 2
    Breaker.objects.filter(operation="create").update(trial=True)
    assert "It answers again, and one try is on its way." in _page(admin)


@pytest.mark.parametrize("htmx", [True, False])
def test_a_test_says_that_all_is_well(sandboxed: Sandbox, admin: Client, ruxa: Connection, htmx: bool) -> None:
    answered = admin.post(reverse("board:check", args=["ruxa"]), headers=HTMX if htmx else {})
    page = answered.content.decode() if htmx else _page(admin)
    assert "It answers, and it accepts the key." in page
    assert page.lstrip().startswith("<section") is htmx


def test_a_test_that_fails_says_what_to_do_and_shows_the_vendors_words(admin: Client, ruxa: Connection) -> None:
    with raw_server(answering(answer(b'{"code":401,"message":"key expired"}', "401 Unauthorized"))) as server:
        Connection.objects.filter(slug="ruxa").update(base_url=server.url, secret_key="plain-key-of-no-shape")
        answered = admin.post(reverse("board:check", args=["ruxa"]), headers=HTMX)
    assert "It does not accept the key. Set the key that the vendor" in answered.content.decode()
    assert "401 key expired" in answered.content.decode()
    assert json.loads(answered["HX-Trigger"])["toast"]["tone"] == "bad"


def test_the_balance_is_shown_with_its_time_and_a_low_one_is_told(
    sandboxed: Sandbox, admin: Client, ruxa: Connection
) -> None:
    assert "Not asked yet" in _page(admin)
    answered = admin.post(reverse("board:balance", args=["apixo"]), headers=HTMX)
    assert "<b>74.87 USD</b>" in answered.content.decode()
    Connection.objects.filter(slug="apixo").update(low_balance_milli=80_000)
    assert "below 80.00 USD: top it up" in _page(admin)


def test_who_cannot_be_asked_for_the_balance_is_not(admin: Client, ruxa: Connection) -> None:
    assert _page(admin).count("Balance there") == 1
    answered = admin.post(reverse("board:balance", args=["ruxa"]), headers=HTMX)
    assert answered.status_code == 409
    assert "documents no way" in json.loads(answered["HX-Trigger"])["toast"]["text"]


def test_the_line_below_which_admins_are_told_is_a_setting(admin: Client, ruxa: Connection) -> None:
    settings = {**SETTINGS, "media_hosts": "apixo.ai", "low_balance": "12.50"}
    admin.post(reverse("board:settings", args=["apixo"]), settings)
    assert Connection.objects.get(slug="apixo").low_balance_milli == 12_500
    answered = admin.post(reverse("board:settings", args=["apixo"]), {**settings, "low_balance": "much"}, headers=HTMX)
    assert answered.status_code == 422


def test_a_latched_connection_says_how_to_open_it(admin: Client, ruxa: Connection) -> None:
    factories.generation()
    actions.latch_connection(connection=ruxa, reason="it does not accept our key (401)")
    page = _page(admin)
    assert "press Test, and resume when it says that all is well. A new key resumes by itself." in page
    assert f'href="{reverse("board:waiting_connection", args=["ruxa"])}"' in page


def test_a_latched_model_is_offered_again_by_one_button(admin: Client, ruxa: Connection) -> None:
    model = VideoModel.objects.get(slug="ruxa-sora-2")
    actions.latch_model(model=model, reason="it does not serve this model")
    assert "<b>The portal paused it:</b> it does not serve this model." in _page(admin)
    answered = admin.post(reverse("board:resume_model", args=["ruxa-sora-2"]), headers=HTMX)
    assert "The portal paused it" not in answered.content.decode()
    model.refresh_from_db()
    assert model.takes_new


@pytest.mark.parametrize("name", ["check", "balance", "retire", "resume_model"])
@pytest.mark.parametrize("person", [factories.ada, factories.rae, factories.eve])
def test_only_admins_ask_and_end(client: Client, ruxa: Connection, name: str, person: Callable[[], User]) -> None:
    slug = "ruxa-sora-2" if name == "resume_model" else "ruxa"
    client.force_login(person())
    assert client.post(reverse(f"board:{name}", args=[slug])).status_code == 403
    assert client.get(reverse(f"board:{name}", args=[slug])).status_code == 405
    client.force_login(factories.mo())
    assert client.post(reverse(f"board:{name}", args=["nobody"])).status_code == 404


def test_board_asks_the_same_number_of_times_however_much_happens(admin: Client, ruxa: Connection) -> None:
    _in_trouble()
    _page(admin)
    with CaptureQueriesContext(database) as few:
        _page(admin)
    for number in range(8):
        row = Connection.objects.create(
            slug=f"m{number}", vendor="ruxa", label=f"M{number}", base_url="https://x.example"
        )
        first = VideoModel.objects.create(connection=row, slug=f"m-{number}", label="M", spec=small())
        VideoModel.objects.create(connection=row, slug=f"n-{number}", label="N", spec=small(), successor=first)
        Breaker.objects.create(connection=row, operation="query", last_success_at=timezone.now())
        _in_trouble()
    with CaptureQueriesContext(database) as many:
        _page(admin)
    assert len(many) == len(few)
