"""`/feed/`: the one poll of a list, and the gate in front of it."""

import pytest
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from sora_portal.accounts.models import User
from sora_portal.generations import actions, queries
from sora_portal.generations.domain import State
from sora_portal.generations.feed import counter
from sora_portal.generations.feed.middleware import feed_token
from sora_portal.generations.models import Generation
from sora_portal.generations.transitions import move
from tests import factories

pytestmark = pytest.mark.django_db


def _poll(client: Client, person: User, tag: str) -> HttpResponse:
    client.force_login(person)
    token = feed_token(queries.audience_of(person))
    return client.get("/feed/", {"feed": token}, headers={"HX-Request": "true", "HX-PTag": tag})


def _tag(person: User) -> str:
    return counter.cursor(queries.audience_of(person))


def test_an_unchanged_list_answers_304_with_no_body(client: Client) -> None:
    factories.generation()
    answer = _poll(client, factories.ada(), _tag(factories.ada()))
    assert (answer.status_code, answer.content) == (304, b"")


def test_an_unchanged_poll_costs_one_query(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    factories.generation()
    ada = factories.ada()
    client.force_login(ada)
    headers = {"HX-PTag": _tag(ada)}
    token = feed_token(queries.audience_of(ada))
    with django_assert_num_queries(1):
        assert client.get("/feed/", {"feed": token}, headers=headers).status_code == 304


def test_a_change_answers_that_row_only_and_the_next_tag(client: Client) -> None:
    moved, still = factories.generation(), factories.generation()
    ada = factories.ada()
    tag = _tag(ada)
    actions.cancel(by=ada, generation=moved, now=timezone.now())
    answer = _poll(client, ada, tag)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert f'hx-target="#generation-{moved.public_id}"' in page
    assert 'data-state="cancelled"' in page
    assert still.public_id not in page
    assert answer["HX-PTag"] == _tag(ada) != tag


def test_a_new_row_goes_on_top(client: Client) -> None:
    factories.generation()
    ada = factories.ada()
    tag = _tag(ada)
    row = factories.generation()
    page = _poll(client, ada, tag).content.decode()
    assert '<hx-partial hx-target="#rows" hx-swap="afterbegin">' in page
    assert f'id="generation-{row.public_id}"' in page


def test_a_change_elsewhere_does_not_wake_a_stranger(client: Client) -> None:
    factories.generation()
    eve = factories.eve()
    tag = _tag(eve)
    factories.generation()
    assert _tag(eve) == tag
    assert "generation-" not in _poll(client, eve, "1").content.decode()


def test_a_foreign_token_shows_nothing_of_its_audience(client: Client) -> None:
    factories.generation()
    client.force_login(factories.eve())
    token = feed_token(queries.audience_of(factories.ada()))
    answer = client.get("/feed/", {"feed": token}, headers={"HX-PTag": "0"})
    assert "generation-" not in answer.content.decode()


@pytest.mark.parametrize("token", ["", "forged", "W10:1abc:def"])
def test_a_forged_token_falls_through_to_the_sign_in(client: Client, token: str) -> None:
    answer = client.get("/feed/", {"feed": token}, headers={"HX-PTag": "0"})
    assert answer.status_code == 302


def test_the_gate_never_says_more_than_nothing_new(client: Client) -> None:
    factories.generation()
    token = feed_token(queries.audience_of(factories.ada()))
    assert client.get("/feed/", {"feed": token}, headers={"HX-PTag": "0"}).status_code == 302
    assert not Session.objects.exists()


def test_every_move_takes_the_next_number() -> None:
    row = factories.generation()
    numbers = [row.changed]
    now = timezone.now()
    row = Generation.objects.get(pk=row.pk)
    move(row, State.CANCELLED, now=now)
    numbers.append(Generation.objects.get(pk=row.pk).changed)
    numbers.append(factories.generation().changed)
    assert numbers == sorted(set(numbers))


def test_a_tab_that_slept_through_many_changes_gets_them_in_parts(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "CHANGES", 3)
    rows = [factories.generation() for _ in range(5)]
    ada = factories.ada()
    first = _poll(client, ada, "0")
    second = _poll(client, ada, first["HX-PTag"])
    pages = [first.content.decode(), second.content.decode()]
    assert [row.public_id in pages[0] for row in rows] == [True, True, True, False, False], "the oldest first"
    assert [row.public_id in pages[1] for row in rows] == [False, False, False, True, True]
    assert second["HX-PTag"] == _tag(ada)
