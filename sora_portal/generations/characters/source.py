"""A finished video as the source of a character: possible where its vendor makes characters of its own tasks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sora_portal.accounts.models import User
from sora_portal.errors import Refused
from sora_portal.generations.domain import Phase, State
from sora_portal.generations.models import Attempt, Generation
from sora_portal.projects.models import Project
from sora_portal.references import actions as references
from sora_portal.references import using
from sora_portal.references.models import Character

# The flag by which a video is made for this; a vendor may make a character of any finished task of its own.
MADE_FOR_IT = "character_create"


@dataclass(frozen=True)
class Source:
    """A video, its task at the vendor (None: no character can be made of it), and the character that it is already."""

    generation: Generation
    attempt: Attempt | None
    character: Character | None
    made_for_it: bool

    @property
    def possible(self) -> bool:
        """Whether the video has anything to offer to the register."""
        return self.attempt is not None

    @property
    def name(self) -> str:
        """A first idea for the name: the beginning of the prompt."""
        words = " ".join(self.generation.prompt.split()[:4])
        return words[:60].rstrip(" ,.;:")


def source_of(generation: Generation) -> Source:
    """Return what `generation` offers to the register."""
    made_for_it = generation.choices.get(MADE_FOR_IT) == "on"
    attempt = None
    if generation.state == State.SUCCEEDED and using.takes_tasks(generation.connection):
        accepted = generation.attempts.filter(phase=Phase.ACCEPTED.value).select_related("connection")
        attempt = accepted.order_by("-number").first()
    known = attempt and Character.objects.filter(
        connection=attempt.connection, vendor_task_id=attempt.vendor_task_id or ""
    )
    return Source(generation, attempt, known.first() if known else None, made_for_it)


def add_from_video(
    *, by: User, generation: Generation, name: str, projects: Iterable[Project], consent: bool, now: datetime
) -> Character:
    """Make a character of a finished video, known to the vendor by the video's own task.

    Raises Refused for a video that is not finished or whose vendor takes no tasks, AlreadyThere for one that is a
    character, BadCharacter without consent.
    """
    attempt = source_of(generation).attempt
    if attempt is None or not attempt.vendor_task_id:
        raise Refused("No character can be made of this video.")
    return references.add_from_task(
        by=by,
        name=name,
        projects=projects,
        connection=attempt.connection,
        vendor_task_id=attempt.vendor_task_id,
        from_video=generation.public_id,
        consent=consent,
        now=now,
    )
