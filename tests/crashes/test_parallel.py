"""Many people press at once, on a real web server with its real number of threads: exactly what there is credit for."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from sora_portal.generations.models import Generation
from sora_portal.ledger import verify
from sora_portal.ledger.models import Hold
from tests import factories
from tests.crashes.conftest import Crew
from tests.crashes.web import Web

PRICE = 40


@pytest.fixture
def web(crew: Crew) -> Iterator[Web]:
    """A web server as the Procfile starts it; there is credit for ten videos."""
    factories.money(10 * PRICE)
    web = Web(crew, workers=2)
    yield web
    web.close()


def together(web: Web, forms: list[bytes]) -> Counter[int]:
    """Send all forms at once; return how many got which status."""
    with ThreadPoolExecutor(len(forms)) as pool:
        return Counter(pool.map(web.send, forms))


def test_two_hundred_submits_with_credit_for_ten_give_ten_videos_and_clean_refusals(web: Web) -> None:
    assert together(web, [web.form(f"key-{number}") for number in range(200)]) == {200: 10, 409: 190}
    assert Generation.objects.count() == Hold.objects.count() == 10
    assert verify.differences() == []


def test_the_same_form_sent_fifty_times_at_once_is_one_video(web: Web) -> None:
    assert together(web, [web.form("the same")] * 50) == {200: 50}
    assert Generation.objects.count() == Hold.objects.count() == 1
