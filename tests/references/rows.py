"""Pictures and characters for tests, made by the real actions."""

import io
from typing import Any

from django.utils import timezone

from sora_portal.accounts.models import User
from sora_portal.catalog.models import Connection
from sora_portal.projects.models import Project
from sora_portal.references import actions
from sora_portal.references.models import Character, ReferenceImage
from tests import factories
from tests.references import files

CLIP = "https://clips.example.com/fox.mp4"


def picture(owner: User | None = None, data: bytes | None = None) -> ReferenceImage:
    """Return an uploaded picture of `owner` (ada)."""
    return actions.upload(by=owner or factories.ada(), file=io.BytesIO(data or files.jpeg()), now=timezone.now())


def from_clip(owner: User | None = None, *projects: Project, name: str = "Fox", **values: Any) -> Character:
    """Return a character of `owner` (ada), shared with `projects`."""
    wanted = {"clip_url": CLIP, "start": 0, "end": 3, "consent": True, "now": timezone.now(), **values}
    return actions.add_clip(by=owner or factories.ada(), name=name, projects=projects, **wanted)


def from_task(
    owner: User | None = None,
    *projects: Project,
    name: str = "Owl",
    connection: Connection | None = None,
    **values: Any,
) -> Character:
    """Return a character of `owner` (ada) made of a finished task of Ruxa."""
    wanted = {"vendor_task_id": "task-1", "from_video": "", "consent": True, "now": timezone.now(), **values}
    used = connection or factories.offered_model().connection
    return actions.add_from_task(by=owner or factories.ada(), name=name, projects=projects, connection=used, **wanted)
