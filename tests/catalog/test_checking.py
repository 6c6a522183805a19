"""catalog.checking: one harmless call, outside any transaction; what came of it is kept, without the key."""

import pytest
from django.db import connection as database

from sora_portal.accounts.models import User
from sora_portal.catalog import connection_test
from sora_portal.catalog.models import Connection
from sora_portal.errors import NotAllowed
from sora_portal.providers import http
from sora_portal.providers.base import Call, CheckResult, NoReply, Reply
from tests import factories
from tests.providers.http.raw_server import answer, answering, raw_server
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "plain-key-of-no-known-shape"


def _at(slug: str, url: str = "") -> Connection:
    row = Connection.objects.get(slug=slug)
    if url:
        row.base_url, row.secret_key = url, KEY
        row.save()
    return row


def test_every_result_has_a_sentence() -> None:
    assert set(connection_test.SENTENCES) == set(CheckResult)


@pytest.mark.parametrize("slug", ["ruxa", "apixo", "sora2api"])
def test_a_test_is_kept_with_its_time(sandboxed: Sandbox, ruxa: Connection, mo: User, slug: str) -> None:
    assert connection_test.check_connection(by=mo, connection=_at(slug)).result is CheckResult.OK
    row = _at(slug)
    assert (row.test_result, row.tested_at is not None) == ("ok", True)
    assert sandboxed.memory()["creates"] == []


def test_the_call_is_made_outside_any_transaction(
    sandboxed: Sandbox, ruxa: Connection, mo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, send = [], http.send

    def watched(call: Call, *, timeout: float) -> Reply | NoReply:
        inside.append((database.in_atomic_block, timeout))
        return send(call, timeout=timeout)

    monkeypatch.setattr(http, "send", watched)
    connection_test.check_connection(by=mo, connection=ruxa)
    connection_test.ask_balance(by=mo, connection=_at("apixo"))
    assert inside == [(False, connection_test.TIMEOUT)] * 2


def test_the_vendors_words_are_kept_without_the_key(ruxa: Connection, mo: User) -> None:
    body = f'{{"code":401,"message":"no such key: {KEY}"}}'.encode()
    with raw_server(answering(answer(body, "401 Unauthorized"))) as server:
        connection_test.check_connection(by=mo, connection=_at("ruxa", server.url))
    row = _at("ruxa")
    assert (row.test_result, row.test_text) == ("bad_key", "401 no such key: [redacted]")


def test_apixos_test_and_the_question_for_the_balance_both_keep_it(
    sandboxed: Sandbox, ruxa: Connection, mo: User
) -> None:
    connection_test.check_connection(by=mo, connection=_at("apixo"))
    first = _at("apixo")
    assert (first.balance_milli, first.balance_unit) == (74_870, "USD")
    assert connection_test.ask_balance(by=mo, connection=first).milli == 74_870
    assert first.balance_at is not None
    assert _at("apixo").balance_at > first.balance_at  # type: ignore[operator]


def test_a_balance_that_cannot_be_had_is_a_sentence_and_the_last_one_stays(ruxa: Connection, mo: User) -> None:
    Connection.objects.filter(slug="apixo").update(balance_milli=5000, balance_unit="USD")
    with (
        raw_server(answering(answer(b'{"code":401,"message":"no"}', "401 Unauthorized"))) as server,
        pytest.raises(connection_test.NoBalance, match=r"APIXO gave no balance\. It does not accept the key"),
    ):
        connection_test.ask_balance(by=mo, connection=_at("apixo", server.url))
    assert _at("apixo").balance_milli == 5000
    with pytest.raises(connection_test.NoBalance, match="documents no way"):
        connection_test.ask_balance(by=mo, connection=ruxa)


@pytest.mark.parametrize(("milli", "low"), [(4_999, True), (5_000, False), (-1, True), (None, False)])
def test_a_balance_is_low_below_the_line(ruxa: Connection, milli: int | None, low: bool) -> None:
    Connection.objects.filter(slug="apixo").update(balance_milli=milli)
    assert _at("apixo").balance_is_low is low


def test_a_vendor_without_an_adapter_is_a_sentence(ruxa: Connection, mo: User) -> None:
    Connection.objects.filter(slug="ruxa").update(vendor="other")
    row = _at("ruxa")
    assert connection_test.asks_balance(row) is False
    with pytest.raises(connection_test.NoAdapter, match="other is none of them"):
        connection_test.check_connection(by=mo, connection=row)


def test_only_admins_test(ruxa: Connection) -> None:
    for ask in (connection_test.check_connection, connection_test.ask_balance):
        with pytest.raises(NotAllowed):
            ask(by=factories.ada(), connection=ruxa)
