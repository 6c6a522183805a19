"""A web process that dies in a submit or in a callback: the next request finds one video, or one callback, or none."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from sora_portal import failpoints
from sora_portal.generations.models import CallbackInbox, Generation
from sora_portal.ledger.models import Hold
from tests import factories
from tests.crashes.conftest import Crew, state, video
from tests.crashes.web import Web


@pytest.fixture
def web(crew: Crew) -> Iterator[Web]:
    factories.money()
    web = Web(crew)
    yield web
    web.close()


def test_web_killed_in_a_submit_leaves_one_video_and_one_hold_per_key(crew: Crew, web: Web) -> None:
    for point, left in (("submit-uncommitted", 0), ("submit-committed", 1)):
        failpoints.arm(point)
        assert web.submit(point) == 0
        assert Generation.objects.filter(submit_key=point).count() == left
        crew.wait(lambda point=point: web.submit(point) == 200)  # type: ignore[misc]
        assert web.submit(point) == 200
        assert Generation.objects.filter(submit_key=point).count() == 1
    assert Hold.objects.count() == 2


def test_web_killed_before_the_wake_up_leaves_a_row_that_the_sweep_finds(crew: Crew, web: Web) -> None:
    failpoints.arm("wake-up")
    assert web.submit("one") == 0
    row = Generation.objects.get()
    crew.until(lambda: state(row) == "succeeded")
    assert len(crew.sandbox.memory()["creates"]) == 1


def test_web_killed_in_a_callback_keeps_it_at_most_once_and_answers_the_next(crew: Crew, web: Web) -> None:
    row = video("a fox [never]", slug="apixo-sora-2")
    crew.until(lambda: state(row) == "running")
    path = urlsplit(crew.sandbox.memory()["tasks"][0]["callback_url"]).path
    for number, (point, left) in enumerate((("callback-uncommitted", 0), ("callback-kept", 2))):
        body = b'{"number": %d}' % number
        failpoints.arm(point)
        assert web.post(path, body) == 0
        assert CallbackInbox.objects.count() == left
        crew.wait(lambda body=body: web.post(path, body) == 200)  # type: ignore[misc]
        assert web.post(path, body) == 200
        assert CallbackInbox.objects.count() == number + 1
