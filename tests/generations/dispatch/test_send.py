"""From QUEUED to the vendor, against the real sandbox: what leaves, how often, and what the row says then."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from sora_portal.catalog.models import Breaker, Connection, VideoModel
from sora_portal.generations.dispatch import claim as dispatch_claim
from sora_portal.generations.dispatch import send
from sora_portal.generations.domain import Phase, State
from sora_portal.generations.models import Attempt, Generation
from sora_portal.generations.polling import poller
from sora_portal.generations.vendor import create_result, receipts
from sora_portal.ledger.models import Hold
from sora_portal.providers.base import Created, ErrorKind, Verdict
from tests import factories
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db

SLUGS = ("ruxa-sora-2", "apixo-sora-2", "sora2api-standard", "apixo-veo-3-1", "apixo-kling-2-6", "ruxa-sora-2-hd")


def _sent(row: Generation) -> Generation:
    """Run the submit step as a worker would, and return the row as it is then."""
    send.submit_step(row.pk)
    return Generation.objects.get(pk=row.pk)


def _due(row: Generation) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Generation.objects.filter(pk=row.pk).update(due_at=past, held_until=past)


@pytest.mark.parametrize("slug", SLUGS)
def test_submit_step_sends_once_and_binds_the_task(sandboxed: Sandbox, slug: str) -> None:
    row = _sent(factories.generation(model=factories.offered_model(slug)))
    attempt = row.attempts.get()
    memory = sandboxed.memory()
    assert (row.state, attempt.phase) == ("running", "accepted")
    assert [task["task_id"] for task in memory["tasks"]] == [attempt.vendor_task_id]
    assert len(memory["creates"]) == 1


def test_submit_step_twice_sends_once(sandboxed: Sandbox) -> None:
    row = factories.generation()
    _sent(row)
    _sent(row)
    assert len(sandboxed.memory()["creates"]) == 1


def test_submit_step_gives_the_callback_address_of_the_public_origin(sandboxed: Sandbox, settings: Settings) -> None:
    settings.SORA_PORTAL_PUBLIC_URL = "https://portal.example"
    row = _sent(factories.generation())
    address = sandboxed.memory()["creates"][0]["body"]["callBackUrl"]
    assert address.startswith("https://portal.example/callbacks/")
    token = address.removeprefix("https://portal.example/callbacks/").rstrip("/")
    assert len(token) >= 43
    assert token not in repr(list(Attempt.objects.values())), "the database keeps only the hash"
    assert row.state == "running"


def test_a_row_that_the_sweep_found_first_still_goes_out(sandboxed: Sandbox) -> None:
    row = factories.generation()
    poller.lease(timezone.now(), 1.0)
    assert _sent(row).state == "running", "the sweep moved its due time on, which is no reason to wait"


def test_a_dead_workers_row_that_the_sweep_found_is_reclaimed(sandboxed: Sandbox) -> None:
    row = factories.generation()
    dispatch_claim.claim(row.pk, timezone.now())
    _due(row)
    poller.lease(timezone.now(), 1.0)
    assert _sent(row).state == "running"


@pytest.mark.parametrize(
    ("origin", "vendor", "given"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8001/ruxa", True),
        ("http://127.0.0.1:8000", "https://api.ruxa.ai", False),
        ("https://portal.example", "https://api.ruxa.ai", True),
        ("http://portal:8000", "http://stand-in:9000/ruxa", True),
        ("", "http://127.0.0.1:8001/ruxa", False),
    ],
)
def test_a_vendor_outside_is_given_https_callback_addresses_only(
    settings: Settings, origin: str, vendor: str, given: bool
) -> None:
    settings.SORA_PORTAL_PUBLIC_URL = origin
    attempt = factories.generation(state=State.RUNNING).attempts.get()
    attempt.base_url = vendor
    assert (send.callback_url(attempt, "token") is not None) is given


@pytest.mark.parametrize(
    ("marker", "state", "hold"),
    [
        ("[refuse]", "failed", "settled"),
        ("[lost]", "unconfirmed", "held"),
        ("[500]", "unconfirmed", "held"),
        ("[429]", "queued", "held"),
        ("[no-balance]", "queued", "held"),
    ],
)
def test_submit_step_reads_each_answer_by_the_table(sandboxed: Sandbox, marker: str, state: str, hold: str) -> None:
    row = _sent(factories.generation(prompt=f"A horse taking flight {marker}"))
    assert (row.state, Hold.objects.get().state) == (state, hold)


def test_a_refused_prompt_returns_its_credits_and_says_what_to_do(sandboxed: Sandbox) -> None:
    row = _sent(factories.generation(prompt="Something [refuse]"))
    hold = Hold.objects.get()
    assert (hold.captured, hold.released) == (0, 40_000)
    assert "Change the prompt" in row.failure_text
    assert row.due_at is None


def test_a_lost_answer_is_never_sent_again(sandboxed: Sandbox) -> None:
    row = _sent(factories.generation(prompt="A horse [lost-silent]"))
    for _ in range(3):
        _due(row)
        _sent(row)
    assert len(sandboxed.memory()["creates"]) == 1
    assert Generation.objects.get().state == "unconfirmed"


def test_429_waits_as_long_as_the_vendor_asked_then_goes_out(sandboxed: Sandbox, settings: Settings) -> None:
    settings.SORA_PORTAL_TIME_SCALE = 0.1
    before = timezone.now()
    row = _sent(factories.generation(prompt="A horse [429]"))
    assert row.due_at is not None
    assert row.due_at >= before + timedelta(seconds=2), "the vendor said two seconds"
    assert dispatch_claim.claim(row.pk, before + timedelta(seconds=1)) is None, "nothing goes out early"
    _due(row)
    assert "asked us to wait" in _sent(row).waiting_for, "the wish was the account's, so it holds for every row"
    Breaker.objects.update(wish_until=before)
    assert _sent(row).state == "running"
    assert [attempt.phase for attempt in row.attempts.order_by("number")] == ["rejected", "accepted"]


def test_vendor_trouble_pauses_the_connection_and_keeps_the_video(sandboxed: Sandbox) -> None:
    row = _sent(factories.generation(prompt="A horse [no-balance]"))
    connection = Connection.objects.get(pk=row.connection_id)
    assert connection.latched
    assert connection.paused_at
    _due(row)
    waiting = _sent(row)
    assert waiting.state == "queued"
    assert "paused" in waiting.waiting_for
    assert len(sandboxed.memory()["creates"]) == 1


def test_a_full_connection_makes_the_next_one_wait(sandboxed: Sandbox) -> None:
    first = _sent(factories.generation())
    Connection.objects.filter(pk=first.connection_id).update(max_in_flight=1)
    second = _sent(factories.generation())
    assert (second.state, "free place" in second.waiting_for) == ("queued", True)


def test_a_paused_model_sends_nothing(sandboxed: Sandbox) -> None:
    row = factories.generation()
    VideoModel.objects.filter(pk=row.model_id).update(lifecycle="retired")
    assert _sent(row).state == "queued"
    assert sandboxed.memory()["creates"] == []


def test_nobody_at_the_address_means_not_sent_and_queued_again(settings: Settings) -> None:
    settings.SORA_PORTAL_SANDBOX_URL = "http://127.0.0.1:9"
    row = _sent(factories.generation())
    assert (row.state, row.attempts.get().verdict) == ("queued", "not_sent")


def test_a_worker_that_died_before_sending_is_followed_by_one_request(sandboxed: Sandbox) -> None:
    row = factories.generation()
    claim = dispatch_claim.claim(row.pk, timezone.now())
    assert claim is not None
    assert claim.attempt.phase == Phase.PREPARED
    assert _sent(row).state == "submitting", "the lease still runs"
    _due(row)
    healed = _sent(row)
    assert (healed.state, healed.fence, healed.attempts.count()) == ("running", 2, 1)
    assert not dispatch_claim.mark_sending(claim), "the dead worker's claim is worth nothing"
    assert len(sandboxed.memory()["creates"]) == 1


def test_a_worker_that_died_after_sending_leaves_it_unconfirmed(sandboxed: Sandbox) -> None:
    row = factories.generation()
    claim = dispatch_claim.claim(row.pk, timezone.now())
    assert claim is not None
    assert dispatch_claim.mark_sending(claim)
    _due(row)
    assert _sent(row).state == "unconfirmed"
    assert sandboxed.memory()["creates"] == []
    assert Hold.objects.get().state == "held"


def test_three_workers_dying_at_the_same_step_ask_a_person(sandboxed: Sandbox) -> None:
    row = factories.generation()
    dispatch_claim.claim(row.pk, timezone.now())
    for _ in range(2):
        _due(row)
        dispatch_claim.claim(row.pk, timezone.now())
    _due(row)
    assert _sent(row).state == "needs_decision"
    assert sandboxed.memory()["creates"] == []


def test_a_process_that_slept_too_long_sends_nothing(sandboxed: Sandbox) -> None:
    row = factories.generation()
    claim = dispatch_claim.claim(row.pk, timezone.now())
    assert claim is not None
    assert dispatch_claim.mark_sending(claim)
    claim.attempt.sending_at = timezone.now() - timedelta(seconds=6)
    send._send(claim, send._call(claim))
    assert sandboxed.memory()["creates"] == []
    assert Generation.objects.get().state == "queued"


def test_a_receipt_on_disk_binds_the_task_without_the_row() -> None:
    row = factories.generation(state=State.UNCONFIRMED)
    attempt = row.attempts.get()
    receipts.write(receipts.Receipt(attempt.pk, "task-from-disk"))
    assert create_result.import_receipts() == 1
    attempt.refresh_from_db()
    row.refresh_from_db()
    assert (attempt.vendor_task_id, row.state) == ("task-from-disk", "running")
    assert create_result.import_receipts() == 0


def test_a_late_refusal_returns_the_credits_of_an_unconfirmed_video() -> None:
    row = factories.generation(state=State.UNCONFIRMED)
    refusal = Created(Verdict.REFUSED, kind=ErrorKind.CONTENT_POLICY, message="no", code="400")
    create_result.record_created(attempt_id=row.attempts.get().pk, created=refusal)
    row.refresh_from_db()
    assert (row.state, Hold.objects.get().released) == ("failed", 40_000)


def test_the_same_vendor_task_is_never_bound_to_two_attempts() -> None:
    factories.generation(state=State.RUNNING, task_id="the-task")
    row = factories.generation(state=State.UNCONFIRMED)
    accepted = Created(Verdict.ACCEPTED, task_id="the-task")
    create_result.record_created(attempt_id=row.attempts.get().pk, created=accepted)
    row.refresh_from_db()
    assert row.state == "unconfirmed"
