"""Alerts: once for each level and period, for those whom the budget concerns, until they put them away."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from sora_portal.ledger import actions as credits
from sora_portal.ledger import domain, forecast
from sora_portal.ledger.models import Alert, Scope
from sora_portal.ledger.periods import ONCE, Terms
from sora_portal.projects.models import Membership
from tests.ledger.team import DECEMBER, NOW, Team
from tests.ledger.test_ledger_under_load import together

Budgets = dict[str, Scope]


@pytest.fixture(autouse=True)
def november(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the clock of the pages in the month of the fixtures."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


def _levels(scope: Scope) -> list[int]:
    return list(Alert.objects.filter(scope=scope).order_by("pk").values_list("level", flat=True))


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 200))
def test_every_level_is_passed_once_on_the_way_up(first: int, second: int, whole: int) -> None:
    steps = domain.levels_passed(-1, first, whole) + domain.levels_passed(first, first + second, whole)
    assert steps == domain.levels_passed(-1, first + second, whole)
    assert len(set(steps)) == len(steps)


def test_levels_are_written_as_they_are_reached(team: Team, budgets: Budgets) -> None:
    seen = []
    for number, amount in enumerate((19_000, 1_000, 12_000, 6_000, 2_000)):
        team.hold(f"n{number}", amount)
        seen.append(_levels(budgets["member"]))
    assert seen == [[], [50], [50, 80], [50, 80, 95], [50, 80, 95, 100]]
    assert _levels(budgets["organisation"]) == []


def test_one_leap_writes_all_levels_it_passes(team: Team, budgets: Budgets) -> None:
    team.hold("one", 39_000)
    assert _levels(budgets["member"]) == [50, 80, 95]


def test_level_that_is_passed_again_is_written_once(team: Team, budgets: Budgets) -> None:
    for number in range(3):
        team.hold(f"n{number}", 25_000)
        credits.release(ref=f"n{number}", reason="cancelled", now=NOW)
    assert _levels(budgets["member"]) == [50]


def test_next_month_has_its_own_levels(team: Team, budgets: Budgets) -> None:
    team.hold("one", 25_000)
    team.hold("two", 25_000, now=DECEMBER)
    assert list(Alert.objects.filter(scope=budgets["member"]).values_list("period", "level")) == [
        ("2026-11", 50), ("2026-12", 50),
    ]  # fmt: skip


def test_lowered_quota_says_so_at_once(team: Team, budgets: Budgets) -> None:
    team.hold("one", 10_000)
    credits.set_quota(by=team.mo, scope=budgets["member"], monthly=12_000, now=NOW)
    assert _levels(budgets["member"]) == [50, 80]


def test_alert_twice_is_refused_by_the_database(team: Team, budgets: Budgets) -> None:
    team.hold("one", 25_000)
    row = {"scope": budgets["member"], "period": "2026-11", "at": NOW}
    for level in (50, 51):
        with pytest.raises(IntegrityError), transaction.atomic():
            Alert.objects.create(level=level, **row)


def test_member_reads_their_own_with_what_is_left(team: Team, budgets: Budgets) -> None:
    team.hold("one", 33_000)
    told = forecast.alerts_for(team.ada, NOW)
    assert [alert.text for alert in told] == [
        "Your budget: 82 % used, 7 of 40 credits left. At this pace the budget lasts until 22 November."
    ]
    assert forecast.alerts_for(team.rae, NOW) == []
    assert forecast.alerts_for(team.eve, NOW) == []


def test_used_up_is_said_plainly(team: Team, budgets: Budgets) -> None:
    team.hold("one", 40_000)
    told = forecast.alerts_for(team.ada, NOW)[0]
    assert (told.tone, told.text) == ("bad", "Your budget: used up. Resets on 1 December.")


def test_lead_reads_the_projects_and_admins_read_everything(team: Team, budgets: Budgets) -> None:
    credits.set_quota(by=team.mo, scope=budgets["member"], monthly=None, now=NOW)
    team.hold("one", 55_000)
    Membership.objects.filter(user=team.rae).update(lead=True)
    assert [alert.text[:15] for alert in forecast.alerts_for(team.rae, NOW)] == ["Project Autumn:"]
    assert forecast.alerts_for(team.ada, NOW) == []
    assert sorted(alert.text[:22] for alert in forecast.alerts_for(team.mo, NOW)) == [
        "Organisation: 55 % use", "Project Autumn: 91 % u",
    ]  # fmt: skip


def test_cap_of_a_vendor_is_for_admins_only(team: Team) -> None:
    cap = credits.scope_for_connection(team.connection)
    credits.set_quota(by=team.mo, scope=cap, monthly=10_000, now=NOW)
    team.hold("one", 9_000)
    assert [alert.text[:7] for alert in forecast.alerts_for(team.mo, NOW)] == ["Ruxa AI"]
    assert forecast.alerts_for(team.ada, NOW) == []


def test_alert_is_no_longer_shown_when_it_no_longer_holds(team: Team, budgets: Budgets) -> None:
    team.hold("one", 25_000)
    assert forecast.alerts_for(team.ada, NOW)
    assert forecast.alerts_for(team.ada, DECEMBER) == []
    credits.grant(by=team.mo, scope=budgets["member"], amount=60_000, reason="more", key="k", now=NOW)
    assert forecast.alerts_for(team.ada, NOW) == []


def test_alert_put_away_stays_away_for_that_person_until_the_next_level(
    client: Client, team: Team, budgets: Budgets
) -> None:
    team.hold("one", 33_000)
    client.force_login(team.ada)
    alert = forecast.alerts_for(team.ada, NOW)[0]
    answer = client.post(f"/alerts/{alert.pk}/put-away/", headers={"HX-Request": "true"})
    assert (answer.status_code, "notice" in answer.content.decode()) == (200, False)
    assert forecast.alerts_for(team.ada, NOW) == []
    assert len(forecast.alerts_for(team.mo, NOW)) == 2
    team.hold("two", 6_000)
    assert [alert.text[:23] for alert in forecast.alerts_for(team.ada, NOW)] == ["Your budget: 97 % used,"]


def test_somebody_elses_alert_is_not_found(client: Client, team: Team, budgets: Budgets) -> None:
    team.hold("one", 33_000)
    pk = Alert.objects.filter(scope=budgets["member"])[0].pk
    assert client.post(f"/alerts/{pk}/put-away/").status_code == 302
    client.force_login(team.eve)
    assert client.post(f"/alerts/{pk}/put-away/").status_code == 404
    assert client.get(f"/alerts/{pk}/put-away/").status_code == 405


def test_studio_and_usage_show_it(client: Client, team: Team, budgets: Budgets) -> None:
    team.hold("one", 33_000)
    client.force_login(team.ada)
    for url in ("/", "/usage/"):
        assert "Your budget: 82 % used" in client.get(url).content.decode()
    pk = Alert.objects.filter(scope=budgets["member"])[0].pk
    assert client.post(f"/alerts/{pk}/put-away/").headers["Location"] == "/usage/"


@pytest.mark.parametrize(
    ("terms", "used", "words"),
    [
        (None, 0, ""),
        (None, 1_000, "At this pace the budget lasts until it resets."),
        (None, 39_000, "At this pace it is used up today."),
        (None, 40_000, ""),
        (Terms(ONCE, 40_000), 10_000, "At this pace the budget lasts until 23 November."),
        (Terms(ONCE, 400_000), 10_000, "At this pace the budget lasts until 29 December."),
        (Terms(ONCE, 4_000_000), 10_000, "At this pace the budget lasts for more than a year."),
    ],
)
def test_forecast_says_when_it_is_used_up(
    team: Team, budgets: Budgets, terms: Terms | None, used: int, words: str
) -> None:
    for kind in ("organisation", "project"):
        credits.set_quota(by=team.mo, scope=budgets[kind], monthly=None, now=NOW)
    scope = (
        credits.set_budget(by=team.mo, scope=budgets["member"], terms=terms, now=NOW) if terms else budgets["member"]
    )
    if used:
        team.hold("one", used)
    budget = forecast.budgets_of([scope], team.ada, NOW)[0]
    assert forecast.forecast(budget, NOW) == words


@pytest.mark.django_db(transaction=True)
def test_fifty_submits_write_each_level_once(team: Team, budgets: Budgets) -> None:
    together(lambda number: team.hold(f"try-{number}", 1_000))
    assert _levels(budgets["member"]) == [50, 80, 95, 100]
