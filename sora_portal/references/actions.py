"""Every write to pictures and characters."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import IO, Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from sora_portal.accounts.models import User
from sora_portal.catalog.models import Connection
from sora_portal.errors import NotAllowed, Refused
from sora_portal.installation import media
from sora_portal.projects.models import Project
from sora_portal.references import decoding, storage
from sora_portal.references.domain import CONSENT, GONE_PICTURE, address_problem, picture_ids, span_problem
from sora_portal.references.models import Character, ReferenceImage, ReferenceNeed
from sora_portal.references.pictures import NotAPicture, Picture
from sora_portal.uptime.counted import ago

# A picture that nothing uses or will need is a draft: it goes after this time, when anybody adds another one.
UNUSED_FOR = timedelta(days=7)
# Nobody needs more drafts than this; without an end, one account could fill the disk.
UNUSED_MOST = 100
PRUNED_AT_ONCE = 50


class BadCharacter(Refused):
    """What was given makes no character."""

    status = 422


class Unusable(Refused):
    """A video names something that can no longer be used; the message is for its author."""


class NoPlace(Refused):
    """The media folder is not the one of this database."""

    status = 503


class AlreadyThere(Refused):
    """Somebody has made a character of this video before."""


def upload(*, by: User, file: IO[bytes], now: datetime) -> ReferenceImage:
    """Store the picture in `file` and return its row; the same picture of the same person is the same row.

    Raises NotAPicture with a sentence, Busy while another picture of theirs is read or too many of others are, and
    OSError when the disk does not take it. Removes old drafts in passing.
    """
    picture = decoding.read(file, person=by.pk)
    prune(now=now)
    sha256 = hashlib.sha256(picture.data).hexdigest()
    earlier = _earlier(by, sha256, picture, now)
    if earlier is not None:
        return earlier
    if ReferenceImage.objects.idle().filter(owner=by).count() >= UNUSED_MOST:
        raise NotAPicture(
            f"You have added {UNUSED_MOST} pictures that no video uses. Use some of them, or wait: unused ones go by"
            " themselves after a week."
        )
    public_id = secrets.token_hex(16)
    if not media.is_here():
        raise NoPlace("The portal cannot store pictures at the moment. The admins are told; try again later.")
    # The files first: where a row is, its files are as well.
    storage.keep(public_id, picture.data, picture.thumb)
    try:
        with transaction.atomic():
            return ReferenceImage.objects.create(
                public_id=public_id,
                owner=by,
                sha256=sha256,
                size=len(picture.data),
                width=picture.width,
                height=picture.height,
                source_format=picture.source_format,
                created_at=now,
            )
    except IntegrityError:
        # The same picture came twice at the same moment, and the other one was faster.
        storage.discard(public_id)
        faster = _earlier(by, sha256, picture, now)
        if faster is None:
            raise
        return faster


def _earlier(by: User, sha256: str, picture: Picture, now: datetime) -> ReferenceImage | None:
    """Return the row that `by` has for this picture, as fresh as a new one and with its files in place."""
    rows = ReferenceImage.objects.filter(owner=by, sha256=sha256)
    # One statement: where it changed a row, no pruning takes that row from now on.
    found = rows.first() if rows.update(created_at=now) else None
    if found is not None and not storage.is_kept(found.public_id):
        storage.keep(found.public_id, picture.data, picture.thumb)
    return found


@transaction.atomic
def prune(*, now: datetime) -> int:
    """Remove pictures that nothing has used or needed for a week, files and all, some at a time; return how many."""
    old = ReferenceImage.objects.idle().filter(created_at__lt=ago(UNUSED_FOR, now)).order_by("created_at")
    # Locked: whoever submits a video with one of them waits, and then finds that it is gone.
    gone = list(old.select_for_update(skip_locked=True)[:PRUNED_AT_ONCE])
    ReferenceImage.objects.filter(pk__in=[image.pk for image in gone]).delete()
    for image in gone:
        transaction.on_commit(partial(storage.discard, image.public_id))
    return len(gone)


def mark_used(*, images: Iterable[ReferenceImage], project: Project, now: datetime) -> None:
    """Note that a video of `project` uses these pictures: they stay, and the project's members may see them.

    Called inside the transaction that makes the video, with rows that it has locked.
    """
    for image in images:
        ReferenceImage.objects.filter(pk=image.pk).update(last_used_at=now)
        image.projects.add(project)


@transaction.atomic
def need(*, for_what: str, values: Iterable[str], now: datetime) -> None:
    """Keep the pictures that `values` (of a video's choices) name for something that is no video yet, called `for_what`
    ("ask:12"): these and no others, until `need_no_more`. Raises Unusable where one has gone.
    """
    wanted = {public_id for value in values for public_id in picture_ids(value)}
    images = ReferenceImage.objects.filter(public_id__in=wanted).order_by("pk").select_for_update(no_key=True)
    found = list(images)
    if len(found) < len(wanted):
        raise Unusable(GONE_PICTURE)
    # Written to, and not only locked: a pruning that has chosen them meanwhile looks once more and leaves them.
    ReferenceImage.objects.filter(pk__in=[image.pk for image in found]).update(created_at=now)
    ReferenceNeed.objects.filter(for_what=for_what).exclude(image__in=found).delete()
    rows = [ReferenceNeed(for_what=for_what, image=image) for image in found]
    ReferenceNeed.objects.bulk_create(rows, ignore_conflicts=True)


def need_no_more(*, for_what: str) -> None:
    """Let go of what `need` has kept for `for_what`."""
    ReferenceNeed.objects.filter(for_what=for_what).delete()


def add_clip(
    *,
    by: User,
    name: str,
    projects: Iterable[Project],
    clip_url: str,
    start: int,
    end: int,
    consent: bool,
    now: datetime,
) -> Character:
    """Add a character from the seconds `start` to `end` of a clip at an address, which the portal never opens.

    Raises BadCharacter for an address, a span or a missing consent that will not do.
    """
    problem = address_problem(clip_url) or span_problem(start, end)
    if problem:
        raise BadCharacter(problem)
    clip = {"clip_url": clip_url, "clip_start": start, "clip_end": end}
    return _add(by, name, projects, clip, consent=consent, now=now)


def add_from_task(
    *,
    by: User,
    name: str,
    projects: Iterable[Project],
    connection: Connection,
    vendor_task_id: str,
    from_video: str,
    consent: bool,
    now: datetime,
) -> Character:
    """Add a character from a finished task of a vendor; `from_video` is the public id of our video of it.

    Raises BadCharacter without consent, AlreadyThere when the register has this task.
    """
    try:
        task = {"connection": connection, "vendor_task_id": vendor_task_id, "from_video": from_video}
        return _add(by, name, projects, task, consent=consent, now=now)
    except IntegrityError as error:
        raise AlreadyThere("This video is a character already. Ask its owner to share it with your project.") from error


@transaction.atomic
def _add(
    by: User, name: str, projects: Iterable[Project], source: dict[str, Any], *, consent: bool, now: datetime
) -> Character:
    if not consent:
        raise BadCharacter("Confirm first that no real person can be recognised in it.")
    character = Character.objects.create(
        public_id=secrets.token_hex(16),
        name=name,
        owner=by,
        consent=CONSENT,
        consent_by=by,
        consent_at=now,
        created_at=now,
        **source,
    )
    character.projects.set(_own(by, projects))
    return character


def _own(by: User, projects: Iterable[Project]) -> list[Project]:
    """Return those of `projects` that `by` may see: sharing with others' projects is not possible."""
    return list(Project.objects.visible_to(by).filter(pk__in=[project.pk for project in projects]))


@transaction.atomic
def change_character(*, by: User, character: Character, name: str, projects: Iterable[Project]) -> None:
    """Rename a character and say who may use it; projects that `by` does not see keep it.

    Raises NotAllowed for others than its owner and admins.
    """
    _require_owner(by, character)
    Character.objects.filter(pk=character.pk).update(name=name)
    seen = Project.objects.visible_to(by)
    kept = character.projects.exclude(pk__in=seen.values("pk"))
    character.projects.set([*kept, *_own(by, projects)])


def set_retired(*, by: User, character: Character, retired: bool, now: datetime) -> None:
    """Take a character out of use, also for videos that wait to be sent, or take it back into use.

    Raises NotAllowed for others than its owner and admins.
    """
    _require_owner(by, character)
    rows = Character.objects.filter(Q(retired_at=None) if retired else Q(retired_at__isnull=False), pk=character.pk)
    rows.update(retired_at=now if retired else None, retired_by=by if retired else None)


def _require_owner(by: User, character: Character) -> None:
    if character.owner_id != by.pk and not by.is_portal_admin:
        raise NotAllowed(f"Only {character.owner.display_name} or an admin can change this character.")
