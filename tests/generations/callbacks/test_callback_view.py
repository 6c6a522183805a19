"""`/callbacks/<token>/`: kept in milliseconds, believed never."""

import hashlib
import io
import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from sora_portal.generations.callbacks import inbox
from sora_portal.generations.domain import State
from sora_portal.generations.models import CallbackInbox, Generation
from tests import factories
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db


def _url(row: Generation) -> str:
    return f"/callbacks/token-{row.public_id}/"


def _post(client: Client, row: Generation, body: object) -> int:
    data = body if isinstance(body, bytes) else json.dumps(body)
    return client.post(_url(row), data, content_type="application/json").status_code


def test_a_callback_is_kept_and_answered_with_plain_200(client: Client) -> None:
    row = factories.generation(state=State.RUNNING)
    answer = client.post(_url(row), b'{"code": 200}', content_type="application/json")
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, b"ok\n", "text/plain")
    kept = CallbackInbox.objects.get()
    assert bytes(kept.body) == b'{"code": 200}'
    assert kept.due_at is not None


def test_a_callback_moves_no_state_and_no_money(client: Client) -> None:
    row = factories.generation(state=State.RUNNING)
    _post(client, row, {"code": 200, "data": {"state": "success", "resultJson": '{"resultUrls":["https://x/y.mp4"]}'}})
    row.refresh_from_db()
    assert (row.state, row.hold.state) == ("running", "held")


def test_an_unknown_token_is_told_so_and_kept_nowhere(client: Client) -> None:
    assert client.post("/callbacks/guess/", b"{}", content_type="application/json").status_code == 404
    assert not CallbackInbox.objects.exists()


def test_a_repeated_body_is_kept_once(client: Client) -> None:
    row = factories.generation(state=State.RUNNING)
    assert [_post(client, row, {"a": 1}) for _ in range(3)] == [200, 200, 200]
    assert CallbackInbox.objects.count() == 1


def test_a_flood_on_a_live_token_keeps_twenty_and_still_brings_the_look_forward(client: Client) -> None:
    row = factories.generation(state=State.RUNNING)
    Generation.objects.filter(pk=row.pk).update(due_at=timezone.now() + timezone.timedelta(hours=1))
    for number in range(25):
        assert _post(client, row, {"number": number}) == 200
    assert CallbackInbox.objects.count() == inbox.PER_TOKEN
    row.refresh_from_db()
    assert row.due_at is not None
    assert row.due_at <= timezone.now() + inbox.FLOOD_PAUSE


def test_a_body_over_the_cap_is_refused(client: Client) -> None:
    row = factories.generation(state=State.RUNNING)
    assert _post(client, row, b"x" * (inbox.BODY_LIMIT + 1)) == 413
    assert not CallbackInbox.objects.exists()


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[" * 5000, b"null", b'"text"', b'{"data": 7}'])
def test_any_bytes_are_taken_and_harmless(client: Client, sandboxed: Sandbox, body: bytes) -> None:
    row = factories.generation(state=State.UNCONFIRMED)
    assert _post(client, row, body) == 200
    inbox.handle(CallbackInbox.objects.get().pk)
    row.refresh_from_db()
    assert row.state == "unconfirmed"


def test_get_is_not_allowed(client: Client) -> None:
    assert client.get(_url(factories.generation(state=State.RUNNING))).status_code == 405


def test_a_callback_costs_few_queries(client: Client, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    row = factories.generation(state=State.RUNNING)
    with django_assert_max_num_queries(8):
        _post(client, row, {"a": 1})


def test_the_token_is_stored_hashed_only() -> None:
    row = factories.generation(state=State.RUNNING)
    token = f"token-{row.public_id}"
    assert row.attempts.get().token_hash == hashlib.sha256(token.encode()).hexdigest()


def _chunked(client: Client, row: Generation, data: bytes, **environ: object) -> tuple[int, bytes]:
    """Post as a server hands on a body that came in chunks: joined, and without a length."""
    kinds: dict[str, Any] = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "", "CONTENT_TYPE": "text/plain"}
    answer = client.post(_url(row), **{**kinds, "wsgi.input": io.BytesIO(data), **environ})
    return answer.status_code, answer.content


def test_a_callback_sent_in_chunks_is_read(client: Client) -> None:
    row = factories.generation(state=State.RUNNING)
    assert _chunked(client, row, b'{"code": 200}', **{"wsgi.input_terminated": True}) == (200, b"ok\n")
    assert bytes(CallbackInbox.objects.get().body) == b'{"code": 200}'


def test_chunks_over_the_cap_are_refused_and_taken_in(client: Client) -> None:
    row = factories.generation(state=State.RUNNING)
    stream = io.BytesIO(b"x" * 200 * 1024)
    assert _chunked(client, row, b"", **{"wsgi.input_terminated": True, "wsgi.input": stream})[0] == 413
    assert stream.read() == b"", "its sender reads the answer, and the next request on the line is read as one"
    assert not CallbackInbox.objects.exists()


class _BreaksOff(io.BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        raise OSError("no more data")


def test_chunks_that_break_off_or_have_no_known_end_are_not_kept(client: Client) -> None:
    row = factories.generation(state=State.RUNNING)
    assert _chunked(client, row, b"", **{"wsgi.input_terminated": True, "wsgi.input": _BreaksOff()})[0] == 400
    assert _chunked(client, row, b"{}")[0] == 411
    assert not CallbackInbox.objects.exists()
