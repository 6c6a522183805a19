"""One deliberate second try in the vendor's other way to write a request.

Ruxa's pages contradict one another about the body: nested or flat. A 422 says that the vendor could not read what it
was sent and made nothing of it, so the same request may go out once more, written the other way. Nothing else may: not
after any other answer, not twice, and not where the vendor did read the prompt and refused it for its content.
"""

import logging
from datetime import datetime

from django.db.models import QuerySet

from sora_portal.catalog import actions as catalog
from sora_portal.catalog.models import Connection
from sora_portal.generations import admission
from sora_portal.generations.domain import State
from sora_portal.generations.models import Attempt, Generation
from sora_portal.generations.transitions import move
from sora_portal.providers.base import Created, ErrorKind, Verdict
from sora_portal.providers.registry import provider

log = logging.getLogger(__name__)

UNREADABLE = "422"


def may_rewrite(attempt: Attempt, created: Created) -> bool:
    """Return whether this refusal of `attempt` allows the one try in the other style."""
    if (created.verdict, created.code) != (Verdict.REFUSED, UNREADABLE) or created.kind is ErrorKind.CONTENT_POLICY:
        return False
    if not provider(attempt.connection.vendor).other_style(attempt.body_style):
        return False
    return not _refusals(attempt.generation, attempt.connection).exclude(pk=attempt.pk).exists()


def rewrite(*, generation: Generation, created: Created, now: datetime) -> None:
    """Put a refused video back in line, to be written the other way; or end it, if that was wished.

    To be called inside a transaction, with the generation locked and its attempt rejected.
    """
    staff_text = f"{created.code} {created.message}"
    if generation.cancel_wanted_at:
        text = "Cancelled as was asked: the vendor had not begun"
        move(generation, State.CANCELLED, now=now, text=text, staff_text=staff_text, waiting_for="", failure_text="")
        return
    text = "The vendor could not read the request. It goes out once more, written the other way."
    move(
        generation,
        State.QUEUED,
        now=now,
        due_at=now,
        held_until=None,
        text=text,
        staff_text=staff_text,
        waiting_for="",
        failure_text="",
    )
    admission.call(generation.connection_id)


def style_of(generation: Generation, connection: Connection) -> str:
    """Return the body style for the next attempt: the connection's, or the other one after `rewrite`."""
    refused = _refusals(generation, connection).order_by("-number").first()
    if refused is None:
        return connection.body_style
    return provider(connection.vendor).other_style(refused.body_style) or connection.body_style


def remember(attempt: Attempt) -> None:
    """Keep the style that `attempt` was accepted in for the connection, where the other one had been refused."""
    if attempt.number == 1:
        return
    refused = _refusals(attempt.generation, attempt.connection).order_by("-number").first()
    if refused is not None and refused.body_style != attempt.body_style:
        catalog.learn_body_style(connection=attempt.connection, style=attempt.body_style, instead_of=refused.body_style)


def _refusals(generation: Generation, connection: Connection) -> QuerySet[Attempt]:
    """Return the attempts of this video that the vendor could not read."""
    return generation.attempts.filter(connection=connection, verdict=Verdict.REFUSED.value, vendor_code=UNREADABLE)
