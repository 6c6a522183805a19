"""Taking the address of a finished video by hand: who may, which addresses pass, and what is written down."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from sora_portal.errors import NotAllowed, Refused
from sora_portal.generations.models import Answer, Generation
from sora_portal.generations.resolution import actions
from sora_portal.outputs.manual_address import actions as manual_address_actions
from sora_portal.providers.base import Reply
from sora_portal.providers.transcripts import transcript
from tests import factories
from tests.generations.resolution import doubt

pytestmark = pytest.mark.django_db
REASON = "It stands under works in the answer"
SIGNED = "https://cdn.apixo.ai/x?signature=abcdef0123456789"


def take(row: Generation, typed: str, *, allow_host: bool = False, to: str = "93.184.216.34", **who: Any) -> None:
    """Take an address by hand; every host resolves to the address `to`."""
    manual_address_actions.take_address(
        by=who.get("by") or factories.mo(),
        generation=row,
        typed=typed,
        reason=REASON,
        allow_host=allow_host,
        now=timezone.now(),
        resolve=lambda host, port: [to],
    )


def nameless() -> Generation:
    """Return a video whose vendor says success and names no address."""
    row = doubt.watched(model=factories.offered_model("apixo-sora-2"))
    row.attempts.update(no_result=5, no_result_since=timezone.now(), base_url="https://api.apixo.ai")
    return row


@pytest.mark.parametrize(
    ("typed", "fetched"),
    [
        ("https://cdn.apixo.ai/a b.mp4", "https://cdn.apixo.ai/a%20b.mp4"),
        ("//cdn.apixo.ai/a.mp4", "https://cdn.apixo.ai/a.mp4"),
        ("/files/a.mp4", "https://api.apixo.ai/files/a.mp4"),
    ],
)
def test_address_is_fetched_and_the_history_says_who_gave_it(typed: str, fetched: str) -> None:
    row = nameless()
    take(row, typed)
    row.refresh_from_db()
    event = row.events.latest("pk")
    assert (row.state, row.attempts.get().result_urls) == ("fetching", [fetched])
    assert (event.by, REASON in event.text, event.staff_text) == (factories.mo(), True, fetched)


@pytest.mark.parametrize(
    ("typed", "to", "why"),
    [
        ("https://cdn.apixo.ai/a.mp4", "10.0.0.7", "resolves to 10.0.0.7"),
        ("https://elsewhere.example/a.mp4", "127.0.0.1", "resolves to 127.0.0.1"),
        ("https://elsewhere.example/a.mp4", "93.184.216.34", "not among the hosts of APIXO"),
        ("https://93.184.216.34/a.mp4", "93.184.216.34", "not among"),
        ("https://me:secret@cdn.apixo.ai/a.mp4", "93.184.216.34", "password"),
        ("https://cdn.apixo.ai:8443/a.mp4", "93.184.216.34", "port 443"),
        ("ftp://cdn.apixo.ai/a.mp4", "93.184.216.34", "no http or https"),
        ("a fox", "93.184.216.34", "no http or https|not among"),
    ],
)
def test_address_that_no_download_may_use_is_refused_and_nothing_changes(typed: str, to: str, why: str) -> None:
    row = nameless()
    with pytest.raises(Refused, match=why):
        take(row, typed, to=to)
    row.refresh_from_db()
    row.connection.refresh_from_db()
    assert (row.state, row.attempts.get().result_urls) == ("needs_decision", [])
    assert "elsewhere.example" not in row.connection.media_hosts


def test_host_that_is_allowed_with_it_is_on_the_list_from_then_on() -> None:
    row = nameless()
    take(row, "https://elsewhere.example/a.mp4", allow_host=True)
    row.connection.refresh_from_db()
    assert "elsewhere.example" in row.connection.media_hosts


def test_address_that_we_gave_the_vendor_is_refused() -> None:
    row = nameless()
    row.attempts.update(request={"fields": {"image_urls": ["https://cdn.apixo.ai/mine.mp4"]}, "top": {}})
    with pytest.raises(manual_address_actions.NotAnAddress, match="from us"):
        take(row, "https://cdn.apixo.ai/mine.mp4?x=1")


def test_masked_address_is_taken_as_it_stands_in_full() -> None:
    row = nameless()
    row.attempts.update(result_urls=[SIGNED])
    take(row, "https://cdn.apixo.ai/x?signature=[redacted]")
    assert row.attempts.get().result_urls == [SIGNED]


def test_only_an_admin_may_and_only_in_doubt() -> None:
    row = nameless()
    with pytest.raises(NotAllowed):
        take(row, "https://cdn.apixo.ai/a.mp4", by=factories.rae())
    with pytest.raises(actions.NotPossible):
        take(doubt.unknown(), "https://cdn.apixo.ai/a.mp4")


def test_card_shows_the_whole_answer_and_keeps_what_was_typed(client: Client) -> None:
    row = nameless()
    attempt = row.attempts.get()
    said = transcript(Reply(200, {}, b'{"code":200,"data":{"works":"nowhere"}}'))
    Answer.objects.create(
        attempt=attempt, connection=row.connection, operation="query", at=timezone.now(), status=200, text=said.text
    )
    client.force_login(factories.mo())
    page = client.get(f"/videos/{row.public_id}/decide/", headers={"HX-Request": "true"}).content.decode()
    assert "names no address that the portal understands" in page
    assert "nowhere" in page
    sent = {"address": "https://elsewhere.example/a.mp4", "reason": REASON}
    url = f"/videos/{row.public_id}/decide/address/"
    answer = client.post(url, sent, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert all(text in answer.content.decode() for text in sent.values())
    client.force_login(factories.ada())
    assert client.post(url, sent).status_code == 403
