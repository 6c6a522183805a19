"""What the studio tells an admin: videos that need a decision, and connections that the portal paused."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from sora_portal.accounts.models import User
from sora_portal.catalog import actions as catalog
from sora_portal.generations import queries
from sora_portal.generations.domain import State
from tests import factories
from tests.generations.resolution import doubt

pytestmark = pytest.mark.django_db


def _page(client: Client, person: User, address: str = "/") -> str:
    client.force_login(person)
    return " ".join(client.get(address).content.decode().split())


def _banner(page: str) -> str:
    return page.partition('<div class="banner">')[2].partition('<div class="grid">')[0]


@pytest.mark.parametrize(("count", "words"), [(1, "1 video needs your"), (2, "2 videos need your")])
def test_an_admin_reads_how_many_videos_need_a_decision(client: Client, count: int, words: str) -> None:
    rows = [doubt.watched() for _ in range(count)]
    factories.generation(state=State.UNCONFIRMED)
    banner = _banner(_page(client, factories.mo()))
    assert f"{words} decision." in banner
    assert 'href="/?show=doubt"' in banner
    assert [row.public_id for row in rows if row.public_id not in _page(client, factories.mo(), "/?show=doubt")] == []


def test_an_admin_without_anything_to_decide_reads_nothing(client: Client) -> None:
    for state in (State.UNCONFIRMED, State.RUNNING, State.FAILED):
        factories.generation(state=state)
    assert _banner(_page(client, factories.mo())) == ""


def test_the_filter_shows_what_is_in_doubt_and_nothing_else(client: Client) -> None:
    shown = [doubt.watched(), factories.generation(state=State.UNCONFIRMED)]
    hidden = [factories.generation(state=state) for state in (State.RUNNING, State.FAILED, State.SUCCEEDED)]
    page = _page(client, factories.mo(), "/?show=doubt")
    assert [row.public_id in page for row in shown + hidden] == [True, True, False, False, False]
    assert 'href="/?show=doubt" aria-current="true">In doubt<' in page


@pytest.mark.parametrize("person", [factories.ada, factories.rae])
def test_everybody_else_is_offered_neither_the_line_nor_the_filter(client: Client, person: Callable[[], User]) -> None:
    row, other = doubt.watched(), factories.generation(state=State.RUNNING)
    page = _page(client, person(), "/?show=doubt")
    assert "your decision" not in page
    assert "show=doubt" not in page
    assert row.public_id in page
    assert other.public_id in page, "an unknown filter shows all"


def test_an_admin_reads_why_the_portal_paused_a_connection(client: Client) -> None:
    row = factories.generation()
    catalog.latch_connection(connection=row.connection, reason="Ruxa AI answered 402: <no> credits")
    banner = _banner(_page(client, factories.mo()))
    assert "Ruxa AI is paused: Ruxa AI answered 402: &lt;no&gt; credits" in banner
    assert 'href="/team/providers/"' in banner
    assert "New videos for" not in banner
    banner = _banner(_page(client, factories.ada()))
    assert "New videos for Ruxa AI wait. Nothing is lost." in banner
    assert "402" not in banner


def test_a_connection_that_an_admin_paused_is_announced_to_admins_as_to_everybody(client: Client) -> None:
    row = factories.generation()
    catalog.pause_connection(by=factories.mo(), connection=row.connection, reason="Moving house")
    for person in (factories.mo(), factories.ada()):
        assert "New videos for Ruxa AI wait. Nothing is lost." in _banner(_page(client, person))


def test_counting_costs_an_admin_one_query_and_everybody_else_none(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    doubt.watched()
    admin, member = factories.mo(), factories.ada()
    with django_assert_num_queries(1):
        assert queries.undecided_count(admin) == 1
    with django_assert_num_queries(0):
        assert queries.undecided_count(member) == 0


@pytest.mark.skipif(connection.vendor != "sqlite", reason="reads SQLite's plan")
def test_counting_reads_only_rows_that_are_under_way() -> None:
    rows = queries.undecided_rows(factories.mo())
    assert "generations_due" in rows.explain()


def test_the_page_costs_an_admin_the_same_for_twenty_rows_as_for_one(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    doubt.watched()
    client.force_login(factories.mo())
    client.get("/")
    with django_assert_num_queries(COST):
        client.get("/")
    for _ in range(19):
        doubt.watched()
    with django_assert_num_queries(COST):
        client.get("/")


# As for everyone, with the counts of videos in doubt and to review and two for what admins gave to themselves, without
# the projects of the audience.
COST = 26


def test_a_model_that_the_vendor_stopped_serving_is_announced_to_admins_with_the_reason(client: Client) -> None:
    row = factories.generation()
    catalog.latch_model(model=row.model, reason="it does not serve this model at the moment (503 paused)")
    client.force_login(factories.mo())
    assert "is paused: it does not serve this model at the moment" in client.get("/").content.decode()
    client.force_login(factories.ada())
    assert "503 paused" not in client.get("/").content.decode()
