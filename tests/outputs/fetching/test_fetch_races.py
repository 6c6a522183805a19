"""Two workers at one file: whoever is second waits or leaves, and neither waits for the other in a circle."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from sora_portal.generations.models import Generation
from sora_portal.ledger.models import Hold
from sora_portal.outputs.fetching import fetch
from sora_portal.outputs.models import Download
from tests.outputs import clips

STORED = clips.stored("a" * 64, 10)


def _slowly(work: Callable[..., Any], seconds: float) -> Callable[..., Any]:
    def slow(*arguments: Any, **values: Any) -> Any:
        time.sleep(seconds)
        return work(*arguments, **values)

    return slow


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_finishes_late_and_one_that_claims_meanwhile_both_get_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = clips.fetching("http://127.0.0.1:9/a.mp4")
    claim = fetch._claim(row.pk, timezone.now())
    assert claim is not None
    Download.objects.update(until=timezone.now())
    monkeypatch.setattr(fetch, "move", _slowly(fetch.move, 0.6))
    monkeypatch.setattr(Download.objects, "get_or_create", _slowly(Download.objects.get_or_create, 0.3))

    def run(work: Callable[[], object]) -> object:
        try:
            return work()
        except fetch.Lost:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        works = [
            lambda: fetch.finish(claim, STORED, timezone.now()),
            lambda: fetch._claim(row.pk, timezone.now()),
        ]
        list(pool.map(run, works))
    settled = Generation.objects.get().state == "succeeded"
    assert Hold.objects.get().state == ("settled" if settled else "held")


@pytest.mark.django_db
def test_a_pause_that_a_wrong_clock_planned_does_not_keep_a_file_for_days() -> None:
    row = clips.fetching("http://127.0.0.1:9/a.mp4")
    now = timezone.now()
    assert fetch._claim(row.pk, now + timedelta(days=4)) is not None
    assert fetch._claim(row.pk, now) is not None
    assert fetch._claim(row.pk, now) is None
