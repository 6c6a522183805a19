"""Videos that ended here while the vendor has them, at the real sandbox."""

import json
from datetime import timedelta

from django.utils import timezone

from sora_portal.generations import callbacks, deciding, submitting
from sora_portal.generations.models import CallbackInbox, Generation, LateTask
from tests import factories
from tests.sandbox_server import Sandbox


def written_off(marker: str = "", slug: str = "apixo-sora-2") -> Generation:
    """Return a video that the sandbox has, whose answer was lost and which an admin gave up."""
    prompt = f"A horse [lost-silent] [no-callback] {marker}"
    row = factories.generation(model=factories.offered_model(slug), prompt=prompt)
    submitting.submit_step(row.pk)
    row.refresh_from_db()
    deciding.write_off(by=factories.mo(), generation=row, reason="no news for hours", now=timezone.now())
    return Generation.objects.get(pk=row.pk)


def task_of(sandbox: Sandbox) -> str:
    """Return the id of the sandbox's only task, once it has ended there."""
    memory = sandbox.wait_until(lambda memory: memory["tasks"][0]["state"] in ("succeeded", "failed"))
    return str(memory["tasks"][0]["task_id"])


def callback(row: Generation, task_id: str, state: str = "success", note: str = "") -> None:
    """Let a callback about `row` come in and be read."""
    body = json.dumps({"code": 200, "data": {"taskId": task_id, "state": state}, "note": note}).encode()
    now = timezone.now()
    attempt = row.attempts.latest("number")
    kept = CallbackInbox.objects.create(
        attempt=attempt, body_hash=f"{len(body)}{note}{state}", body=body, received_at=now, due_at=now
    )
    callbacks.handle(kept.pk)


def now_due() -> None:
    """Let the pause or the lease of every watched task be over."""
    LateTask.objects.filter(due_at__isnull=False).update(until=timezone.now() - timedelta(seconds=1))
