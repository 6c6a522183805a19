"""Ada's budget has 12 credits left of 52; a video costs 40. The organisation has plenty."""

import pytest
from django.utils import timezone

from sora_portal.ledger import actions as credits
from sora_portal.ledger.models import Scope
from tests import factories
from tests.ledger.conftest import budgets, team

__all__ = ["budgets", "team"]


@pytest.fixture
def short(db: None) -> Scope:
    """Ada's scope, with a queued video of hers and too little left for the next one."""
    factories.money()
    scope = credits.scope_for_member(factories.ada())
    scope = credits.set_quota(by=factories.mo(), scope=scope, monthly=52_000, now=timezone.now())
    factories.generation()
    return scope
