"""Vendors' answers are kept word for word, redacted, when they tell of trouble, and cost nothing when they do not."""

import json

import pytest
from django.db import DatabaseError
from django.utils import timezone

from sora_portal.generations.callbacks import inbox
from sora_portal.generations.dispatch.send import submit_step
from sora_portal.generations.domain import State
from sora_portal.generations.models import Answer
from sora_portal.generations.vendor import response_log
from sora_portal.providers.base import ErrorKind, Job, JobState, NoReply, Reply
from tests import factories
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db


def test_a_refusal_is_kept_word_for_word(sandboxed: Sandbox) -> None:
    row = factories.generation(prompt="A fox [refuse]")
    submit_step(row.pk)
    kept = Answer.objects.get()
    assert (kept.operation, kept.status, kept.kind) == ("create", 422, "content_policy")
    assert json.loads(kept.text) == {
        "code": 422,
        "message": "提示词违反内容政策 (prompt violates content policy)",
        "data": None,
    }
    assert kept.connection == row.connection


def test_a_plain_yes_is_not_kept(sandboxed: Sandbox) -> None:
    row = factories.generation()
    submit_step(row.pk)
    row.refresh_from_db()
    assert (row.state, Answer.objects.count()) == ("running", 0)


def test_a_question_for_a_task_that_the_vendor_does_not_know_is_kept(sandboxed: Sandbox) -> None:
    attempt = factories.generation(state=State.RUNNING).attempts.get()
    type(attempt).objects.filter(pk=attempt.pk).update(base_url=f"{sandboxed.url}/ruxa")
    attempt.refresh_from_db()
    assert inbox.ask(attempt, "nobody-knows-me").found is False
    assert "Task not found" in Answer.objects.get(operation="query").text


@pytest.mark.parametrize(
    ("job", "kept"),
    [
        (Job(JobState.RUNNING), False),
        (Job(JobState.SUCCEEDED, ("https://cdn.example/v.mp4",)), False),
        (Job(JobState.SUCCEEDED), True),
        (Job(JobState.FAILED, kind=ErrorKind.GENERATION_FAILED), True),
        (Job(usable=False, kind=ErrorKind.TRANSIENT), True),
        (Job(found=False), True),
    ],
)
def test_only_what_tells_of_trouble_is_kept(job: Job, kept: bool) -> None:
    attempt = factories.generation(state=State.RUNNING).attempts.get()
    response_log.keep_query(attempt, Reply(200, {}, b"{}"), job)
    assert Answer.objects.exists() is kept


def test_the_newest_answer_takes_the_place_of_the_one_before() -> None:
    attempt = factories.generation(state=State.RUNNING).attempts.get()
    for status in (502, 503):
        response_log.keep_query(attempt, Reply(status, {}, b"down"), Job(usable=False, kind=ErrorKind.TRANSIENT))
    assert Answer.objects.get().status == 503


def test_the_key_of_the_connection_is_masked() -> None:
    attempt = factories.generation(state=State.RUNNING).attempts.get()
    attempt.connection.secret_key = "no-shape-that-anybody-knows"
    response_log.keep_query(attempt, NoReply(True, "no-shape-that-anybody-knows"), Job(usable=False))
    assert Answer.objects.get().text == "[redacted]"


def test_trouble_with_keeping_costs_nothing_else(sandboxed: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_: object) -> None:
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(Answer.objects, "update_or_create", away)
    row = factories.generation(prompt="A fox [refuse]", now=timezone.now())
    submit_step(row.pk)
    row.refresh_from_db()
    assert row.state == "failed"
