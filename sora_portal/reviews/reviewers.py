"""Who may decide on a video, and the sentence for whoever may not."""

from collections.abc import Sequence

from django.db.models import Q

from sora_portal.accounts.models import Role, User
from sora_portal.errors import NotAllowed
from sora_portal.generations.models import Generation

NAMED = 3


def of(generation: Generation) -> list[User]:
    """Return who may decide on `generation`, at most `NAMED` people: reviewers of its project first, then admins."""
    in_project = Q(role=Role.REVIEWER.value, memberships__project=generation.project_id)
    people = User.objects.filter(in_project | Q(role=Role.ADMIN.value), is_active=True)
    return list(people.exclude(pk=generation.author_id).order_by("-role", "pk").distinct()[:NAMED])


def may_review(user: User, generation: Generation) -> bool:
    """Whether `user`, who may see `generation`, may note and decide on it: a reviewer, and not on their own."""
    return user.is_reviewer and generation.author_id != user.pk


def why_not(user: User, generation: Generation) -> str:
    """Return the sentence for a person who may see `generation` but not decide on it; "" for one who may."""
    if may_review(user, generation):
        return ""
    names = either([person.display_name for person in of(generation)])
    who = f"{names} can do it." if names else "Ask an admin to name a reviewer for this project."
    if user.is_reviewer:
        return f"You made this video, so somebody else decides on it. {who}"
    return f"Only a reviewer can decide on a video. {who}"


def require(user: User, generation: Generation) -> None:
    """Raise NotAllowed, saying who can, unless `user` may note and decide on `generation`."""
    sentence = why_not(user, generation)
    if sentence:
        raise NotAllowed(sentence)


def either(names: Sequence[str]) -> str:
    """Return names as an alternative: "Rae", "Rae or Mo", "Rae, Mo or Kim"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} or {names[-1]}"
