"""`generations.actions.submit`: one form, one video, one hold."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import DjangoCaptureOnCommitCallbacks

from sora_portal.catalog.models import VideoModel
from sora_portal.catalog.spec.domain import InvalidChoices
from sora_portal.generations import actions
from sora_portal.generations.models import Generation
from sora_portal.ledger import actions as credits
from sora_portal.ledger.actions import OverBudget
from sora_portal.ledger.models import Hold
from tests import factories

pytestmark = pytest.mark.django_db


def _submit(key: str = "one", model: VideoModel | None = None, **values: object) -> actions.Submitted:
    used = model or factories.offered_model()
    arguments = {
        "by": factories.ada(),
        "project": factories.project(),
        "model": used,
        "prompt": "A horse taking flight",
        "choices": used.rules.defaults(),
        "submit_key": key,
        "now": timezone.now(),
        **values,
    }
    return actions.submit(**arguments)  # type: ignore[arg-type]


def test_submit_holds_credits_and_queues_the_row() -> None:
    factories.money()
    row = _submit().generation
    assert (row.state, row.price_milli, row.hold.amount) == ("queued", 40_000, 40_000)
    assert row.due_at is not None
    assert [event.target for event in row.events.all()] == ["queued"]


def test_submit_wakes_a_worker_only_after_the_commit(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    factories.money()
    with django_capture_on_commit_callbacks(execute=True):
        row = _submit().generation
        assert not OrmQ.objects.exists()
    task = OrmQ.objects.get()
    assert task.key == "work-first"
    assert task.func() == "sora_portal.generations.tasks.fill"
    assert task.task["args"] == (row.connection_id,)


def test_submit_with_the_same_key_returns_the_same_video() -> None:
    factories.money()
    first, second = _submit(), _submit()
    assert (first.created, second.created) == (True, False)
    assert first.generation == second.generation
    assert Hold.objects.count() == 1


def test_submit_over_budget_names_the_limit_and_leaves_nothing() -> None:
    factories.money(30)
    with pytest.raises(OverBudget) as refusal:
        _submit()
    assert "30 credits left" in str(refusal.value)
    assert "needs 40" in str(refusal.value)
    assert not Generation.objects.exists()
    assert not Hold.objects.exists()


def test_submit_at_a_changed_price_says_both_prices() -> None:
    factories.money()
    with pytest.raises(actions.PriceChanged, match="from 39 to 40 credits"):
        _submit(quoted_milli=39_000)
    assert not Generation.objects.exists()


def test_submit_to_a_retired_model_is_refused() -> None:
    factories.money()
    model = factories.offered_model()
    VideoModel.objects.filter(pk=model.pk).update(lifecycle="retired")
    model.refresh_from_db()
    with pytest.raises(actions.ModelNotOffered):
        _submit(model=model)


def test_submit_of_what_the_model_cannot_do_is_refused() -> None:
    factories.money()
    model = factories.offered_model()
    with pytest.raises(InvalidChoices) as refusal:
        _submit(choices={**model.rules.defaults(), "seconds": "25"})
    assert refusal.value.errors == {"seconds": "25 s needs Sora 2 HD."}


@pytest.mark.django_db(transaction=True)
def test_submit_fifty_times_in_parallel_makes_one_video() -> None:
    factories.money()
    factories.project()
    factories.offered_model()
    gate = threading.Barrier(8)

    def press(number: int) -> int:
        if number < 8:
            gate.wait()
        try:
            return _submit().generation.pk
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        rows = set(pool.map(press, range(50)))
    assert len(rows) == 1
    assert Generation.objects.count() == Hold.objects.count() == 1
    assert credits.organisation_scope().quota == 10_000_000
