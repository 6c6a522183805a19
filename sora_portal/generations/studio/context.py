"""What the frame of every page shows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from sora_portal import clock
from sora_portal.accounts.models import User
from sora_portal.catalog.models import Connection
from sora_portal.generations import queries
from sora_portal.ledger import spending as credits
from sora_portal.web.words import credits_text


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Return `nav`: available credits, review count, whether the vendors are stand-ins. Read only when rendered.

    A visitor gets the last of these alone, for the sign-in page.
    """
    user = getattr(request, "user", None)
    if not isinstance(user, User) and not getattr(user, "is_authenticated", False):
        return {"nav": {"sandbox": SimpleLazyObject(_practice)}}
    return {"nav": SimpleLazyObject(lambda: _read(request))}


def means(request: HttpRequest) -> credits.SpendingLimits:
    """Return what the person who asks may draw on: read once for the frame and for what the page says of it.

    For showing only. A request that moves credits does so first and asks afterwards, or it shows what was.
    """
    user = request.user
    assert isinstance(user, User)
    kept: credits.SpendingLimits | None = getattr(request, "means", None)
    if kept is None:
        kept = request.means = credits.spending_limits(user, None, clock.now())  # type: ignore[attr-defined]
    return kept


def connections(request: HttpRequest) -> list[Connection]:
    """Return every connection: read once for the frame and for the page, in the order of their names."""
    kept: list[Connection] | None = getattr(request, "connections", None)
    if kept is None:
        kept = request.connections = list(Connection.objects.all())  # type: ignore[attr-defined]
    return kept


def _practice() -> bool:
    """Say whether `make run` has started this portal with its demo team and no vendor has a key."""
    demo = bool(settings.SORA_PORTAL_DEMO_PASSWORD)
    return demo and all(connection.is_sandbox for connection in Connection.objects.all())


def _read(request: HttpRequest) -> dict[str, Any]:
    user = request.user
    assert isinstance(user, User)
    return {
        "available_text": credits_text(means(request).anywhere),
        "review_count": queries.review_count(user),
        "sandbox": any(connection.is_sandbox for connection in connections(request)),
        "search_url": reverse("outputs:library"),
    }
