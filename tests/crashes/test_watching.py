"""A worker that dies between a vendor's word and the row: it is asked again, and settles once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sora_portal.generations.models import CallbackInbox, Generation
from sora_portal.ledger.models import Journal
from tests.crashes.conftest import Crew, state, video


def ends() -> int:
    return Journal.objects.filter(kind__in=["capture", "release"]).count()


@pytest.mark.parametrize("point", ["looks-leased", "status-unsaved"])
@pytest.mark.parametrize("prompt", ["a fox in the snow", "a fox [fail]"])
def test_sweeper_killed_at_a_look_asks_again_and_settles_once(crew: Crew, point: str, prompt: str) -> None:
    row = video(prompt)
    crew.until(lambda: state(row) == "running")
    crew.dies_at(point)
    crew.until(lambda: state(row) == ("failed" if "fail" in prompt else "succeeded"))
    assert ends() == 1


def test_worker_killed_in_a_callback_looks_into_it_again(crew: Crew, live_server: object) -> None:
    crew.public = str(live_server)
    row = video(slug="apixo-sora-2")
    crew.dies_at("answer-unread")
    crew.wait(CallbackInbox.objects.exists)
    # The dead worker's lease is to outlast this test's next step, also on a machine that is busy.
    later = timezone.now() + timedelta(minutes=5)
    Generation.objects.filter(pk=row.pk).update(due_at=later, held_until=later)
    crew.dies_at("callback-unsaved")
    assert row.attempts.get().phase == "sending"
    CallbackInbox.objects.update(due_at=timezone.now() - timedelta(seconds=5))
    crew.until(lambda: state(row) == "succeeded")
    assert ends() == 1


def test_video_without_any_callback_is_found_by_polling(crew: Crew) -> None:
    row = video("a fox [no-callback]")
    crew.until(lambda: state(row) == "succeeded")
    assert not CallbackInbox.objects.exists()
