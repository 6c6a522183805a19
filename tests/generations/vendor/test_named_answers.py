"""An answer to a create that is no plain yes and names a task: asked about and bound, or in doubt; never sent again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sora_portal.generations.callbacks import inbox
from sora_portal.generations.dispatch import send
from sora_portal.generations.models import CallbackInbox, Generation
from sora_portal.generations.resolution import actions, diagnosis
from sora_portal.generations.vendor import create_result, receipts
from sora_portal.providers.base import Created, Verdict
from tests import factories
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db

SLUGS = ("ruxa-sora-2", "apixo-sora-2", "sora2api-standard")


def _sent(slug: str, prompt: str) -> Generation:
    row = factories.generation(model=factories.offered_model(slug), prompt=prompt)
    send.submit_step(row.pk)
    return Generation.objects.select_related("hold", "connection", "model").get(pk=row.pk)


def _untouched(row: Generation) -> bool:
    """Whether nothing was released or paused."""
    return (row.hold.state, row.connection.paused_at, row.model.lifecycle) == ("held", None, "active")


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("code", [402, 404, 422, 429])
def test_refusal_that_names_a_task_is_asked_about_and_bound(sandboxed: Sandbox, slug: str, code: int) -> None:
    row = _sent(slug, f"A horse [create-named:{code}]")
    assert (row.state, _untouched(row)) == ("unconfirmed", True)
    send.submit_step(row.pk)
    inbox.handle(CallbackInbox.objects.get().pk)
    row.refresh_from_db()
    attempt = row.attempts.get()
    memory = sandboxed.memory()
    # Sora2API's record repeats the request, which says more than the answer.
    word = "echo" if slug == "sora2api-standard" else "named"
    assert (attempt.vendor_task_id, attempt.bound_by) == (memory["tasks"][0]["task_id"], word)
    assert (row.state in ("running", "fetching"), len(memory["creates"])) == (True, 1)


@pytest.mark.parametrize("slug", SLUGS)
def test_prompt_that_a_broken_vendor_quotes_pauses_nothing(sandboxed: Sandbox, slug: str) -> None:
    row = _sent(
        slug, "A poster: insufficient balance, 积分不足, 未找到支持模型, is paused [create-quoted] [no-callback]"
    )
    assert (row.state, _untouched(row)) == ("unconfirmed", True)
    send.submit_step(row.pk)
    assert len(sandboxed.memory()["creates"]) == 1


def _unclear(*named: str, prompt: str = "A horse") -> Generation:
    row = factories.generation(
        model=factories.offered_model("apixo-sora-2"), prompt=prompt, state=factories.State.SUBMITTING
    )
    attempt = row.attempts.get()
    create_result.record_created(attempt_id=attempt.pk, created=Created(Verdict.AMBIGUOUS, code="429", named=named))
    return row


def test_id_that_the_vendor_does_not_know_leaves_it_in_doubt_for_good(sandboxed: Sandbox) -> None:
    row = _unclear("no-such-task")
    news = CallbackInbox.objects.get()
    for _ in range(inbox.TRIES):
        inbox.handle(news.pk)
    news.refresh_from_db()
    row.refresh_from_db()
    assert (row.state, news.due_at) == ("unconfirmed", None)
    assert not actions.write_off_overdue(row.pk, timezone.now() + timedelta(days=30))


def test_id_that_the_request_itself_holds_is_bound_to_nobody(sandboxed: Sandbox) -> None:
    made = _sent("apixo-sora-2", "A fox [lost-silent]")
    lost = sandboxed.memory()["tasks"][0]["task_id"]
    row = _unclear(lost, prompt=f'A poster that says {{"taskId": "{lost}"}}')
    inbox.handle(CallbackInbox.objects.get().pk)
    row.refresh_from_db()
    assert (row.state, row.attempts.get().vendor_task_id, made.state) == ("unconfirmed", None, "unconfirmed")


def test_two_ids_that_the_vendor_both_knows_are_left_to_a_person(sandboxed: Sandbox) -> None:
    for _ in range(2):
        _sent("apixo-sora-2", "A fox [lost-silent]")
    row = _unclear(*(task["task_id"] for task in sandboxed.memory()["tasks"]))
    inbox.handle(CallbackInbox.objects.get().pk)
    row.refresh_from_db()
    assert (row.state, row.attempts.get().vendor_task_id) == ("unconfirmed", None)


@pytest.mark.parametrize("code", ["200", "0", "Success"])
def test_yes_without_an_id_is_not_written_off_by_time(code: str) -> None:
    row = factories.generation(model=factories.offered_model("apixo-sora-2"), state=factories.State.SUBMITTING)
    unclear = Created(Verdict.AMBIGUOUS, code=code)
    create_result.record_created(attempt_id=row.attempts.get().pk, created=unclear)
    assert not actions.write_off_overdue(row.pk, timezone.now() + timedelta(days=30))
    row.refresh_from_db()
    assert diagnosis.diagnose(row).ends_at is None


def test_ids_survive_on_disk_until_the_database_has_them() -> None:
    row = factories.generation(model=factories.offered_model("apixo-sora-2"), state=factories.State.UNCONFIRMED)
    receipts.write(receipts.Receipt(row.attempts.get().pk, "", ("t1", "t2")))
    assert create_result.import_receipts() == 1
    assert inbox.read(CallbackInbox.objects.select_related("attempt").get()).named == ("t1", "t2")
    assert list(receipts.waiting()) == []


def test_one_id_for_two_requests_leaves_the_second_in_doubt_for_good() -> None:
    model = factories.offered_model("apixo-sora-2")
    rows = [factories.generation(model=model, state=factories.State.SUBMITTING) for _ in range(2)]
    for row in rows:
        yes = Created(Verdict.ACCEPTED, task_id="t1", code="200")
        create_result.record_created(attempt_id=row.attempts.get().pk, created=yes)
        row.refresh_from_db()
    assert [row.state for row in rows] == ["running", "unconfirmed"]
    inbox.handle(CallbackInbox.objects.get().pk)
    assert not actions.write_off_overdue(rows[1].pk, timezone.now() + timedelta(days=30))
    assert "another video has it" in str(list(diagnosis.diagnose(rows[1]).evidence))
