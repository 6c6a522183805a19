"""The page on which an admin decides about the videos that wait for a closed model or vendor."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from sora_portal.accounts.models import User
from sora_portal.catalog import actions
from sora_portal.catalog.models import Connection
from sora_portal.generations.models import Generation
from sora_portal.generations.reassignment import actions as reassignment_actions
from tests import factories
from tests.generations.reassignment.waiting import books_are_right, queued, retire

pytestmark = pytest.mark.django_db
URL = "/team/models/ruxa-sora-2/waiting/"


def _words(client: Client, address: str = URL, **data: str) -> str:
    answer = client.post(address, data) if data else client.get(address)
    return " ".join(answer.content.decode().split())


def _kling() -> str:
    return str(factories.offered_model("apixo-kling-2-6").pk)


def test_the_page_says_what_each_decision_would_come_to(admin: Client) -> None:
    queued(2)
    queued(1, seconds="15")
    retire()
    page = _words(admin)
    assert "3 videos wait, with 140 credits reserved. Sora 2 has ended, so none of them is sent" in page
    assert "<b>2 videos</b> would reserve <b>140</b> credits instead of 80. 1 cannot be moved:" in page
    assert "1 × Length can be 5 s or 10 s with this model." in page
    assert f'value="{_kling()}" selected' in page, "the successor is proposed"


def test_another_model_can_be_looked_at_before_deciding(admin: Client) -> None:
    queued(1)
    retire()
    hd = factories.offered_model("ruxa-sora-2-hd")
    assert "With Sora 2 HD (Ruxa AI), <b>1 video</b> would reserve <b>80</b>" in _words(admin, f"{URL}?onto={hd.pk}")


def test_moving_goes_back_to_the_board_with_the_count(admin: Client) -> None:
    queued(2)
    queued(1, seconds="15")
    retire()
    answer = admin.post(URL, {"way": "move", "onto": _kling()})
    assert answer["Location"] == reverse("board:show")
    assert "Sora 2: 2 moved to Kling 2.6, 1 released; nothing waits any more" in _words(admin, reverse("board:show"))
    books_are_right()


def test_releasing_tells_the_authors_the_reason(admin: Client) -> None:
    queued(2)
    retire()
    admin.post(URL, {"way": "release", "reason": "It is gone for good."})
    assert set(Generation.objects.values_list("failure_text", flat=True)) == {
        "Sora 2 has ended, so this video was not sent. It is gone for good."
    }


def test_what_was_not_reached_in_time_is_said(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    queued(2)
    retire()
    monkeypatch.setattr(reassignment_actions, "SECONDS", -1.0)
    answer = admin.post(URL, {"way": "release"})
    assert answer["Location"] == URL
    assert "2 still wait. Press the button again to go on" in _words(admin)


@pytest.mark.parametrize("onto", ["", "999999", "x", "²"])
def test_a_model_that_cannot_take_them_is_a_422(admin: Client, onto: str) -> None:
    queued(1)
    retire()
    assert admin.post(URL, {"way": "move", "onto": onto}).status_code == 422
    assert Generation.objects.get().state == "queued"


def test_a_reason_that_is_too_long_is_a_422_with_the_text_kept(admin: Client) -> None:
    queued(1)
    retire()
    answer = admin.post(URL, {"way": "release", "reason": "x" * 201})
    assert answer.status_code == 422
    assert "x" * 201 in answer.content.decode()


def test_a_model_that_is_open_again_meanwhile_is_a_409(admin: Client) -> None:
    queued(1)
    answer = admin.post(URL, {"way": "release"})
    assert (answer.status_code, Generation.objects.get().state) == (409, "queued")
    assert "there is nothing to decide" in _words(admin)


def test_a_paused_vendors_videos_are_decided_together(admin: Client) -> None:
    queued(2)
    actions.pause_connection(by=factories.mo(), connection=Connection.objects.get(slug="ruxa"), reason="Closed")
    url = reverse("board:waiting_connection", args=["ruxa"])
    assert "Ruxa AI is paused, so none of them is sent" in _words(admin, url)
    admin.post(url, {"way": "move", "onto": _kling()})
    assert set(Generation.objects.values_list("connection__slug", flat=True)) == {"apixo"}


@pytest.mark.parametrize("person", [factories.ada, factories.rae, factories.eve])
@pytest.mark.parametrize("name", ["waiting_model", "waiting_connection"])
def test_the_page_is_for_admins(client: Client, name: str, person: Callable[[], User]) -> None:
    queued(1)
    retire()
    url = reverse(f"board:{name}", args=["ruxa-sora-2" if name == "waiting_model" else "ruxa"])
    assert client.get(url).status_code == 302
    client.force_login(person())
    assert [client.get(url).status_code, client.post(url, {"way": "release"}).status_code] == [403, 403]
    assert Generation.objects.get().state == "queued"


def test_a_row_that_is_not_there_is_a_404(admin: Client) -> None:
    assert admin.get("/team/models/nobody/waiting/").status_code == 404
    assert admin.delete(URL).status_code == 405
