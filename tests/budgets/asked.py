"""Helpers of the requests' tests."""

from datetime import datetime

from django.utils import timezone

from sora_portal.accounts.models import User
from sora_portal.budgets.models import Ask
from sora_portal.budgets.requests import actions
from tests import factories


def asked(by: User | None = None, key: str = "wish", now: datetime | None = None, amount: int | None = None) -> Ask:
    """Return ada's request for what her video lacks."""
    model = factories.offered_model()
    return actions.request_budget(
        by=by or factories.ada(),
        project=factories.project(),
        model=model,
        prompt="Paper boats on a canal",
        choices=model.rules.defaults(),
        submit_key=key,
        amount=amount,
        reason="For Friday's pitch",
        now=now or timezone.now(),
    )


def once(ask: Ask, amount: int | None = None) -> actions.Answer:
    """Return the answer that gives what was asked for, once."""
    return actions.Answer(actions.ONCE, amount or ask.amount, ask.version)
