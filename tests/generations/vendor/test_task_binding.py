"""Whose task it is: a callback's word counts where no other request could own the task; a plain yes takes it back."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sora_portal.generations.callbacks import inbox
from sora_portal.generations.domain import Phase, State
from sora_portal.generations.models import Attempt, CallbackInbox, Generation, LateTask
from sora_portal.generations.resolution import actions, diagnosis
from sora_portal.generations.vendor import late_tasks
from sora_portal.generations.vendor.create_result import record_created
from sora_portal.ledger.models import Hold
from sora_portal.providers.base import Created, Job, JobState, Verdict
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def vendor(monkeypatch: pytest.MonkeyPatch) -> dict[str, Job]:
    """A vendor that knows the tasks in the dictionary; what else is asked about, it never heard of."""
    known: dict[str, Job] = {}

    def ask(attempt: Attempt, task_id: str) -> Job:
        return inbox.judged(attempt, known.get(task_id, Job(found=False)))

    monkeypatch.setattr(inbox, "ask", ask)
    return known


def _open(state: State = State.UNCONFIRMED, **values: Any) -> Generation:
    return factories.generation(model=factories.offered_model("apixo-sora-2"), state=state, **values)


def _says(row: Generation, task_id: str) -> CallbackInbox:
    """Handle a callback at the address of `row` that names a task."""
    body = json.dumps({"code": 200, "data": {"taskId": task_id, "state": "processing"}}).encode()
    values = {"body_hash": f"{row.pk}-{task_id}", "body": body, "received_at": timezone.now(), "due_at": timezone.now()}
    news = CallbackInbox.objects.create(attempt=row.attempts.get(), **values)
    inbox.handle(news.pk)
    news.refresh_from_db()
    return news


def _yes(row: Generation, task_id: str) -> None:
    record_created(attempt_id=row.attempts.get().pk, created=Created(Verdict.ACCEPTED, task_id=task_id))


def _bound(row: Generation) -> tuple[str, str | None, str]:
    row.refresh_from_db()
    attempt = row.attempts.get()
    return row.state, attempt.vendor_task_id, attempt.bound_by


def test_a_task_that_may_be_another_open_requests_is_kept_for_people(vendor: dict[str, Job]) -> None:
    mine, other = _open(), _open()
    vendor["t-b"] = Job(JobState.RUNNING)
    news = _says(mine, "t-b")
    assert _bound(mine) == ("unconfirmed", None, "")
    assert news.due_at is not None, "it is looked at again when the other has its own"
    words = [one.words for one in diagnosis.diagnose(mine).evidence if one.term == "Names a task"]
    assert "t-b" in words[0]
    _yes(other, "t-b")
    inbox.handle(news.pk)
    assert (_bound(mine)[1], _bound(other)) == (None, ("running", "t-b", "answer"))


def test_when_no_other_request_is_open_a_callback_brings_the_task_home(vendor: dict[str, Job]) -> None:
    mine, other = _open(), _open()
    vendor["t-a"] = Job(JobState.RUNNING)
    news = _says(mine, "t-a")
    _yes(other, "t-b")
    inbox.handle(news.pk)
    assert _bound(mine) == ("running", "t-a", "callback")


@pytest.mark.parametrize("phase", [Phase.SENDING, Phase.UNKNOWN, Phase.WRITTEN_OFF])
def test_every_request_whose_task_nobody_knows_is_a_rival(vendor: dict[str, Job], phase: Phase) -> None:
    mine, other = _open(), _open()
    other.attempts.update(phase=phase.value, sending_at=timezone.now() - timedelta(hours=50))
    vendor["t"] = Job(JobState.RUNNING)
    _says(mine, "t")
    assert _bound(mine)[1] is None


def test_a_request_at_another_vendor_is_no_rival(vendor: dict[str, Job]) -> None:
    mine = _open()
    factories.generation(model=factories.offered_model("ruxa-sora-2"), state=State.UNCONFIRMED)
    vendor["t"] = Job(JobState.RUNNING)
    _says(mine, "t")
    assert _bound(mine)[1] == "t"


def test_the_vendors_own_echo_says_whose_it_is_whatever_else_is_open(vendor: dict[str, Job]) -> None:
    mine, other = _open(prompt="A horse"), _open(prompt="A fox")
    vendor["by-address"] = Job(
        JobState.RUNNING, callback_url=f"https://portal.example/callbacks/token-{other.public_id}/"
    )
    vendor["by-name"] = Job(JobState.RUNNING, metadata=f"{other.public_id}-1")
    vendor["by-prompt"] = Job(JobState.RUNNING, prompt="A  fox\n")
    for task_id in vendor:
        _says(mine, task_id)
    assert _bound(mine)[1] is None
    _says(other, "by-prompt")
    assert _bound(other) == ("running", "by-prompt", "echo")


def test_the_same_prompt_twice_says_nothing(vendor: dict[str, Job]) -> None:
    mine, _ = _open(prompt="A horse"), _open(prompt="A horse")
    vendor["t"] = Job(JobState.RUNNING, prompt="A horse")
    _says(mine, "t")
    assert _bound(mine)[1] is None


@pytest.mark.parametrize("reached", [State.RUNNING, State.FETCHING, State.NEEDS_DECISION])
def test_a_plain_yes_takes_its_task_back_from_a_video_that_had_it_by_a_callback(
    vendor: dict[str, Job], reached: State
) -> None:
    mine = _open()
    vendor["t-b"] = Job(JobState.RUNNING)
    _says(mine, "t-b")
    Generation.objects.filter(pk=mine.pk).update(state=reached.value)
    mine.attempts.update(result_urls=["https://media.example/b.mp4"])
    fence = mine.fence
    other = _open(State.SUBMITTING)
    _yes(other, "t-b")
    assert _bound(other) == ("running", "t-b", "answer")
    assert _bound(mine) == ("unconfirmed", None, "")
    assert (mine.attempts.get().phase, mine.attempts.get().result_urls) == ("unknown", [])
    assert mine.fence > fence, "whoever is fetching the wrong file for it has lost the row"
    assert "another video's" in mine.events.latest("pk").text
    assert set(Hold.objects.values_list("state", flat=True)) == {"held"}
    vendor["t-a"] = Job(JobState.RUNNING)
    _says(mine, "t-a")
    assert _bound(mine) == ("running", "t-a", "callback")


def test_what_was_captured_is_not_settled_again_but_shown(vendor: dict[str, Job]) -> None:
    robbed = _open(State.SUCCEEDED, task_id="t-b")
    robbed.attempts.update(bound_by="callback")
    other = _open(State.SUBMITTING)
    _yes(other, "t-b")
    assert (_bound(robbed), _bound(other)) == (("succeeded", "t-b", "callback"), ("unconfirmed", None, ""))
    assert "look at both" in robbed.events.latest("pk").text
    assert robbed.public_id in next(one.words for one in diagnosis.diagnose(other).evidence if one.term == "Answer")


def test_two_plain_answers_for_one_task_leave_it_where_it_was() -> None:
    first, second = _open(State.RUNNING, task_id="t"), _open(State.SUBMITTING)
    _yes(second, "t")
    assert (_bound(first)[:2], _bound(second)[0]) == (("running", "t"), "unconfirmed")


def test_its_own_late_answer_corrects_what_a_callback_had_named(vendor: dict[str, Job]) -> None:
    mine = _open()
    vendor["wrong"] = Job(JobState.RUNNING)
    _says(mine, "wrong")
    _yes(mine, "right")
    assert _bound(mine) == ("running", "right", "answer")


def test_a_late_task_that_is_another_videos_is_taken_back_too(vendor: dict[str, Job]) -> None:
    ended = _open()
    actions.write_off(by=factories.mo(), generation=ended, reason="no news for hours", now=timezone.now())
    vendor["t-b"] = Job(JobState.RUNNING)
    _says(ended, "t-b")
    assert (_bound(ended), LateTask.objects.get().due_at is None) == (("failed", "t-b", "callback"), False)
    other = _open(State.SUBMITTING)
    _yes(other, "t-b")
    assert (_bound(other)[:2], _bound(ended)) == (("running", "t-b"), ("failed", None, ""))
    assert late_tasks.claim(ended.attempts.get().pk, timezone.now() + timedelta(days=1)) is None


def test_a_request_for_which_a_task_was_named_is_not_written_off_by_time(vendor: dict[str, Job]) -> None:
    mine, _ = _open(), _open()
    vendor["t"] = Job(JobState.RUNNING)
    _says(mine, "t")
    later = timezone.now() + timedelta(days=9)
    assert not actions.write_off_overdue(mine.pk, later)
    assert diagnosis.diagnose(mine).ends_at is None
