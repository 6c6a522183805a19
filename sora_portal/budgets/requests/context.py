"""What the frame of every page shows of requests."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from sora_portal import clock
from sora_portal.accounts.models import User
from sora_portal.budgets.models import Ask


@dataclass(frozen=True)
class Waiting:
    """How many requests wait for the person who looks, and the sentence that says so."""

    count: int

    @property
    def text(self) -> str:
        """What stands above the studio."""
        return "Somebody asks for budget." if self.count == 1 else f"{self.count} requests for budget wait."


def waiting(request: HttpRequest) -> dict[str, Any]:
    """Return `asks_waiting`, a `Waiting`; its count is 0 for everybody but admins. Read only when rendered."""
    user = getattr(request, "user", None)
    return {"asks_waiting": SimpleLazyObject(lambda: Waiting(_count(user)))}


def _count(user: object) -> int:
    if not isinstance(user, User) and not getattr(user, "is_authenticated", False):
        return 0
    return Ask.objects.open(clock.now()).count() if user.is_portal_admin else 0  # type: ignore[attr-defined]
