"""A file server that is down: left alone, tried again by one file, and no file uses up its tries meanwhile."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sora_portal.catalog import breaker_state
from sora_portal.catalog.circuit_breaker import Operation, Position
from sora_portal.catalog.models import Breaker
from sora_portal.generations.models import Generation
from sora_portal.outputs.models import Download
from sora_portal.outputs.tasks import fetch
from tests.outputs import clips
from tests.outputs.fetching.media_server import MediaServer

pytestmark = pytest.mark.django_db

DOWN = "http://127.0.0.1:9/a.mp4"


def _breaker(row: Generation) -> Breaker:
    return breaker_state.of(row.connection_id)[Operation.DOWNLOAD]


def _again(row: Generation) -> Generation:
    """Let all rests be over, fetch once more and return the row."""
    past = timezone.now() - timedelta(seconds=1)
    Breaker.objects.exclude(opened_at=None).update(next_try_at=past)
    Download.objects.update(until=past)
    fetch(row.pk)
    return Generation.objects.get(pk=row.pk)


def _down() -> Generation:
    """Return a file that waits because five others could not be had."""
    for _ in range(5):
        fetch(clips.fetching(DOWN).pk)
    row = clips.fetching(DOWN)
    fetch(row.pk)
    return Generation.objects.get(pk=row.pk)


def test_five_files_that_cannot_be_had_let_the_others_wait_without_a_try(media_host: MediaServer) -> None:
    row = _down()
    assert _breaker(row).rules.position is Position.OPEN
    assert (row.state, row.tries) == ("fetching", 0)
    assert "does not answer right now" in row.failure_text
    assert row.due_at
    assert row.due_at > timezone.now() + timedelta(seconds=20)


def test_one_file_is_the_test_and_opens_the_way_for_all(media_host: MediaServer) -> None:
    row = _down()
    row.attempts.update(result_urls=[media_host.serve("/a.mp4", clips.clip())])
    assert _again(row).state == "succeeded"
    found = _breaker(row)
    assert (found.rules.position, found.last_success_at is not None) == (Position.CLOSED, True)


def test_a_test_in_vain_makes_the_rest_longer_for_all_but_one_try(media_host: MediaServer) -> None:
    row = _down()
    other = clips.fetching(DOWN)
    before = _breaker(row)
    assert _again(row).tries == 1
    fetch(other.pk)
    after = _breaker(row)
    assert (after.rests, after.rules.position) == (before.rests + 1, Position.OPEN)
    assert Generation.objects.get(pk=other.pk).tries == 0


def test_one_dead_link_tried_again_and_again_is_no_broken_server(media_host: MediaServer) -> None:
    row = clips.fetching(DOWN)
    for _ in range(8):
        row = _again(row)
    assert row.tries == 8
    assert _breaker(row).failures == 1


def test_a_link_that_the_server_does_not_know_is_a_proper_answer(media_host: MediaServer) -> None:
    for _ in range(6):
        fetch(clips.fetching(media_host.at("/gone.mp4")).pk)
    assert _breaker(Generation.objects.get(pk=Generation.objects.values_list("pk", flat=True)[0])).failures == 0
