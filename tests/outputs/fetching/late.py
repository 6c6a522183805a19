"""Videos that ended here while the vendor has them, at the real sandbox."""

import hashlib
import json
from datetime import timedelta
from typing import Any

from django.utils import timezone

from sora_portal.generations.callbacks import inbox
from sora_portal.generations.dispatch import send
from sora_portal.generations.domain import State
from sora_portal.generations.models import CallbackInbox, Generation, LateTask
from sora_portal.generations.resolution import actions
from sora_portal.generations.vendor import late_tasks
from sora_portal.outputs.fetching import ingest
from sora_portal.outputs.media import storage
from tests import factories
from tests.outputs import clips
from tests.sandbox_server import Sandbox


def written_off(marker: str = "", slug: str = "apixo-sora-2") -> Generation:
    """Return a video that the sandbox has, whose answer was lost and which an admin gave up."""
    prompt = f"A horse [lost-silent] [no-callback] {marker}"
    row = factories.generation(model=factories.offered_model(slug), prompt=prompt)
    send.submit_step(row.pk)
    row.refresh_from_db()
    actions.write_off(by=factories.mo(), generation=row, reason="no news for hours", now=timezone.now())
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
    inbox.handle(kept.pk)


def now_due() -> None:
    """Let the pause or the lease of every watched task be over."""
    LateTask.objects.filter(due_at__isnull=False).update(until=timezone.now() - timedelta(seconds=1))


def recovered(state: State = State.FAILED, **values: Any) -> Generation:
    """Return a video that ended without a file and has one by now, with the file in the media folder; no sandbox."""
    row = factories.generation(state=state, **values)
    if state is State.CANCELLED:
        factories.attempt(row, timezone.now())
    late_tasks.hear(row.attempts.get().pk, timezone.now())
    now_due()
    watched = late_tasks.claim(row.attempts.get().pk, timezone.now())
    assert watched is not None
    body = clips.clip()
    sha256 = hashlib.sha256(body).hexdigest()
    target = storage.video_path(sha256, "video/mp4")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(body)
    storage.poster_path(sha256).write_bytes(b"RIFF....WEBP")
    size = {"duration_ms": 2000, "width": 96, "height": 64}
    late_tasks.recover(watched, sha256=sha256, now=timezone.now(), staff_text="", **size)
    ingest.note_file(row, clips.stored(sha256, len(body), "cdn.apixo.ai"), timezone.now())
    return Generation.objects.for_rows().get(pk=row.pk)
