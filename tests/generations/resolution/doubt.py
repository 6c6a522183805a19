"""Videos in doubt, in each way in which one can be."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from sora_portal.generations.domain import Phase, State
from sora_portal.generations.models import Generation
from sora_portal.generations.transitions import move
from sora_portal.ledger.models import Hold
from tests import factories

ASKS = "An admin has to look at it."


def unknown(**values: Any) -> Generation:
    """Nobody knows whether the vendor has it, and the grace is over."""
    row = factories.generation(state=State.UNCONFIRMED, **values)
    return _ask(row)


def watched(**values: Any) -> Generation:
    """The vendor took it and no end came."""
    return factories.generation(state=State.NEEDS_DECISION, **values)


def undownloadable(**values: Any) -> Generation:
    """The vendor finished it and the file could not be had."""
    row = factories.generation(state=State.FETCHING, **values)
    row.attempts.update(result_urls=["https://media.example/a.mp4"], result_seen_at=timezone.now())
    Generation.objects.filter(pk=row.pk).update(tries=12)
    return _ask(row)


def poisoned(**values: Any) -> Generation:
    """Three workers died before they sent it."""
    row = factories.generation(state=State.SUBMITTING, **values)
    row.attempts.update(phase=Phase.REJECTED.value, sending_at=None, verdict="poison")
    return _ask(row)


def _ask(row: Generation) -> Generation:
    move(row, State.NEEDS_DECISION, now=timezone.now(), due_at=timezone.now(), text=ASKS, failure_text=ASKS)
    return Generation.objects.for_rows().get(pk=row.pk)


def sent(row: Generation, *, hours_ago: float) -> datetime:
    """Let the attempt of `row` have been sent so long ago; return when."""
    at = timezone.now() - timedelta(hours=hours_ago)
    row.attempts.update(sending_at=at)
    return at


def standing(row: Generation) -> tuple[str, str, str]:
    """Return the state of the row, the phase of its newest attempt and the state of its hold."""
    fresh = Generation.objects.select_related("hold").get(pk=row.pk)
    attempt = fresh.attempts.order_by("-number").first()
    assert isinstance(fresh.hold, Hold)
    return fresh.state, attempt.phase if attempt else "", fresh.hold.state
