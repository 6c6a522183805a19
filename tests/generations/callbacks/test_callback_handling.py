"""What a worker makes of a kept callback: one status query of our own, and only that counts."""

import json

import pytest
from django.utils import timezone
from pytest_django import Settings

from sora_portal.generations.callbacks import inbox as callbacks_inbox
from sora_portal.generations.dispatch import send
from sora_portal.generations.models import CallbackInbox, Generation
from tests import factories
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db

SLUGS = ("ruxa-sora-2", "apixo-sora-2", "sora2api-standard")


def _lost(slug: str) -> Generation:
    """Return a generation that the sandbox accepted without answering."""
    row = factories.generation(model=factories.offered_model(slug), prompt="A horse [lost-silent] [no-callback]")
    send.submit_step(row.pk)
    row.refresh_from_db()
    assert row.state == "unconfirmed"
    return row


def _news(row: Generation, body: object) -> CallbackInbox:
    data = json.dumps(body).encode()
    return CallbackInbox.objects.create(
        attempt=row.attempts.get(),
        body_hash=str(len(data)),
        body=data,
        received_at=timezone.now(),
        due_at=timezone.now(),
    )


@pytest.mark.parametrize("slug", SLUGS)
def test_a_callback_brings_a_lost_task_home(sandboxed: Sandbox, slug: str) -> None:
    row = _lost(slug)
    task = sandboxed.memory()["tasks"][0]["task_id"]
    inbox = _news(row, {"code": 200, "data": {"taskId": task, "state": "processing", "successFlag": 0}})
    callbacks_inbox.handle(inbox.pk)
    row.refresh_from_db()
    inbox.refresh_from_db()
    assert row.attempts.get().vendor_task_id == task
    assert row.state in ("running", "fetching")
    assert inbox.due_at is None


def test_a_forged_task_id_is_not_adopted(sandboxed: Sandbox) -> None:
    row = _lost("apixo-sora-2")
    callbacks_inbox.handle(_news(row, {"code": 200, "data": {"taskId": "task_forged", "state": "success"}}).pk)
    row.refresh_from_db()
    assert row.state == "unconfirmed"


def test_a_task_that_the_vendor_says_was_ordered_for_another_video_is_not_adopted(
    sandboxed: Sandbox, settings: Settings
) -> None:
    settings.SORA_PORTAL_PUBLIC_URL = "http://127.0.0.1:9"
    first, second = _lost("sora2api-standard"), _lost("sora2api-standard")
    theirs, own = (task["task_id"] for task in sandboxed.memory()["tasks"])
    callbacks_inbox.handle(_news(second, {"code": 200, "data": {"taskId": theirs, "successFlag": 1}}).pk)
    assert second.attempts.get().vendor_task_id is None
    callbacks_inbox.handle(_news(second, {"code": 200, "data": {"taskId": own, "successFlag": 1, "errorCode": 0}}).pk)
    assert second.attempts.get().vendor_task_id == own
    callbacks_inbox.handle(_news(first, {"code": 200, "data": {"taskId": theirs, "successFlag": 1}}).pk)
    assert first.attempts.get().vendor_task_id == theirs


def test_a_callback_that_lies_about_success_changes_nothing(sandboxed: Sandbox) -> None:
    sandboxed.settings(seconds_per_video=60)
    row = factories.generation(model=factories.offered_model("apixo-sora-2"))
    send.submit_step(row.pk)
    task = row.attempts.get().vendor_task_id
    lie = {"taskId": task, "state": "success", "resultJson": json.dumps({"resultUrls": ["https://evil.example/x.mp4"]})}
    callbacks_inbox.handle(_news(row, {"code": 200, "data": lie}).pk)
    row.refresh_from_db()
    assert row.state == "running"


def test_a_vendor_that_is_away_is_asked_again_later(sandboxed: Sandbox, settings: Settings) -> None:
    row = factories.generation(model=factories.offered_model("apixo-sora-2"))
    send.submit_step(row.pk)
    row.attempts.update(base_url="http://127.0.0.1:9/apixo")
    inbox = _news(row, {"code": 200})
    callbacks_inbox.handle(inbox.pk)
    inbox.refresh_from_db()
    assert inbox.tries == 1
    assert inbox.due_at is not None
    assert inbox.due_at > timezone.now()


def test_handling_twice_asks_once(sandboxed: Sandbox) -> None:
    row = factories.generation(model=factories.offered_model("apixo-sora-2"))
    send.submit_step(row.pk)
    inbox = _news(row, {"code": 200})
    callbacks_inbox.handle(inbox.pk)
    callbacks_inbox.handle(inbox.pk)
    assert sandboxed.memory()["tasks"][0]["polls"] == 1
