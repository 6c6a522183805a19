"""Every write to projects and to who belongs to them."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from sora_portal.accounts.models import User
from sora_portal.accounts.policies import require_admin
from sora_portal.errors import Refused
from sora_portal.projects.models import Membership, Project


class NameTaken(Refused):
    """Another project has that name already."""

    def __init__(self) -> None:
        super().__init__("Another project has this name already.")


@transaction.atomic
def create_project(*, by: User, name: str) -> Project:
    """Make a project without members; raises NameTaken when another one has the name, in any case of letters."""
    require_admin(by)
    if Project.objects.filter(name__iexact=name).exists():
        raise NameTaken
    base = slugify(name)[:70] or "project"
    taken = set(Project.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    slug = next(s for s in (base, *(f"{base}-{n}" for n in range(2, len(taken) + 3))) if s not in taken)
    try:
        with transaction.atomic():
            return Project.objects.create(name=name, slug=slug)
    except IntegrityError as error:  # somebody was faster
        raise NameTaken from error


@transaction.atomic
def rename_project(*, by: User, project: Project, name: str) -> None:
    """Call a project something else; raises NameTaken as `create_project` does."""
    require_admin(by)
    if Project.objects.filter(name__iexact=name).exclude(pk=project.pk).exists():
        raise NameTaken
    try:
        with transaction.atomic():
            Project.objects.filter(pk=project.pk).update(name=name)
    except IntegrityError as error:
        raise NameTaken from error


def archive_project(*, by: User, project: Project, now: datetime) -> None:
    """Take a project out of the composer; its videos stay, and what is under way is finished."""
    require_admin(by)
    Project.objects.filter(pk=project.pk, archived_at=None).update(archived_at=now)


def reopen_project(*, by: User, project: Project) -> None:
    """Let an archived project take new videos again."""
    require_admin(by)
    Project.objects.filter(pk=project.pk).update(archived_at=None)


def add_member(*, by: User, project: Project, person: User, lead: bool = False) -> None:
    """Let a person see a project and make videos in it; who belongs to it already keeps their place."""
    require_admin(by)
    Membership.objects.get_or_create(project=project, user=person, defaults={"lead": lead})


def remove_member(*, by: User, project: Project, person: User) -> None:
    """Take a person out of a project; their videos stay in it."""
    require_admin(by)
    Membership.objects.filter(project=project, user=person).delete()


def set_lead(*, by: User, project: Project, person: User, lead: bool) -> None:
    """Say whether a member hears about the project's budget."""
    require_admin(by)
    Membership.objects.filter(project=project, user=person).update(lead=lead)
