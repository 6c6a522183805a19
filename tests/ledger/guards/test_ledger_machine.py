"""Any order of anything that can happen to credits, against a model that knows nothing of journals."""

import os
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from sora_portal.accounts.models import User
from sora_portal.catalog.models import Connection
from sora_portal.ledger import actions as credits
from sora_portal.ledger import verify
from sora_portal.ledger.errors import AlreadySettled, NothingToTake, OverBudget, TooMuchBack
from sora_portal.ledger.models import Account, Scope
from sora_portal.projects.models import Project

# A few seconds in the suite; LEDGER_EXAMPLES=500 for an evening.
EXAMPLES = int(os.environ.get("LEDGER_EXAMPLES", "6"))
KINDS = ("organisation", "project", "member")
REASON = "because the machine says so"
amounts = st.integers(0, 60)
pick = st.integers(0, 10**6)
kinds = st.sampled_from(KINDS)


class Ledger(RuleBasedStateMachine):
    """One member, one project; months pass, holds end late, quotas change."""

    def __init__(self) -> None:
        super().__init__()
        self.undone = transaction.atomic()
        self.undone.__enter__()
        self.mo = User.objects.create(username="mo", role="admin")
        self.ada = User.objects.create(username="ada")
        self.project = Project.objects.create(name="Autumn", slug="autumn")
        self.connection = Connection.objects.create(slug="ruxa", vendor="ruxa", label="Ruxa", base_url="https://v.test")
        self.month = 0
        self.scopes: dict[str, Scope] = {
            "organisation": credits.organisation_scope(),
            "project": credits.scope_for_project(self.project),
            "member": credits.scope_for_member(self.ada),
        }
        self.quota = {"organisation": 150, "project": 100, "member": 60}
        self.carries = {"organisation": False, "project": False, "member": True}
        Scope.objects.filter(pk=self.scopes["member"].pk).update(carry_over=True)
        # model: of each scope, by month, what is left, held, spent, expired, and what the quota gave
        self.books: dict[str, dict[int, dict[str, int]]] = {kind: {} for kind in KINDS}
        self.holds: dict[str, dict[str, Any]] = {}
        self.count = 0
        for kind in KINDS:
            credits.set_quota(by=self.mo, scope=self.scopes[kind], monthly=self.quota[kind], now=self.now)
            self.open(kind)

    def teardown(self) -> None:
        try:
            assert self.differences() == []
        finally:
            transaction.set_rollback(True)
            self.undone.__exit__(None, None, None)

    def differences(self) -> list[verify.Difference]:
        return verify.differences()

    @property
    def now(self) -> datetime:
        return datetime(2026 + self.month // 12, self.month % 12 + 1, 15, tzinfo=UTC)

    def fresh(self) -> str:
        self.count += 1
        return f"n{self.count}"

    def open(self, kind: str) -> dict[str, int]:
        """Open this month in the model: quota in, earlier rests out."""
        months = self.books[kind]
        if self.month not in months:
            page = {"available": self.quota[kind], "held": 0, "spent": 0, "expired": 0, "given": self.quota[kind]}
            for earlier in months.values():
                into, bucket = (page, "available") if self.carries[kind] else (earlier, "expired")
                into[bucket] += earlier["available"]
                earlier["available"] = 0
            months[self.month] = page
        return months[self.month]

    @rule(amount=amounts)
    def hold(self, amount: int) -> None:
        ref = self.fresh()
        pages = [self.open(kind) for kind in KINDS]
        wanted = {"project": self.project, "member": self.ada, "connection": self.connection, "now": self.now}
        left = min(page["available"] for page in pages)
        if amount > left:
            with pytest.raises(OverBudget) as refused:
                credits.hold(ref=ref, amount=amount, **wanted)
            assert refused.value.left == left
            return
        assert credits.hold(ref=ref, amount=amount, **wanted) == credits.hold(ref=ref, amount=amount, **wanted)
        for page in pages:
            page["available"] -= amount
            page["held"] += amount
        self.holds[ref] = {"amount": amount, "month": self.month, "captured": None, "refunded": 0}

    @precondition(lambda self: self.holds)
    @rule(which=pick, part=amounts, releases=st.booleans())
    def settle(self, which: int, part: int, releases: bool) -> None:
        ref = sorted(self.holds)[which % len(self.holds)]
        taken = self.holds[ref]
        captured = 0 if releases else min(part, taken["amount"])
        act = credits.release if releases else credits.capture
        wanted: dict[str, Any] = {"reason": REASON} if releases else {"amount": captured}
        if taken["captured"] not in (None, captured):
            with pytest.raises(AlreadySettled):
                act(ref=ref, now=self.now, **wanted)
            return
        act(ref=ref, now=self.now, **wanted)
        if taken["captured"] is None:
            taken["captured"] = captured
            for kind in KINDS:
                self.settle_in(kind, taken)

    def settle_in(self, kind: str, taken: dict[str, Any]) -> None:
        months, rest = self.books[kind], taken["amount"] - taken["captured"]
        page = months[taken["month"]]
        page["held"] -= taken["amount"]
        page["spent"] += taken["captured"]
        if taken["month"] == self.month:
            page["available"] += rest
        elif not self.carries[kind]:
            page["expired"] += rest
        else:
            months.get(self.month, page)["available"] += rest

    @precondition(lambda self: any(taken["captured"] for taken in self.holds.values()))
    @rule(which=pick, amount=st.integers(1, 60))
    def refund(self, which: int, amount: int) -> None:
        refs = sorted(ref for ref, taken in self.holds.items() if taken["captured"])
        taken = self.holds[refs[which % len(refs)]]
        wanted = {"by": self.mo, "ref": refs[which % len(refs)], "amount": amount, "reason": REASON, "now": self.now}
        key = self.fresh()
        if amount > taken["captured"] - taken["refunded"]:
            with pytest.raises(TooMuchBack):
                credits.refund(key=key, **wanted)
            return
        assert credits.refund(key=key, **wanted) == credits.refund(key=key, **wanted)
        taken["refunded"] += amount
        for kind in KINDS:
            self.open(kind)["available"] += amount
            self.books[kind][taken["month"]]["spent"] -= amount

    @rule(kind=kinds, amount=st.integers(1, 60))
    def grant(self, kind: str, amount: int) -> None:
        key, wanted = self.fresh(), {"by": self.mo, "scope": self.scopes[kind], "reason": REASON, "now": self.now}
        assert credits.grant(key=key, amount=amount, **wanted) == credits.grant(key=key, amount=amount, **wanted)
        self.open(kind)["available"] += amount

    @rule(kind=kinds, amount=st.integers(-60, 60).filter(bool))
    def adjust(self, kind: str, amount: int) -> None:
        page = self.open(kind)
        wanted = {"by": self.mo, "scope": self.scopes[kind], "reason": REASON, "now": self.now}
        if -amount > page["available"]:
            with pytest.raises(NothingToTake):
                credits.adjust(key=self.fresh(), amount=amount, **wanted)
            return
        credits.adjust(key=self.fresh(), amount=amount, **wanted)
        page["available"] += amount

    @rule(kind=kinds, monthly=st.integers(0, 150))
    def set_quota(self, kind: str, monthly: int) -> None:
        credits.set_quota(by=self.mo, scope=self.scopes[kind], monthly=monthly, now=self.now)
        if monthly == self.quota[kind]:
            return
        self.quota[kind] = monthly
        page = self.open(kind)
        change = max(monthly - page["given"], -page["available"])
        page["available"] += change
        page["given"] += change

    @rule(months=st.integers(1, 2))
    def time_passes(self, months: int) -> None:
        self.month += months

    @rule(amount=st.integers(21, 30), part=st.integers(1, 20), back=st.integers(1, 20), opened=st.booleans())
    def end_late(self, amount: int, part: int, back: int, opened: bool) -> None:
        """What chance rarely strings together: a hold that outlives its month, a refund that outlives its video."""
        self.hold(amount)
        if f"n{self.count}" not in self.holds:
            return
        number = sorted(self.holds).index(f"n{self.count}")
        self.time_passes(1)
        if opened:
            self.grant("member", 1)
        self.settle(number, part, releases=False)
        ended = sorted(ref for ref, taken in self.holds.items() if taken["captured"])
        self.refund(ended.index(sorted(self.holds)[number]), back)

    @invariant()
    def tables_say_what_the_model_says(self) -> None:
        expected = deepcopy(self.books)
        found: dict[str, dict[int, dict[str, int]]] = {kind: {} for kind in KINDS}
        for account in Account.objects.exclude(bucket="source").select_related("scope"):
            month = (int(account.period[:4]) - 2026) * 12 + int(account.period[5:]) - 1
            found[account.scope.kind].setdefault(month, {})[account.bucket] = account.balance
        for months in expected.values():
            for page in months.values():
                del page["given"]
        assert found == expected


@pytest.mark.django_db
def test_ledger_agrees_with_its_model_whatever_happens() -> None:
    limits = settings(
        max_examples=EXAMPLES,
        stateful_step_count=25,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Ledger, settings=limits)
