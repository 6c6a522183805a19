"""grant, adjust, refund: an admin's hand in the ledger."""

from collections.abc import Callable

import pytest

from sora_portal.errors import NotAllowed
from sora_portal.ledger import actions as credits
from sora_portal.ledger.errors import KeyUsed, NothingToTake, ReasonTooShort, TooMuchBack, Unlimited
from sora_portal.ledger.models import Journal, Scope
from tests.ledger.team import DECEMBER, NOW, Team, assert_books_agree, balances

Budgets = dict[str, Scope]
REASON = "Two more shots for the festival"


def test_grant_adds_to_what_is_available_this_month(team: Team, budgets: Budgets) -> None:
    journal = credits.grant(by=team.mo, scope=budgets["member"], amount=2_500, reason=REASON, key="k1", now=NOW)
    assert (journal.kind, journal.by, journal.reason, journal.amount) == ("grant", team.mo, REASON, 2_500)
    assert balances(budgets["member"])["available"] == 42_500
    assert balances(budgets["project"])["available"] == 60_000
    assert_books_agree()


def test_grant_with_the_same_key_counts_once(team: Team, budgets: Budgets) -> None:
    wanted = {"by": team.mo, "scope": budgets["member"], "amount": 2_500, "reason": REASON, "now": NOW}
    assert credits.grant(key="k1", **wanted) == credits.grant(key="k1", **wanted)
    assert balances(budgets["member"])["available"] == 42_500
    with pytest.raises(KeyUsed):
        credits.grant(key="k1", **{**wanted, "amount": 2_501})


def test_grants_key_cannot_stand_in_the_way_of_the_ledgers_own(team: Team, budgets: Budgets) -> None:
    credits.grant(by=team.mo, scope=budgets["member"], amount=1, reason=REASON, key="hold:one", now=NOW)
    team.hold("one", 1_000)
    assert set(Journal.objects.filter(key__endswith="hold:one").values_list("kind", flat=True)) == {"grant", "hold"}


def test_grant_opens_a_month_that_nobody_used_yet(team: Team, budgets: Budgets) -> None:
    credits.grant(by=team.mo, scope=budgets["member"], amount=2_500, reason=REASON, key="k1", now=DECEMBER)
    assert balances(budgets["member"], "2026-12")["available"] == 42_500
    assert_books_agree()


def test_grant_to_a_scope_without_a_limit_is_refused(team: Team) -> None:
    scope = credits.scope_for_project(team.project)
    with pytest.raises(Unlimited, match="Project Autumn has no limit"):
        credits.grant(by=team.mo, scope=scope, amount=1, reason=REASON, key="k1", now=NOW)


def test_adjustment_takes_away_no_more_than_is_available(team: Team, budgets: Budgets) -> None:
    team.hold("one", 30_000)
    wanted = {"by": team.mo, "scope": budgets["member"], "reason": REASON, "now": NOW}
    with pytest.raises(NothingToTake, match="Ada Byron has 10 credits available"):
        credits.adjust(amount=-10_001, key="k1", **wanted)
    credits.adjust(amount=-10_000, key="k1", **wanted)
    credits.adjust(amount=750, key="k2", **wanted)
    assert balances(budgets["member"])["available"] == 750
    assert_books_agree()


def test_adjustment_needs_a_reason_of_ten_characters(team: Team, budgets: Budgets) -> None:
    with pytest.raises(ReasonTooShort, match="at least 10 characters"):
        credits.adjust(by=team.mo, scope=budgets["member"], amount=1, reason="  too few ", key="k1", now=NOW)


def test_refund_gives_back_at_most_what_was_captured(team: Team, budgets: Budgets) -> None:
    team.hold("one", 15_000)
    credits.capture(ref="one", amount=12_000, now=NOW)
    wanted = {"by": team.mo, "ref": "one", "reason": REASON, "now": NOW}
    credits.refund(amount=10_000, key="k1", **wanted)
    with pytest.raises(TooMuchBack, match="At most 2 credits can still be refunded"):
        credits.refund(amount=2_001, key="k2", **wanted)
    assert credits.refund(amount=10_000, key="k1", **wanted).amount == 10_000
    found = balances(budgets["member"])
    assert (found["available"], found["spent"]) == (38_000, 2_000)
    with pytest.raises(KeyUsed):
        credits.refund(amount=1_000, key="k1", **wanted)
    assert_books_agree()


def test_refund_of_an_earlier_months_video_comes_back_to_this_month(team: Team, budgets: Budgets) -> None:
    team.hold("one", 15_000)
    credits.capture(ref="one", now=NOW)
    credits.refund(by=team.mo, ref="one", amount=15_000, reason=REASON, key="k1", now=DECEMBER)
    assert balances(budgets["member"])["spent"] == 0
    assert balances(budgets["member"], "2026-12")["available"] == 55_000
    assert_books_agree()


def test_refund_to_a_scope_without_a_limit_stays_in_its_month(team: Team, budgets: Budgets) -> None:
    team.hold("one", 15_000)
    credits.capture(ref="one", now=NOW)
    credits.set_quota(by=team.mo, scope=budgets["member"], monthly=None, now=NOW)
    credits.refund(by=team.mo, ref="one", amount=5_000, reason=REASON, key="k1", now=DECEMBER)
    found = balances(budgets["member"])
    assert (found["spent"], found["expired"]) == (10_000, 5_000)
    assert_books_agree()


def test_refund_of_an_unlimited_hold_is_bounded_all_the_same(team: Team) -> None:
    team.hold("one", 15_000)
    credits.capture(ref="one", now=NOW)
    credits.refund(by=team.mo, ref="one", amount=15_000, reason=REASON, key="k1", now=NOW)
    with pytest.raises(TooMuchBack):
        credits.refund(by=team.mo, ref="one", amount=1, reason=REASON, key="k2", now=NOW)


@pytest.mark.parametrize(
    "act",
    [
        lambda team, scope: credits.grant(by=team.rae, scope=scope, amount=1, reason=REASON, key="k", now=NOW),
        lambda team, scope: credits.adjust(by=team.rae, scope=scope, amount=1, reason=REASON, key="k", now=NOW),
        lambda team, scope: credits.refund(by=team.rae, ref="one", amount=1, reason=REASON, key="k", now=NOW),
        lambda team, scope: credits.set_quota(by=team.rae, scope=scope, monthly=1, now=NOW),
        lambda team, scope: credits.set_default_member_quota(by=team.rae, monthly=1),
    ],
)
def test_only_an_admin_moves_credits_by_hand(
    team: Team, budgets: Budgets, act: Callable[[Team, Scope], object]
) -> None:
    before = Journal.objects.count()
    with pytest.raises(NotAllowed):
        act(team, budgets["member"])
    assert Journal.objects.count() == before


@pytest.mark.parametrize(
    "act",
    [
        lambda team, scope: credits.grant(by=team.mo, scope=scope, amount=0, reason=REASON, key="k", now=NOW),
        lambda team, scope: credits.adjust(by=team.mo, scope=scope, amount=0, reason=REASON, key="k", now=NOW),
        lambda team, scope: credits.refund(by=team.mo, ref="one", amount=0, reason=REASON, key="k", now=NOW),
        lambda team, scope: credits.set_quota(by=team.mo, scope=scope, monthly=-1, now=NOW),
    ],
)
def test_amount_that_means_nothing_is_a_mistake(
    team: Team, budgets: Budgets, act: Callable[[Team, Scope], object]
) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        act(team, budgets["member"])
