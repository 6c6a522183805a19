"""A worker that is called to a connection calls another only where more wait than it can send itself."""

import pytest
from django_q.models import OrmQ

from sora_portal.broker import FIRST
from sora_portal.generations.dispatch import send
from sora_portal.generations.models import Generation
from tests import factories
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("waiting", "calls"), [(0, 0), (1, 0), (2, 1)])
def test_as_many_workers_are_called_as_there_is_work_for(
    sandboxed: Sandbox, monkeypatch: pytest.MonkeyPatch, waiting: int, calls: int
) -> None:
    monkeypatch.setattr(send, "LANES", 1)
    connection = factories.offered_model().connection
    for _ in range(waiting):
        factories.generation()
    OrmQ.objects.all().delete()
    send.fill_step(connection.pk)
    called = OrmQ.objects.filter(key=FIRST)
    assert called.count() == calls, "calls for nobody follow each other without end, and other work waits behind them"
    assert set(Generation.objects.values_list("state", flat=True)) <= {"running"}
