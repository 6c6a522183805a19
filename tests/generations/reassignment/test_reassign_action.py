"""One decision about the videos that wait for a retired model: released, or moved on at the successor's price."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sora_portal.catalog import actions as catalog
from sora_portal.catalog.models import Connection
from sora_portal.errors import NotAllowed
from sora_portal.generations import actions
from sora_portal.generations.dispatch import claim
from sora_portal.generations.dispatch.send import submit_step
from sora_portal.generations.domain import QUEUE_DEADLINE, State
from sora_portal.generations.models import Generation
from sora_portal.generations.reassignment import actions as reassignment_actions
from sora_portal.generations.reassignment.actions import NoSuccessor, Reassigned, StillOpen, Target
from sora_portal.ledger import actions as credits
from sora_portal.ledger.models import Hold
from tests import factories
from tests.generations.reassignment.waiting import books_are_right, place, queued, retire
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db


def _move(model: str = "apixo-kling-2-6") -> Reassigned:
    return reassignment_actions.move_all(
        by=factories.mo(),
        place=place(factories.offered_model()),
        onto=factories.offered_model(model),
        now=timezone.now(),
    )


def _release(reason: str = "") -> Reassigned:
    where = place(factories.offered_model())
    return reassignment_actions.release_all(by=factories.mo(), place=where, reason=reason, now=timezone.now())


def test_a_retired_model_with_fifty_queued_videos_sends_none(sandboxed: Sandbox) -> None:
    rows = queued(50)
    retire()
    for row in rows:
        submit_step(row.pk)
    assert sandboxed.memory()["creates"] == []
    first = Generation.objects.first()
    assert first is not None
    assert first.waiting_for.startswith("Sora 2 has ended. An admin decides what becomes of this video")


def test_release_returns_the_credits_and_says_why() -> None:
    queued(3)
    retire()
    assert _release() == Reassigned(released=3)
    row = factories.generation(model=factories.offered_model("ruxa-sora-2-hd"))
    assert (row.state, Generation.objects.filter(state="failed").count()) == ("queued", 3)
    released = Generation.objects.filter(state="failed").first()
    assert released is not None
    words = "Sora 2 has ended, so this video was not sent. Try it with Kling 2.6, which follows it."
    assert (released.failure_text, released.failure_kind) == (words, "model_unavailable")
    assert released.events.last().text == words  # type: ignore[union-attr]
    assert Hold.objects.filter(state="held").count() == 1
    books_are_right()


def test_release_gives_the_admins_own_reason() -> None:
    queued(1)
    retire()
    _release("The vendor has left us.")
    assert Generation.objects.get().failure_text.endswith("not sent. The vendor has left us.")


def test_a_wish_to_cancel_is_granted_by_a_release() -> None:
    row = queued(1)[0]
    Generation.objects.filter(pk=row.pk).update(cancel_wanted_at=timezone.now())
    retire()
    assert _release() == Reassigned(released=1)
    assert Generation.objects.get().state == "cancelled"


def test_move_takes_the_credits_anew_at_the_new_price() -> None:
    row = queued(1)[0]
    old_hold = row.hold_id
    retire()
    assert _move() == Reassigned(moved=1)
    row = Generation.objects.select_related("hold", "model", "connection").get()
    assert (row.state, row.model.slug, row.connection.slug) == ("queued", "apixo-kling-2-6", "apixo")
    assert row.price_milli == row.hold.amount == row.model.rules.price(row.choices) != 40_000
    assert row.hold.ref == f"{row.public_id}~2"
    assert Hold.objects.get(pk=old_hold).released == 40_000
    event = row.events.last()
    assert event is not None
    assert (event.kind, event.by) == ("switch", factories.mo())
    assert event.text.startswith("Moved from Sora 2 to Kling 2.6; 70 credits reserved instead of 40.")
    books_are_right()


def test_a_moved_video_is_sent_to_the_new_vendor_and_settles_its_new_hold(sandboxed: Sandbox) -> None:
    row = queued(1)[0]
    retire()
    _move()
    submit_step(row.pk)
    creates = sandboxed.memory()["creates"]
    assert [create["vendor"] for create in creates] == ["apixo"]
    row.refresh_from_db()
    assert row.state == "running"
    books_are_right()


def test_a_moved_video_that_is_cancelled_releases_the_new_hold() -> None:
    row = queued(1)[0]
    retire()
    _move()
    assert actions.cancel(by=factories.ada(), generation=row, now=timezone.now()) is True
    books_are_right()


def test_a_moved_video_can_move_again() -> None:
    row = queued(1)[0]
    retire()
    _move()
    moved = retire("apixo-kling-2-6", "ruxa-sora-2-hd")
    onto = factories.offered_model("ruxa-sora-2-hd")
    reassignment_actions.move_all(by=factories.mo(), place=place(moved), onto=onto, now=timezone.now())
    row = Generation.objects.select_related("hold").get()
    assert row.hold.ref == f"{row.public_id}~3"
    books_are_right()


def test_what_its_author_chose_must_be_possible_or_the_video_is_released() -> None:
    queued(1, seconds="15")
    retire()
    assert _move() == Reassigned(released=1)
    row = Generation.objects.get()
    assert row.failure_text == (
        "Sora 2 has ended, so this video was not sent. Kling 2.6 cannot make it: "
        "Length can be 5 s or 10 s with this model."
    )
    books_are_right()


def test_over_budget_is_released_with_the_limit_that_binds() -> None:
    credits.set_quota(
        by=factories.mo(), scope=credits.scope_for_member(factories.ada()), monthly=90_000, now=timezone.now()
    )
    queued(2)
    retire(successor="ruxa-sora-2-hd")
    assert _move("ruxa-sora-2-hd") == Reassigned(moved=1, released=1)
    rows = Generation.objects.order_by("pk")
    assert [row.state for row in rows] == ["failed", "queued"]
    assert "With Sora 2 HD it costs 80 credits. Your budget: 50 credits left of 90 this month" in rows[0].failure_text
    books_are_right()


def test_deciding_again_decides_about_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    queued(3)
    retire()
    monkeypatch.setattr(reassignment_actions, "SECONDS", -1.0)
    assert _move() == Reassigned(left=3)
    monkeypatch.setattr(reassignment_actions, "SECONDS", 10.0)
    assert _move() == Reassigned(moved=3)
    assert _move() == Reassigned()
    books_are_right()


def test_a_crash_in_between_leaves_whole_videos_only(monkeypatch: pytest.MonkeyPatch) -> None:
    queued(3)
    retire()
    real, calls = reassignment_actions.change_model, []

    def crashing(*values: object, **named: object) -> None:
        calls.append(1)
        real(*values, **named)  # type: ignore[arg-type]
        if len(calls) == 2:
            raise RuntimeError("the machine went away")

    monkeypatch.setattr(reassignment_actions, "change_model", crashing)
    with pytest.raises(RuntimeError):
        _move()
    books_are_right()
    assert Generation.objects.filter(model__slug="apixo-kling-2-6").count() == 1
    assert _move() == Reassigned(moved=2)
    books_are_right()


def test_a_video_that_waited_for_a_day_has_another_one_with_its_new_model() -> None:
    row = factories.generation(now=timezone.now() - timedelta(seconds=QUEUE_DEADLINE + 60))
    retire()
    _move()
    assert claim.claim(row.pk, timezone.now()) is not None


def test_a_connections_videos_move_to_another_vendors_model() -> None:
    queued(2)
    factories.generation(model=factories.offered_model("ruxa-sora-2-hd"))
    ruxa = Connection.objects.get(slug="ruxa")
    catalog.pause_connection(by=factories.mo(), connection=ruxa, reason="It closed down")
    there = Target(Connection.objects.get(slug="ruxa"))
    kling, hd = factories.offered_model("apixo-kling-2-6"), factories.offered_model("ruxa-sora-2-hd")
    with pytest.raises(NoSuccessor):
        reassignment_actions.move_all(by=factories.mo(), place=there, onto=hd, now=timezone.now())
    outcome = reassignment_actions.move_all(by=factories.mo(), place=there, onto=kling, now=timezone.now())
    assert (outcome.moved + outcome.released, outcome.left) == (3, 0)
    books_are_right()


def test_only_an_admin_decides_and_only_about_what_is_closed() -> None:
    queued(1)
    open_place = place(factories.offered_model())
    with pytest.raises(StillOpen):
        reassignment_actions.release_all(by=factories.mo(), place=open_place, reason="", now=timezone.now())
    closed = place(retire())
    with pytest.raises(NotAllowed):
        reassignment_actions.release_all(by=factories.ada(), place=closed, reason="", now=timezone.now())
    with pytest.raises(NoSuccessor):
        reassignment_actions.move_all(
            by=factories.mo(), place=closed, onto=factories.offered_model(), now=timezone.now()
        )
    assert Generation.objects.get().state == State.QUEUED
