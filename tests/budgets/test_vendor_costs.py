"""What vendors charged: only what a figure is known for, the same by every grouping, and for admins only."""

import csv
import io
from datetime import timedelta

import pytest
from django.db.models import Q
from django.test import Client
from django.utils import timezone

from sora_portal.budgets.usage import report
from sora_portal.budgets.usage.report import GROUPS, Span
from sora_portal.generations.domain import State
from sora_portal.generations.models import Attempt, Generation
from sora_portal.generations.resolution import actions
from sora_portal.ledger import posting
from tests import factories
from tests.generations.resolution import doubt
from tests.outputs.fetching import late

pytestmark = pytest.mark.django_db


def priced(row: Generation, micro: int | None, currency: str = "USD", *, failures: bool = False) -> Generation:
    """Let the attempt of `row` have been sent at this price."""
    values = {"vendor_cost_micro": micro, "vendor_currency": currency, "vendor_charges_failures": failures}
    Attempt.objects.filter(generation=row).update(**values)
    return row


def written_off() -> Generation:
    """A video of which nobody knows whether the vendor made it."""
    row = doubt.unknown()
    actions.write_off(by=factories.mo(), generation=row, reason="no news for hours", now=timezone.now())
    return row


@pytest.fixture
def span(db: None) -> Span:
    """Some days around today."""
    today = posting.today(timezone.now())
    return Span(today - timedelta(days=3), today + timedelta(days=3))


def total(span: Span, by: str = "day", holds: Q | None = None) -> str:
    """Return the cost of all matching videos, in words."""
    return report.report(holds or Q(), span, by, timezone.now(), with_vendor=True).total.vendor.text


@pytest.mark.parametrize(
    ("state", "failures", "text"),
    [
        (State.SUCCEEDED, False, "2.50 USD"),
        (State.SUCCEEDED, True, "2.50 USD"),
        (State.FAILED, False, "0 USD"),
        (State.FAILED, True, "2.50 USD"),
        (State.RUNNING, True, "none"),
        (State.QUEUED, True, "none"),
        (State.CANCELLED, True, "none"),
    ],
)
def test_video_costs_when_it_was_made_and_a_failure_only_where_the_vendor_charges_for_it(
    span: Span, state: State, failures: bool, text: str
) -> None:
    priced(factories.generation(state=state), 2_500_000, failures=failures)
    assert total(span) == text


def test_recovered_video_costs_although_nobody_was_charged(span: Span) -> None:
    priced(late.recovered(), 2_500_000)
    found = report.report(Q(), span, "day", timezone.now(), with_vendor=True).total
    assert (found.vendor.text, found.spent) == ("2.50 USD", 0)


def test_what_nobody_knows_is_said_and_never_nothing(span: Span) -> None:
    priced(factories.generation(state=State.SUCCEEDED), None, "")
    assert total(span) == "not known"
    priced(factories.generation(state=State.FAILED), None, "")
    priced(written_off(), 1_000_000, failures=True)
    priced(factories.generation(state=State.SUCCEEDED), 1_500_000)
    assert total(span) == "1.50 USD, 3 not known"


def test_practice_costs_nothing(span: Span) -> None:
    priced(factories.generation(state=State.SUCCEEDED), 0, "")
    priced(written_off(), 0, "")
    assert total(span) == "none"


def test_currencies_are_never_added(span: Span) -> None:
    priced(factories.generation(state=State.SUCCEEDED), 1_500_000)
    priced(factories.generation(state=State.SUCCEEDED), 10_000_000, "credits")
    priced(factories.generation(state=State.SUCCEEDED), 500_000)
    assert total(span) == "2 USD + 10 credits"


@pytest.mark.parametrize("by", GROUPS)
def test_cost_is_the_same_by_every_grouping_and_stands_in_its_line(span: Span, by: str) -> None:
    priced(factories.generation(state=State.SUCCEEDED), 1_500_000)
    model = factories.offered_model("apixo-sora-2")
    winter = factories.project("Winter")
    row = factories.generation(state=State.FAILED, author=factories.rae(), in_project=winter, model=model)
    priced(row, 2_000_000, failures=True)
    found = report.report(Q(), span, by, timezone.now(), with_vendor=True)
    assert found.total.vendor.text == "3.50 USD"
    lines = {line.label: line.vendor.text for line in found.lines if line.vendor.micro}
    rae = {"person": "Rae Okafor", "project": "Winter", "model": "Sora 2 (APIXO)", "vendor": "APIXO"}
    assert lines.get(rae.get(by, ""), "2 USD") == "2 USD"
    assert len(lines) == (1 if by == "day" else 2)


def test_cost_counts_only_in_the_days_and_for_the_people_asked_for(span: Span) -> None:
    priced(factories.generation(state=State.SUCCEEDED, now=timezone.now() - timedelta(days=20)), 1_500_000)
    priced(factories.generation(state=State.SUCCEEDED, author=factories.rae()), 2_000_000)
    assert total(span) == "2 USD"
    assert total(span, holds=Q(member=factories.ada())) == "none"


def test_page_shows_it_to_admins_and_to_nobody_else(client: Client, span: Span) -> None:
    priced(factories.generation(state=State.SUCCEEDED), 1_500_000)
    for person, sees in ((factories.mo(), True), (factories.ada(), False), (factories.rae(), False)):
        client.force_login(person)
        page = client.get(f"/usage/?who=everyone&by=model&from={span.first}&to={span.last}").content.decode()
        assert ("Vendor cost" in page, "1.50 USD" in page) == (sees, sees)


def _table(client: Client, span: Span) -> list[list[str]]:
    answer = client.get(f"/usage/movements.csv?who=everyone&from={span.first}&to={span.last}")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.reader(io.StringIO(text)))


def test_csv_has_a_line_for_each_charge_that_adds_up_to_the_page(client: Client, span: Span) -> None:
    priced(factories.generation(state=State.SUCCEEDED), 1_500_000)
    priced(factories.generation(state=State.FAILED), 2_000_000, failures=True)
    priced(factories.generation(state=State.SUCCEEDED), None, "")
    client.force_login(factories.mo())
    header, *rows = _table(client, span)
    assert header[-2:] == ["Vendor cost", "Currency"]
    assert {len(row) for row in rows} == {len(header)}
    charges = [(row[-2], row[-1]) for row in rows if row[6] == "Vendor"]
    assert sorted(charges) == [("1.5", "USD"), ("2", "USD"), ("not known", "")]
    assert all(row[-2:] == ["", ""] for row in rows if row[6] != "Vendor")


def test_csv_of_a_member_has_no_vendor_cost(client: Client, span: Span) -> None:
    priced(factories.generation(state=State.SUCCEEDED), 1_500_000)
    client.force_login(factories.ada())
    header, *rows = _table(client, span)
    assert "Vendor cost" not in header
    assert "Vendor" not in {row[6] for row in rows}
