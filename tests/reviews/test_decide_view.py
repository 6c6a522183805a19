"""`/review/<id>/decide/`: approve, request changes, reject, reopen."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from sora_portal.accounts.models import User
from sora_portal.generations.models import Generation
from sora_portal.reviews.models import Decision
from tests import factories
from tests.reviews import shots

pytestmark = pytest.mark.django_db


def url(row: Generation) -> str:
    return reverse("reviews:decide", args=[row.public_id])


def screen(row: Generation) -> str:
    return reverse("reviews:screen", args=[row.public_id])


def send(client: Client, row: Generation, by: User, *, htmx: bool = False, **form: Any) -> Any:
    client.force_login(by)
    return client.post(url(row), shots.form_of(row, **form), headers=shots.HTMX if htmx else {})


def test_decide_sends_a_visitor_to_sign_in(client: Client) -> None:
    row = shots.video()
    assert client.post(url(row), shots.form_of(row)).headers["Location"].startswith("/accounts/login/")
    assert not Decision.objects.exists()


def test_decide_takes_only_post(client: Client) -> None:
    row = shots.video()
    client.force_login(factories.rae())
    assert client.get(url(row)).status_code == 405


@pytest.mark.parametrize(
    ("persona", "status"), [(factories.eve, 404), (factories.ada, 403), (factories.rae, 302), (factories.mo, 302)]
)
def test_decide_by_persona(client: Client, persona: Callable[[], User], status: int) -> None:
    row = shots.video()
    assert send(client, row, persona()).status_code == status
    assert Decision.objects.count() == (status == 302)


def test_decide_needs_the_csrf_token() -> None:
    row = shots.video()
    client = Client(enforce_csrf_checks=True)
    assert send(client, row, factories.rae()).status_code == 403
    assert not Decision.objects.exists()


@pytest.mark.parametrize("htmx", [False, True])
def test_decide_on_ones_own_video_is_refused(client: Client, htmx: bool) -> None:
    row = shots.video(author=factories.rae())
    answer = send(client, row, factories.rae(), htmx=htmx)
    assert answer.status_code == 403
    said = answer.headers["HX-Trigger"] if htmx else answer.text
    assert "Mo Lindqvist can do it." in said
    assert not Decision.objects.exists()


@pytest.mark.parametrize("htmx", [False, True])
def test_decide_opens_the_next_video(client: Client, htmx: bool) -> None:
    rows = [shots.video(prompt=f"Wave {number}") for number in range(3)]
    answer = send(client, rows[1], factories.rae(), htmx=htmx)
    header = "HX-Redirect" if htmx else "Location"
    assert answer.headers[header] == screen(rows[2])
    assert [str(message) for message in get_messages(answer.wsgi_request)] == ["Approved: Wave 1"]
    # Behind the last one the queue begins again.
    assert send(client, rows[2], factories.rae()).headers["Location"] == screen(rows[0])
    assert send(client, rows[0], factories.rae()).headers["Location"] == "/review/"


def test_next_page_shows_the_toast(client: Client) -> None:
    row, following = shots.video(prompt="Wave one"), shots.video()
    send(client, row, factories.rae())
    assert '<p dir="auto" data-toast="success">Approved: Wave one</p>' in client.get(screen(following)).text


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize("verdict", ["request_changes", "reject"])
def test_decide_without_a_reason_is_422_beside_the_field(client: Client, verdict: str, htmx: bool) -> None:
    row = shots.video()
    answer = send(client, row, factories.rae(), verdict=verdict, htmx=htmx)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert 'id="id_reason_error"' in answer.text
    assert ("<html" in answer.text) is not htmx
    assert not Decision.objects.exists()


def test_decide_with_too_long_a_reason_keeps_it(client: Client) -> None:
    row = shots.video()
    answer = send(client, row, factories.rae(), verdict="reject", reason="x" * 2001, htmx=True)
    assert answer.status_code == 422
    assert "x" * 2001 in answer.text
    assert "2,001 characters; at most 2,000" in answer.text


@pytest.mark.parametrize("verdict", ["", "perhaps"])
def test_decide_for_nothing_is_422(client: Client, verdict: str) -> None:
    row = shots.video()
    answer = send(client, row, factories.rae(), verdict=verdict)
    assert answer.status_code == 422
    assert "Choose one of the decisions." in answer.text


@pytest.mark.parametrize("htmx", [False, True])
def test_decide_after_somebody_else_is_409_with_the_text_kept(client: Client, htmx: bool) -> None:
    row = shots.video()
    form = shots.form_of(row, "reject", "The dog is a cat")
    shots.decide(row, "request_changes", "Too dark", by=factories.mo())
    client.force_login(factories.rae())
    answer = client.post(url(row), form, headers=shots.HTMX if htmx else {})
    assert answer.status_code == 409
    assert "Mo Lindqvist requested changes to this video while you were looking at it." in answer.text
    assert "Too dark" in answer.text
    assert "The dog is a cat</textarea>" in answer.text
    # Nothing but reloading can be pressed, so a second click does not decide over the other's head.
    assert 'name="verdict"' not in answer.text
    assert f'action="{screen(row)}"' in answer.text
    assert ("<html" in answer.text) is not htmx
    assert Decision.objects.count() == 1


@pytest.mark.parametrize(
    "changes", [{"decisions": ""}, {"expected": "changes"}, {"sha256": "0" * 64}, {"decisions": 7}]
)
def test_decide_on_what_is_not_there_is_409(client: Client, changes: dict[str, Any]) -> None:
    row = shots.video()
    assert send(client, row, factories.rae(), **changes).status_code == 409
    assert not Decision.objects.exists()


def test_decide_twice_by_double_click_is_one_decision(client: Client) -> None:
    row = shots.video()
    form = shots.form_of(row)
    client.force_login(factories.rae())
    assert [client.post(url(row), form).status_code for _ in range(2)] == [302, 302]
    assert Decision.objects.count() == 1


def test_reopen_stays_with_the_video(client: Client) -> None:
    row = shots.video()
    shots.video()
    shots.decide(row)
    answer = send(client, row, factories.mo(), verdict="reopen", reason="The logo is old")
    assert answer.headers["Location"] == screen(row)
    row.refresh_from_db()
    assert row.review == "to_review"
