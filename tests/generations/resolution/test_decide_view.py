"""The card "Decide" on the page of a video in doubt, and its three forms."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from sora_portal.accounts.models import User
from sora_portal.generations.domain import State
from sora_portal.generations.models import CallbackInbox, Generation
from sora_portal.generations.resolution import actions
from tests import factories
from tests.generations.resolution import doubt
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
REASON = "The support at Ruxa knows nothing of it"
FORMS = {"write-off": {"reason": REASON}, "task": {"task_id": "task-1"}, "again": {"way": "watch"}}


@pytest.fixture
def admin(client: Client) -> Client:
    """A browser in which mo is signed in."""
    client.force_login(factories.mo())
    return client


def _url(row: Generation, form: str = "") -> str:
    return f"/videos/{row.public_id}/decide/{f'{form}/' if form else ''}"


def _page(client: Client, row: Generation) -> str:
    return " ".join(client.get(_url(row), headers=HTMX).content.decode().split())


@pytest.mark.parametrize(
    ("make", "shown", "hidden"),
    [
        (doubt.unknown, ["answer was lost", 'name="task_id"', "Ask Ruxa AI about it", "happens by itself on"], ["way"]),
        (doubt.watched, ["sees no end", 'value="watch"', "Keep watching", "still at it"], ["task_id"]),
        (
            doubt.undownloadable,
            ["file cannot be had", 'value="download"', 'Downloads tried</dt><dd dir="auto">12<'],
            ["task_id"],
        ),
        (
            doubt.poisoned,
            ["before anything left", 'value="queue"', "Put it back", 'Sent</dt><dd dir="auto">never<'],
            ["task_id"],
        ),
    ],
)
def test_the_card_offers_what_fits_what_is_known(
    admin: Client, make: Callable[[], Generation], shown: list[str], hidden: list[str]
) -> None:
    page = _page(admin, make())
    assert [words for words in [*shown, "Write it off", "40 credits"] if words not in page] == []
    assert [name for name in hidden if f'name="{name}"' in page] == []
    assert "<html" not in page


def test_the_card_says_what_the_vendor_said_and_whether_it_called_back(admin: Client) -> None:
    row = doubt.watched()
    row.attempts.update(not_found=4, not_found_since=timezone.now())
    assert 'Callback</dt><dd dir="auto">none has come' in _page(admin, row)
    CallbackInbox.objects.create(attempt=row.attempts.get(), body_hash="x", body=b"{}", received_at=timezone.now())
    page = _page(admin, row)
    assert "1 received, the last" in page
    assert "knows no such task, 4 × since" in page
    assert f"task-{row.public_id}" in page


def test_the_card_masks_secrets_in_the_vendors_words(admin: Client) -> None:
    row = doubt.unknown()
    row.attempts.update(vendor_message="Bearer sk-very-secret-key-123456 <b>is bad</b>", vendor_code="500")
    page = _page(admin, row)
    assert "unclear: 500" in page
    assert "sk-very-secret" not in page
    assert "<b>is bad" not in page


def test_without_htmx_the_card_is_a_page_of_its_own(admin: Client) -> None:
    page = admin.get(_url(doubt.watched())).content.decode()
    assert "<html" in page
    assert "Keep watching" in page


def test_a_video_that_is_not_in_doubt_has_no_card(admin: Client) -> None:
    row = factories.generation(state=State.RUNNING)
    assert admin.get(_url(row), headers=HTMX).content == b""
    assert admin.get(_url(row)).headers["Location"] == f"/videos/{row.public_id}/"


@pytest.mark.parametrize("state", [State.UNCONFIRMED, State.NEEDS_DECISION, State.RUNNING])
@pytest.mark.parametrize("person", [factories.ada, factories.rae, factories.mo])
def test_the_videos_page_loads_the_card_for_admins_only(
    client: Client, person: Callable[[], User], state: State
) -> None:
    row = factories.generation(state=state)
    client.force_login(person())
    page = client.get(f"/videos/{row.public_id}/").content.decode()
    assert (f'hx-get="{_url(row)}"' in page) is (person().is_portal_admin and state is not State.RUNNING)


@pytest.mark.parametrize(("person", "status"), [(factories.ada, 403), (factories.rae, 403), (factories.eve, 404)])
def test_nobody_else_decides(client: Client, person: Callable[[], User], status: int) -> None:
    row = doubt.watched()
    client.force_login(person())
    assert client.get(_url(row), headers=HTMX).status_code == status
    assert [client.post(_url(row, form), data).status_code for form, data in FORMS.items()] == [status] * 3
    assert doubt.standing(row) == ("needs_decision", "accepted", "held")


@pytest.mark.parametrize("form", FORMS)
def test_a_form_sends_visitors_to_sign_in_and_cannot_be_fetched(client: Client, form: str) -> None:
    row = doubt.watched()
    assert client.post(_url(row, form)).status_code == 302
    client.force_login(factories.mo())
    assert client.get(_url(row, form)).status_code == 405
    assert client.post(_url(row)).status_code == 405


@pytest.mark.parametrize("htmx", [True, False])
def test_write_off_leads_back_to_the_video_with_a_word(admin: Client, htmx: bool) -> None:
    row = doubt.unknown()
    answer = admin.post(_url(row, "write-off"), FORMS["write-off"], headers=HTMX if htmx else {})
    where = answer.headers["HX-Redirect"] if htmx else answer.headers["Location"]
    assert (answer.status_code, where) == (200 if htmx else 302, f"/videos/{row.public_id}/")
    assert doubt.standing(row) == ("failed", "written_off", "settled")
    page = admin.get(where).content.decode()
    assert "Written off; 40 credits are back" in page
    assert f"Written off: {REASON}" in page


@pytest.mark.parametrize("htmx", [True, False])
def test_write_off_without_a_good_reason_keeps_the_text(admin: Client, htmx: bool) -> None:
    row = doubt.unknown()
    answer = admin.post(_url(row, "write-off"), {"reason": "so what"}, headers=HTMX if htmx else {})
    page = answer.content.decode()
    assert (answer.status_code, "<html" in page) == (422, not htmx)
    assert "Give a reason of at least 10 characters" in page
    assert ">\nso what</textarea>" in page
    assert doubt.standing(row)[0] == "needs_decision"


@pytest.mark.parametrize("form", ["write-off", "task", "again"])
@pytest.mark.parametrize("htmx", [True, False])
def test_the_second_to_press_reads_what_the_first_did(admin: Client, form: str, htmx: bool) -> None:
    row = doubt.watched()
    actions.write_off(by=factories.user("max", "admin", name="Max"), generation=row, reason=REASON, now=timezone.now())
    answer = admin.post(_url(row, form), FORMS[form], headers=HTMX if htmx else {})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert f"because Max was faster: “Written off: {REASON}”" in page.replace("&#x27;", "'")
    assert "in doubt no more" in page
    assert "<form" not in page.split('id="decide"')[1].split("</section>")[0]


@pytest.mark.parametrize(
    ("make", "way", "state", "word"),
    [
        (doubt.watched, "watch", "running", "The portal watches it again"),
        (doubt.undownloadable, "download", "fetching", "The download is tried again"),
        (doubt.poisoned, "queue", "queued", "Back in the queue"),
    ],
)
def test_again_lets_the_video_go_on(
    admin: Client, make: Callable[[], Generation], way: str, state: str, word: str
) -> None:
    row = make()
    answer = admin.post(_url(row, "again"), {"way": way}, headers=HTMX)
    assert answer.headers["HX-Redirect"] == f"/videos/{row.public_id}/"
    assert doubt.standing(row)[0] == state
    assert word in admin.get(f"/videos/{row.public_id}/").content.decode()


@pytest.mark.parametrize(("way", "status"), [("queue", 409), ("download", 409), ("", 422), ("sell", 422)])
def test_again_in_a_way_that_was_not_offered_changes_nothing(admin: Client, way: str, status: int) -> None:
    row = doubt.watched()
    answer = admin.post(_url(row, "again"), {"way": way}, headers=HTMX)
    assert answer.status_code == status
    assert 'class="notice bad"' in answer.content.decode()
    assert "Keep watching" in answer.content.decode()
    assert doubt.standing(row) == ("needs_decision", "accepted", "held")


@pytest.mark.parametrize("typed", ["", "two words", "x" * 513])
def test_a_task_id_that_is_none_is_refused_beside_its_field(admin: Client, typed: str) -> None:
    answer = admin.post(_url(doubt.unknown(), "task"), {"task_id": typed}, headers=HTMX)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in page
    assert f'value="{typed}"' in page or not typed


def test_a_task_id_that_the_vendor_does_not_know_stays_in_its_field(admin: Client, sandboxed: Sandbox) -> None:
    row = doubt.unknown()
    row.attempts.update(base_url=f"{sandboxed.url}/ruxa")
    answer = admin.post(_url(row, "task"), {"task_id": "nobody-made-it"}, headers=HTMX)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Ruxa AI does not know this task" in page
    assert 'value="nobody-made-it"' in page


@pytest.mark.parametrize(
    ("led_to", "word"), [(State.RUNNING, "the video goes on"), (State.FAILED, "says that it failed")]
)
def test_a_task_id_that_the_vendor_confirms_leads_back_to_the_video(
    admin: Client, monkeypatch: pytest.MonkeyPatch, led_to: State, word: str
) -> None:
    row = doubt.unknown()
    monkeypatch.setattr(actions, "enter_task_id", lambda **_: led_to)
    answer = admin.post(_url(row, "task"), {"task_id": "task-1"}, headers=HTMX)
    assert answer.headers["HX-Redirect"] == f"/videos/{row.public_id}/"
    assert word in admin.get(f"/videos/{row.public_id}/").content.decode()


def test_the_card_costs_few_queries(admin: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    row = doubt.watched()
    _page(admin, row)
    # Session, person, video (for the right, then fresh), attempt, their number, callbacks.
    with django_assert_num_queries(7):
        _page(admin, row)
