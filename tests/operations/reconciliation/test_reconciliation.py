"""Books that do not add up: found by the hour, new videos stop, all are told; a look that finds nothing ends it."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import CheckConstraint, Q
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from sora_portal.generations import actions
from sora_portal.generations.domain import State
from sora_portal.generations.models import Attempt, Generation
from sora_portal.ledger import reconciliation
from sora_portal.ledger.models import Reconciliation
from sora_portal.operations import tasks
from sora_portal.operations.reconciliation import checks
from tests import factories
from tests.database import guards_lifted
from tests.outputs import clips
from tests.outputs.fetching import late

pytestmark = pytest.mark.django_db


def damage(sql: str) -> None:
    """Write to the tables past everything that refuses it."""
    with guards_lifted(connection), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(sql)


MINTED = "UPDATE credits_account SET credits = credits + 1, balance = balance + 1 WHERE bucket = 'available'"


def submit() -> Generation:
    model = factories.offered_model()
    return actions.submit(
        by=factories.ada(),
        project=factories.project(),
        model=model,
        prompt="A horse",
        choices=model.rules.defaults(),
        submit_key="new",
        now=timezone.now(),
    ).generation


def found() -> set[str]:
    return {difference.invariant for difference in checks.differences()}


def test_house_in_order_has_no_differences() -> None:
    clips.finished()
    for state in (State.QUEUED, State.RUNNING, State.FAILED, State.CANCELLED, State.NEEDS_DECISION):
        factories.generation(state=state)
    assert found() == set()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE generations_generation SET state = 'failed', due_at = NULL, finished_at = created_at",
        "UPDATE generations_generation SET state = 'succeeded', sha256 = 'x', due_at = NULL, finished_at = created_at",
    ],
)
def test_video_that_ended_without_its_hold_is_a_difference(sql: str) -> None:
    factories.generation()
    damage(sql)
    assert found() == {"I5"}


def test_video_that_succeeded_without_its_file_is_a_difference() -> None:
    factories.generation(state=State.SUCCEEDED)
    assert found() == {"I5"}


def test_recovered_video_is_in_order_until_its_file_is_gone() -> None:
    row = late.recovered()
    assert found() == set()
    row.output.delete()
    assert found() == {"I5"}


def test_second_live_attempt_is_a_difference() -> None:
    factories.generation(state=State.UNCONFIRMED)
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX generations_one_live_attempt")
    attempt = Attempt.objects.get()
    attempt.pk, attempt.number, attempt.token_hash = None, 2, "x"
    attempt.save(force_insert=True)
    assert found() == {"I6", "I8"}


def test_difference_stops_new_videos_until_a_look_finds_none() -> None:
    row = factories.generation()
    damage(MINTED)
    tasks.reconcile()
    with pytest.raises(reconciliation.BooksBroken, match="No new videos"):
        submit()
    assert Generation.objects.get() == row
    damage(MINTED.replace("+ 1", "- 1"))
    call_command("ledger_verify", stdout=StringIO())
    assert submit().state == "queued"


def test_the_same_form_sent_again_still_finds_its_video() -> None:
    first = factories.generation()
    factories.money()
    row = submit()
    reconciliation.record([checks.Difference("I1", "somewhere", "wrong")], timezone.now())
    assert submit() == row != first


@pytest.mark.parametrize(
    ("name", "says", "hides"), [("ada", "The admins know", "I1, somewhere"), ("mo", "I1, somewhere", "The admins know")]
)
def test_studio_tells_members_what_it_means_and_admins_what_it_is(
    client: Client, name: str, says: str, hides: str
) -> None:
    factories.project()
    reconciliation.record([checks.Difference("I1", "somewhere", "wrong")], timezone.now())
    client.force_login(factories.user(name))
    page = client.get("/").content.decode()
    assert says in page
    assert hides not in page


def test_readyz_says_no_while_the_books_are_broken(client: Client) -> None:
    assert client.get("/readyz").json()["ready"]
    reconciliation.record([checks.Difference("I1", "somewhere", "wrong")], timezone.now())
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "ledger: 1 differences" in answer.json()["problems"][0]


def test_hourly_look_is_queued_once_an_hour_however_many_ask() -> None:
    for _ in range(3):
        checks.reconcile_if_due()
    assert OrmQ.objects.count() == 1
    Reconciliation.objects.update(asked_at=timezone.now() - timedelta(minutes=61))
    checks.reconcile_if_due()
    assert OrmQ.objects.count() == 2


def test_command_says_how_long_holds_and_decisions_have_waited() -> None:
    now = timezone.now()
    factories.generation(now=now - timedelta(minutes=5))
    factories.generation(now=now - timedelta(hours=30), state=State.UNCONFIRMED)
    factories.generation(now=now - timedelta(days=9), state=State.NEEDS_DECISION)
    out = StringIO()
    call_command("ledger_verify", "--json", stdout=out)
    said = json.loads(out.getvalue())
    assert [age["count"] for age in said["holds"]] == [1, 0, 1, 1]
    assert [(age["age"], age["milli"]) for age in said["decisions"] if age["count"]] == [
        ("under three days", 40_000),
        ("older", 40_000),
    ]


def test_unique_index_that_is_gone_is_a_difference() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX generations_one_live_attempt")
    (difference,) = checks.differences()
    assert difference.invariant == "I8"
    assert (difference.where, difference.text) == (
        "generations_attempt",
        "the constraint generations_one_live_attempt is missing",
    )


def test_check_that_the_database_does_not_have_is_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    promised = CheckConstraint(condition=Q(number__gt=0), name="attempts_are_counted_from_one")
    monkeypatch.setattr(Attempt._meta, "constraints", [*Attempt._meta.constraints, promised])
    assert [difference.text for difference in checks.differences()] == [
        "the constraint attempts_are_counted_from_one is missing"
    ]
