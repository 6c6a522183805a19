"""The report adds up to the ledger, to the milli-credit, whatever it is grouped by."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db.models import Q, Sum
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from sora_portal.budgets.usage import report
from sora_portal.budgets.usage.report import GROUPS, Span
from sora_portal.generations.domain import State
from sora_portal.generations.models import Generation
from sora_portal.ledger import actions as credits
from sora_portal.ledger import posting
from sora_portal.ledger.models import Account, Journal
from sora_portal.projects.models import Membership
from tests import factories

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def busy(db: None) -> Span:
    """Videos of two people, two projects and two vendors, finished, failed and open; refunds; odd amounts."""
    now = timezone.now().replace(hour=12)
    winter = factories.project("Winter")
    for number in range(3):
        factories.generation(state=State.SUCCEEDED, now=now - number * DAY)
    factories.generation(state=State.SUCCEEDED, author=factories.rae(), in_project=winter, now=now)
    factories.generation(state=State.SUCCEEDED, model=factories.offered_model("apixo-sora-2"), now=now - DAY)
    factories.generation(state=State.FAILED, now=now)
    factories.generation(state=State.RUNNING, now=now)
    partly = factories.generation(state=State.QUEUED, now=now)
    credits.capture(ref=partly.public_id, amount=12_345, now=now)
    for number, row in enumerate(Generation.objects.filter(state="succeeded")[:2]):
        credits.refund(
            by=factories.mo(),
            ref=row.public_id,
            amount=1_111 + number,
            reason="wrong colours",
            key=f"r{number}",
            now=now,
        )
    today = posting.today(timezone.now())
    return Span(today - 10 * DAY, today + DAY)


def _ledger(kind: str) -> int:
    return Journal.objects.filter(kind=kind).aggregate(sum=Sum("amount"))["sum"] or 0


@pytest.mark.parametrize("by", GROUPS)
def test_totals_equal_the_ledger(busy: Span, by: str) -> None:
    found = report.report(Q(), busy, by, timezone.now())
    assert (found.total.spent, found.total.refunded) == (_ledger("capture"), _ledger("refund"))
    for name in ("spent", "refunded", "held", "videos", "length"):
        assert sum(getattr(line, name) for line in found.lines) == getattr(found.total, name)
    # The organisation's own accounts say the same: it paid for everything.
    accounts = {
        bucket: Account.objects.filter(scope__kind="organisation", bucket=bucket).aggregate(sum=Sum("balance"))["sum"]
        for bucket in ("spent", "held")
    }
    assert accounts["spent"] == found.total.net
    assert accounts["held"] == report.held(Q())


def test_lines_are_named_and_the_most_spent_comes_first(busy: Span) -> None:
    found = report.report(Q(), busy, "person", timezone.now())
    assert [line.label for line in found.lines] == ["Ada Moreau", "Rae Okafor"]
    assert [line.label for line in report.report(Q(), busy, "project", timezone.now()).lines] == [
        "Autumn launch", "Winter",
    ]  # fmt: skip
    models = report.report(Q(), busy, "model", timezone.now())
    assert {line.label for line in models.lines} == {"Sora 2 (Ruxa AI)", "Sora 2 (APIXO)"}


def test_finished_second_costs_what_was_spent_less_what_came_back(busy: Span) -> None:
    rae = report.report(Q(member=factories.rae()), busy, "person", timezone.now()).total
    assert (rae.videos, rae.length) == (1, 10_000)
    assert rae.per_second == (rae.net + 5) // 10
    assert report.report(Q(member=factories.eve()), busy, "day", timezone.now()).total.per_second is None


def test_days_are_the_organisations(db: None, settings: object) -> None:
    settings.TIME_ZONE = "Pacific/Auckland"  # type: ignore[attr-defined]
    # Half past eleven in the evening of 31 October at Greenwich is the first of November there.
    row = factories.generation(state=State.QUEUED, now=datetime(2026, 10, 31, 12, 30, tzinfo=UTC))
    credits.capture(ref=row.public_id, now=datetime(2026, 10, 31, 23, 30, tzinfo=UTC))
    found = report.report(Q(), Span(date(2026, 10, 31), date(2026, 11, 1)), "day", timezone.now())
    assert [line.spent for line in found.lines] == [0, row.price_milli]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("", "", (date(2026, 11, 1), date(2026, 11, 21))),
        ("2026-10-05", "2026-10-07", (date(2026, 10, 5), date(2026, 10, 7))),
        ("2026-10-07", "2026-10-05", (date(2026, 11, 1), date(2026, 11, 21))),
        ("yesterday", "0001-01-01", (date(2026, 11, 1), date(2026, 11, 21))),
        ("2001-01-01", "2026-11-21", (date(2025, 11, 21), date(2026, 11, 21))),
        ("2026-11-01", "9999-12-31", (date(2026, 11, 1), date(2026, 11, 21))),
    ],
)
def test_span_is_read_from_an_address(first: str, last: str, expected: tuple[date, date]) -> None:
    span = Span.read(first, last, date(2026, 11, 21))
    assert (span.first, span.last) == expected


def test_lead_sees_their_projects_and_nobody_else_does(client: Client, busy: Span) -> None:
    Membership.objects.filter(user=factories.rae(), project__name="Autumn launch").update(lead=True)
    address = f"/usage/?who=led&by=person&from={busy.first}&to={busy.last}"
    for person, sees in ((factories.rae(), True), (factories.ada(), False), (factories.eve(), False)):
        client.force_login(person)
        page = client.get(address).content.decode()
        assert ("My projects&#x27;" in page) == sees
        assert ('<th dir="auto" scope="row">Ada Moreau</th>' in page) == sees


def test_page_costs_the_same_for_one_video_and_for_many(
    client: Client, busy: Span, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(factories.mo())
    counts = []
    for _ in range(2):
        with django_assert_max_num_queries(32) as captured:
            client.get(f"/usage/?who=everyone&by=project&from={busy.first}&to={busy.last}")
        counts.append(len(captured.captured_queries))
        for number in range(8):
            factories.generation(state=State.SUCCEEDED, in_project=factories.project(f"P{number}"))
    assert counts[0] == counts[1]


def _table(client: Client, address: str) -> list[list[str]]:
    answer = client.get(address)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.reader(io.StringIO(text)))


def test_csv_adds_up_to_the_page(client: Client, busy: Span) -> None:
    client.force_login(factories.mo())
    header, *rows = _table(client, f"/usage/movements.csv?who=everyone&from={busy.first}&to={busy.last}")
    assert header[:4] == ["Day", "Video", "Person", "Project"]
    spent = sum(round(float(row[7]) * 1000) for row in rows if row[6] == "Spent")
    back = -sum(round(float(row[7]) * 1000) for row in rows if row[6] == "Refund")
    assert (spent, back) == (_ledger("capture"), _ledger("refund"))


def test_csv_of_a_member_holds_only_their_own(client: Client, busy: Span) -> None:
    client.force_login(factories.rae())
    for who in ("", "everyone"):
        _, *rows = _table(client, f"/usage/movements.csv?who={who}&from={busy.first}&to={busy.last}")
        assert {row[2] for row in rows} == {"Rae Okafor"}


def test_csv_disarms_what_a_spreadsheet_would_run(client: Client, db: None) -> None:
    project = factories.project('=HYPERLINK("http://evil.example","x")')
    row = factories.generation(state=State.SUCCEEDED, in_project=project)
    credits.refund(
        by=factories.mo(), ref=row.public_id, amount=1, reason="@SUM(A1:A9) and more", key="k", now=timezone.now()
    )
    client.force_login(factories.mo())
    for address, columns in (("/usage/movements.csv?who=everyone", (3, 10)), ("/team/credits/ledger.csv", (6,))):
        found = [row[column] for row in _table(client, address)[1:] for column in columns]
        assert any(text.startswith(("'=", "'@")) for text in found)
        assert not any(text.startswith(("=", "@", "+")) for text in found)
