"""A callback may be all that is left of a paid task: it is neither given up too early nor crowded out by a flood."""

import json

import pytest
from django.utils import timezone
from pytest_django import Settings

from sora_portal.generations.callbacks import inbox as callbacks_inbox
from sora_portal.generations.dispatch import send
from sora_portal.generations.domain import Phase
from sora_portal.generations.models import Attempt, CallbackInbox, Generation
from tests import factories
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db


def _lost() -> Generation:
    """Return a generation that the sandbox accepted without answering."""
    prompt = "A horse [lost-silent] [no-callback]"
    row = factories.generation(model=factories.offered_model("apixo-sora-2"), prompt=prompt)
    send.submit_step(row.pk)
    # A token whose text is at hand.
    row.attempts.update(token_hash=callbacks_inbox.token_hash("token"))
    assert Generation.objects.get().state == "unconfirmed"
    return row


def _arrives(body: object) -> None:
    assert callbacks_inbox.receive(token="token", body=json.dumps(body).encode(), now=timezone.now())


def _handle_all() -> None:
    for pk in list(CallbackInbox.objects.exclude(due_at=None).values_list("pk", flat=True)):
        callbacks_inbox.handle(pk)


def _news(task: str) -> dict[str, object]:
    return {"code": 200, "data": {"taskId": task, "state": "processing"}}


def test_genuine_news_after_a_flood_still_brings_the_task_home(sandboxed: Sandbox) -> None:
    row = _lost()
    for number in range(25):
        _arrives({"code": 200, "noise": number})
    _handle_all()
    _arrives(_news(sandboxed.memory()["tasks"][0]["task_id"]))
    _handle_all()
    assert row.attempts.get().phase == Phase.ACCEPTED
    assert CallbackInbox.objects.count() <= callbacks_inbox.PER_TOKEN


def test_a_flood_that_nobody_has_read_yet_fills_twenty_places(sandboxed: Sandbox) -> None:
    _lost()
    for number in range(25):
        _arrives({"code": 200, "noise": number})
    assert CallbackInbox.objects.count() == callbacks_inbox.PER_TOKEN


def test_a_lost_task_is_asked_about_for_as_long_as_its_vendor_is_away(sandboxed: Sandbox) -> None:
    row = _lost()
    task = sandboxed.memory()["tasks"][0]["task_id"]
    home = row.attempts.get().base_url
    row.attempts.update(base_url="http://127.0.0.1:9/apixo")
    _arrives(_news(task))
    for _ in range(callbacks_inbox.TRIES + 4):
        _handle_all()
    assert CallbackInbox.objects.get().due_at is not None, "nothing else knows the id of this paid task"
    row.attempts.update(base_url=home)
    _handle_all()
    assert row.attempts.get().vendor_task_id == task


def test_a_callback_that_is_faster_than_the_vendors_own_records_is_asked_about_again(sandboxed: Sandbox) -> None:
    _lost()
    _arrives(_news("task-that-the-vendor-lists-in-a-moment"))
    _handle_all()
    inbox = CallbackInbox.objects.get()
    assert inbox.tries == 1
    assert inbox.due_at is not None
    for _ in range(callbacks_inbox.TRIES):
        _handle_all()
    inbox.refresh_from_db()
    assert inbox.due_at is None, "a forged id is not asked about for ever"


def test_a_hint_about_a_task_that_is_known_is_given_up_after_a_while(sandboxed: Sandbox, settings: Settings) -> None:
    row = factories.generation(model=factories.offered_model("apixo-sora-2"))
    send.submit_step(row.pk)
    row.attempts.update(base_url="http://127.0.0.1:9/apixo", token_hash=callbacks_inbox.token_hash("token"))
    _arrives({"code": 200})
    for _ in range(callbacks_inbox.TRIES):
        _handle_all()
    assert CallbackInbox.objects.get().due_at is None, "polling goes on anyway"


@pytest.mark.parametrize("phase", [Phase.WRITTEN_OFF, Phase.REJECTED])
def test_a_task_that_comes_by_callback_after_the_decision_is_kept_and_told(sandboxed: Sandbox, phase: Phase) -> None:
    row = _lost()
    task = sandboxed.memory()["tasks"][0]["task_id"]
    Attempt.objects.update(phase=phase.value)
    _arrives(_news(task))
    _handle_all()
    assert row.attempts.get().vendor_task_id == task
    assert row.events.get(kind="late").text


def test_a_wake_up_for_a_callback_that_is_gone_does_nothing() -> None:
    callbacks_inbox.handle(4711)
