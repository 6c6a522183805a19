"""What an admin reads above the studio while something holds videos up, and what a member reads on the row."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from sora_portal.catalog import breaker_state
from sora_portal.catalog.circuit_breaker import Operation
from sora_portal.catalog.models import Breaker, Connection
from sora_portal.generations.dispatch import claim
from sora_portal.generations.models import Generation
from sora_portal.generations.studio import delays
from tests import factories

pytestmark = pytest.mark.django_db


def _breaks(operation: Operation, minutes: float = 4) -> Connection:
    row = factories.offered_model().connection
    now = timezone.now()
    breaker_state.failed(connection_id=row.pk, operation=operation, kind="transient", text="", now=now, count=9)
    Breaker.objects.filter(operation=operation.value).update(opened_at=now - timedelta(minutes=minutes))
    return row


def _waiting(number: int) -> Generation:
    rows = [factories.generation() for _ in range(number)]
    for row in rows:
        assert claim.claim(row.pk, timezone.now()) is None
    return Generation.objects.get(pk=rows[-1].pk)


def _said() -> list[str]:
    return delays.delays(timezone.now())


def test_nothing_is_said_while_nothing_waits() -> None:
    factories.generation()
    assert _said() == []


@pytest.mark.parametrize("operation", [Operation.CREATE, Operation.QUERY])
def test_an_open_breaker_is_told_with_its_age_and_what_waits(client: Client, operation: Operation) -> None:
    _breaks(operation)
    _waiting(2)
    sentence = (
        "Ruxa AI has not answered properly for about 4 min. 2 videos wait for it;"
        " the portal keeps asking whether it works again."
    )
    assert _said() == [sentence]
    client.force_login(factories.mo())
    assert sentence in client.get("/").content.decode()
    client.force_login(factories.ada())
    page = client.get("/").content.decode()
    assert sentence not in page
    assert "Ruxa AI does not answer properly right now. Your video waits; nothing is lost." in page


def test_a_broken_file_server_is_told_apart() -> None:
    _breaks(Operation.DOWNLOAD)
    assert _said() == [
        "The download server of Ruxa AI has not answered for about 4 min. Finished videos are fetched when it does."
    ]


def test_a_full_cap_is_told_with_the_cap(client: Client) -> None:
    factories.offered_model()
    Connection.objects.update(max_in_flight=0)
    row = _waiting(1)
    assert _said() == [
        "1 video waits for a free place at Ruxa AI, which takes 0 at once and 10 new ones in ten seconds."
    ]
    assert row.waiting_for == "Waiting for a free place at Ruxa AI. It is next."


def test_a_paused_connection_is_not_told_twice() -> None:
    _breaks(Operation.CREATE)
    Connection.objects.update(paused_at=timezone.now())
    _waiting(1)
    assert _said() == []
