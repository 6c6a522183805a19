"""Helpers of the ledger's tests."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sora_portal.accounts.models import User
from sora_portal.catalog.models import Connection
from sora_portal.ledger import actions as credits
from sora_portal.ledger import verify
from sora_portal.ledger.models import Account, Hold, Scope
from sora_portal.projects.models import Project

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 2, 12, 0, tzinfo=UTC)


@dataclass
class Team:
    """Who and what the tests are about."""

    ada: User
    rae: User
    mo: User
    eve: User
    project: Project
    connection: Connection

    def hold(self, ref: str, amount: int, **changes: Any) -> Hold:
        """Hold `amount` for ada in Autumn."""
        wanted = {"project": self.project, "member": self.ada, "connection": self.connection, "now": NOW, **changes}
        return credits.hold(ref=ref, amount=amount, **wanted)


def balances(scope: Scope, period: str = "2026-11") -> dict[str, int]:
    """Return the balance of every bucket of `scope` in `period`; empty when it was never opened."""
    return dict(Account.objects.filter(scope=scope, period=period).values_list("bucket", "balance"))


def assert_books_agree() -> None:
    """Recompute every invariant from the tables."""
    assert verify.differences() == []
