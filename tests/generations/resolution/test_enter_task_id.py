"""An admin types the vendor's task id: believed only when the vendor, asked by us, confirms it."""

from typing import Any

import pytest
from django.db import transaction

from sora_portal.generations.dispatch import send as dispatch_send
from sora_portal.generations.domain import State
from sora_portal.generations.models import Generation
from sora_portal.generations.resolution import actions
from sora_portal.generations.transitions import move
from sora_portal.generations.vendor import create_result
from sora_portal.providers import http
from sora_portal.providers.base import Call, NoReply, Reply
from tests import factories
from tests.generations.resolution import doubt
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db
SLUGS = ("ruxa-sora-2", "apixo-sora-2", "sora2api-standard")


def _enter(row: Generation, task_id: str) -> State:
    return actions.enter_task_id(by=factories.mo(), generation=row, task_id=task_id)


def _lost(
    sandbox: Sandbox, slug: str = "apixo-sora-2", prompt: str = "A horse [lost-silent]"
) -> tuple[Generation, str]:
    """Return a video that the vendor took without a word, and the task that its site would show."""
    row = factories.generation(model=factories.offered_model(slug), prompt=prompt)
    dispatch_send.submit_step(row.pk)
    assert doubt.standing(row) == ("unconfirmed", "unknown", "held")
    row.refresh_from_db()
    return row, sandbox.memory()["tasks"][-1]["task_id"]


@pytest.mark.parametrize("slug", SLUGS)
def test_a_task_that_the_vendor_confirms_is_bound_and_watched(sandboxed: Sandbox, slug: str) -> None:
    sandboxed.settings(seconds_per_video=60)
    row, task = _lost(sandboxed, slug)
    assert _enter(row, task) is State.RUNNING
    attempt = row.attempts.get()
    assert (attempt.phase, attempt.vendor_task_id, attempt.verdict) == ("accepted", task, "admin")
    event = row.events.latest("pk")
    assert (event.target, event.by) == ("running", factories.mo())
    assert len(sandboxed.memory()["creates"]) == 1, "nothing is sent twice"


def test_a_task_that_is_finished_already_goes_straight_to_the_download(sandboxed: Sandbox) -> None:
    row, task = _lost(sandboxed)
    sandboxed.wait_until(lambda memory: memory["tasks"][0]["state"] == "succeeded")
    assert _enter(row, task) is State.FETCHING
    assert row.attempts.get().result_urls != []


def test_a_task_that_failed_at_the_vendor_returns_the_credits(sandboxed: Sandbox) -> None:
    row, task = _lost(sandboxed, prompt="A horse [lost-silent] [fail-start]")
    sandboxed.wait_until(lambda memory: "fail" in memory["tasks"][0]["state"])
    assert _enter(row, task) is State.FAILED
    assert doubt.standing(row) == ("failed", "accepted", "settled")


@pytest.mark.parametrize("slug", SLUGS)
def test_a_task_that_the_vendor_does_not_know_is_refused(sandboxed: Sandbox, slug: str) -> None:
    row, _ = _lost(sandboxed, slug)
    with pytest.raises(actions.NoSuchTask, match="does not know this task"):
        _enter(row, "task_that_nobody_made")
    assert doubt.standing(row) == ("unconfirmed", "unknown", "held")


def test_a_task_of_another_video_is_refused_without_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.generation(state=State.RUNNING, task_id="taken")
    row = doubt.unknown()
    monkeypatch.setattr(actions, "ask", lambda *_: pytest.fail("the vendor was asked"))
    with pytest.raises(actions.TaskTaken, match="Ruxa AI belongs to another video"):
        _enter(row, "taken")
    assert doubt.standing(row) == ("needs_decision", "unknown", "held")


def test_a_task_that_was_bound_while_the_vendor_was_asked_is_refused(
    sandboxed: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, task = _lost(sandboxed)
    other, _ = _lost(sandboxed)
    send = http.send

    def slow(call: Call, **options: Any) -> Reply | NoReply:
        answer = send(call, **options)
        attempt = other.attempts.get()
        create_result.accept(generation=other, attempt=attempt, task_id=task, now=row.created_at)
        return answer

    monkeypatch.setattr(http, "send", slow)
    with pytest.raises(actions.TaskTaken):
        _enter(row, task)
    assert doubt.standing(row) == ("unconfirmed", "unknown", "held")


@pytest.mark.parametrize("asks_again", [False, True])
def test_a_callback_that_was_faster_is_told(
    sandboxed: Sandbox, monkeypatch: pytest.MonkeyPatch, asks_again: bool
) -> None:
    row, task = _lost(sandboxed)
    send = http.send

    def slow(call: Call, **options: Any) -> Reply | NoReply:
        fresh = Generation.objects.for_rows().get(pk=row.pk)
        create_result.accept(generation=fresh, attempt=fresh.attempts.get(), task_id=task, now=row.created_at)
        if asks_again:
            move(fresh, State.NEEDS_DECISION, now=row.created_at, due_at=row.created_at, text=doubt.ASKS)
        return send(call, **options)

    monkeypatch.setattr(http, "send", slow)
    with pytest.raises(actions.Overtaken, match="there was news meanwhile"):
        _enter(row, task)
    assert row.events.filter(target="running").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_vendor_that_is_away_is_said_so_and_no_transaction_waits_for_it(
    sandboxed: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, task = _lost(sandboxed)
    row.attempts.update(base_url="http://127.0.0.1:9/apixo")
    inside = []
    send = http.send

    def watched(call: Call, **options: Any) -> Reply | NoReply:
        inside.append(transaction.get_connection().in_atomic_block)
        return send(call, **options)

    monkeypatch.setattr(http, "send", watched)
    with pytest.raises(actions.VendorAway, match="APIXO cannot be asked right now"):
        _enter(row, task)
    assert inside == [False]
    assert doubt.standing(row) == ("unconfirmed", "unknown", "held")


@pytest.mark.parametrize("make", [doubt.watched, doubt.undownloadable, doubt.poisoned])
def test_a_video_whose_fate_is_known_takes_no_task_id(make: Any) -> None:
    row = make()
    before = doubt.standing(row)
    with pytest.raises(actions.NotPossible, match="no task id to enter"):
        _enter(row, "whatever")
    assert doubt.standing(row) == before


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING, State.SUCCEEDED, State.CANCELLED])
def test_a_video_that_is_not_in_doubt_takes_no_task_id(state: State) -> None:
    with pytest.raises(actions.Overtaken):
        _enter(factories.generation(state=state), "whatever")
