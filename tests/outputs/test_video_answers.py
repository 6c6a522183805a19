"""What vendors said, on the video's page: for admins, word for word and without secrets; for nobody else at all."""

import hashlib
import json
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sora_portal.accounts.models import User
from sora_portal.generations.domain import State
from sora_portal.generations.models import CallbackInbox, Generation
from sora_portal.generations.vendor import response_log
from sora_portal.providers.base import ErrorKind, Job, Reply
from tests import factories

TOKEN = "3q9fXv7sKk2ZpL0aTt5uWw8yBb1nMm4cEe6rDd7gHhI"
ECHO = '{"callBackUrl":"https:\\/\\/x\\/callbacks\\/TOKEN\\/"}'
RAW = json.dumps({"code": 500, "msg": "upstream says 42", "data": {"paramJson": ECHO}}).encode()
pytestmark = pytest.mark.django_db


def _troubled() -> Generation:
    row = factories.generation(state=State.RUNNING)
    attempt, body = row.attempts.get(), RAW.replace(b"TOKEN", TOKEN.encode())
    response_log.keep_query(attempt, Reply(502, {}, body), Job(usable=False, kind=ErrorKind.TRANSIENT))
    for number in range(5):
        said = f'{{"state":"fail","failMsg":"callback {number}"}}'.encode()
        CallbackInbox.objects.create(
            attempt=attempt, body=said, body_hash=hashlib.sha256(said).hexdigest(), received_at=timezone.now()
        )
    return row


def _page(client: Client, person: User, name: str = "outputs:video") -> str:
    client.force_login(person)
    return client.get(reverse(name, args=[_troubled().public_id])).content.decode()


def test_an_admin_reads_the_answer_and_the_newest_callbacks_without_secrets(client: Client) -> None:
    page = _page(client, factories.mo())
    assert "Answer when asked how it stands: HTTP 502" in page
    assert "upstream says 42" in page
    assert "[redacted]" in page
    assert TOKEN not in page
    assert [f"callback {number}" in page for number in range(5)] == [False, False, True, True, True]


@pytest.mark.parametrize("person", [factories.ada, factories.rae])
@pytest.mark.parametrize("name", ["outputs:video", "outputs:state"])
def test_members_never_see_what_the_vendor_said(client: Client, person: Callable[[], User], name: str) -> None:
    page = _page(client, person(), name)
    assert "upstream says" not in page
    assert "callback 4" not in page
    assert "Details for admins" not in page
