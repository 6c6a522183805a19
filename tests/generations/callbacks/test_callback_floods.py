"""Floods of callbacks: few questions, no lost news, and nothing that stays for ever."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from sora_portal.catalog import breaker_state
from sora_portal.catalog.circuit_breaker import Operation
from sora_portal.generations.callbacks import inbox
from sora_portal.generations.dispatch import send
from sora_portal.generations.domain import State
from sora_portal.generations.models import CallbackInbox, Generation
from tests import factories
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db


def _news(task: str, number: int = 0) -> bytes:
    return json.dumps({"code": 200, "data": {"taskId": task, "state": "success"}, "number": number}).encode()


def _watched() -> Generation:
    row = factories.generation(model=factories.offered_model("apixo-sora-2"), prompt="A horse [no-callback]")
    send.submit_step(row.pk)
    row.attempts.update(token_hash=inbox.token_hash("token"))
    return Generation.objects.get(pk=row.pk)


def _arrive(*bodies: bytes) -> None:
    for body in bodies:
        assert inbox.receive(token="token", body=body, now=timezone.now())


def _unread() -> list[int]:
    return list(CallbackInbox.objects.exclude(due_at=None).values_list("pk", flat=True))


def test_made_up_tasks_on_a_live_token_do_not_shut_the_true_one_out(sandboxed: Sandbox) -> None:
    prompt = "A horse [lost-silent] [no-callback]"
    row = factories.generation(model=factories.offered_model("apixo-sora-2"), prompt=prompt)
    send.submit_step(row.pk)
    row.attempts.update(token_hash=inbox.token_hash("token"))
    _arrive(*[_news("task_forged", number) for number in range(20)])
    for pk in _unread():
        inbox.handle(pk)
    assert len(_unread()) == 20, "each is asked about again: the vendor may be slower than its callback"
    _arrive(_news(sandboxed.memory()["tasks"][0]["task_id"]))
    assert CallbackInbox.objects.count() == inbox.PER_TOKEN
    for pk in _unread():
        inbox.handle(pk)
    assert Generation.objects.get().state in ("running", "fetching")


def test_one_question_answers_a_whole_flood(sandboxed: Sandbox) -> None:
    sandboxed.settings(seconds_per_video=60)
    _watched()
    _arrive(*[_news("task_forged", number) for number in range(25)])
    for pk in _unread():
        inbox.handle(pk)
    assert sandboxed.memory()["tasks"][0]["polls"] == 1
    assert not _unread()
    assert Generation.objects.get().state == "running"


def test_a_flood_brings_the_look_forward_but_never_to_the_very_moment(sandboxed: Sandbox) -> None:
    row = _watched()
    _arrive(*[_news("task_forged", number) for number in range(20)])
    Generation.objects.update(due_at=timezone.now() + timedelta(minutes=5))
    before = timezone.now()
    _arrive(*[_news("task_forged", number) for number in range(20, 30)])
    row.refresh_from_db()
    assert row.due_at
    assert before + timedelta(seconds=1.9) < row.due_at < timezone.now() + timedelta(seconds=3)


def test_callbacks_leave_a_vendor_alone_that_is_to_be_left_alone(sandboxed: Sandbox) -> None:
    row = _watched()
    wish = timezone.now() + timedelta(seconds=60)
    breaker_state.wished(connection_id=row.connection_id, operation=Operation.QUERY, until=wish)
    _arrive(_news("any"))
    inbox.handle(_unread()[0])
    kept = CallbackInbox.objects.get()
    assert (kept.tries, sandboxed.memory()["tasks"][0]["polls"]) == (0, 0)
    assert kept.due_at
    assert kept.due_at > wish
    breaker_state.Breaker.objects.update(wish_until=None)
    inbox.handle(kept.pk)
    assert sandboxed.memory()["tasks"][0]["polls"] == 1


def test_read_callbacks_of_ended_videos_are_forgotten_after_a_week() -> None:
    ended, running = factories.generation(state=State.SUCCEEDED), factories.generation(state=State.RUNNING)
    now = timezone.now()

    def kept(row: Generation, name: str, days: float, due: bool = False) -> None:
        CallbackInbox.objects.create(
            attempt=row.attempts.get(),
            body_hash=name,
            body=b"{}",
            received_at=now - timedelta(days=days),
            due_at=now if due else None,
        )

    kept(ended, "old", 8)
    kept(ended, "new", 6)
    kept(ended, "unread", 8, due=True)
    kept(running, "evidence", 8)
    assert inbox.prune(now) == 1
    assert sorted(CallbackInbox.objects.values_list("body_hash", flat=True)) == ["evidence", "new", "unread"]
    assert inbox.prune(now) == 0
