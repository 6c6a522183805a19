"""A request that Ruxa cannot read goes out once more, written the other way: once, after a 422, and never else."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sora_portal.catalog.models import Connection
from sora_portal.generations import actions
from sora_portal.generations.dispatch import claim, send
from sora_portal.generations.domain import State
from sora_portal.generations.models import Generation
from sora_portal.generations.vendor import create_result
from sora_portal.ledger.models import Hold
from sora_portal.providers.base import Created, ErrorKind, Verdict
from tests import factories
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db


def _step(row: Generation) -> Generation:
    """Run the submit step as a worker would, when the row is due."""
    past = timezone.now() - timedelta(seconds=1)
    Generation.objects.filter(pk=row.pk, state="queued").update(due_at=past, held_until=past)
    send.submit_step(row.pk)
    return Generation.objects.get(pk=row.pk)


def _styles(sandbox: Sandbox) -> list[str]:
    return ["nested" if "input" in call["body"] else "flat" for call in sandbox.memory()["creates"]]


def _style() -> str:
    return Connection.objects.get(slug="ruxa").body_style


@pytest.mark.parametrize(("taken", "other"), [("flat", "nested"), ("nested", "flat")])
def test_refused_style_is_followed_by_the_other_one_once_and_the_connection_learns(
    sandboxed: Sandbox, taken: str, other: str
) -> None:
    sandboxed.settings(ruxa_body_style=taken)
    row = factories.generation()
    Connection.objects.filter(slug="ruxa").update(body_style=other)
    row = _step(row)
    assert (row.state, row.hold.state) == ("queued", "held")
    row = _step(row)
    assert row.state == "running"
    assert _styles(sandboxed) == [other, taken]
    assert [(a.number, a.phase, a.body_style) for a in row.attempts.order_by("number")] == [
        (1, "rejected", other),
        (2, "accepted", taken),
    ]
    assert _style() == taken
    assert _step(factories.generation()).state == "running"
    assert _styles(sandboxed) == [other, taken, taken], "the next video is written as the vendor takes it"


def test_request_that_is_refused_in_both_styles_fails_and_the_connection_stays_as_it_is(sandboxed: Sandbox) -> None:
    row = factories.generation(prompt="a fox [[error-200]]")
    row = _step(_step(row))
    assert (row.state, row.failure_kind) == ("failed", "invalid_request")
    assert _styles(sandboxed) == ["nested", "flat"]
    assert Hold.objects.get().state == "settled"
    assert _style() == "nested"


def test_refused_content_is_not_sent_again(sandboxed: Sandbox) -> None:
    row = _step(factories.generation(prompt="a fox [[refuse]]"))
    assert (row.state, row.failure_kind) == ("failed", "content_policy")
    assert len(_styles(sandboxed)) == 1


def _sent() -> tuple[Generation, int]:
    row = factories.generation()
    held = claim.claim(row.pk, timezone.now())
    assert held is not None
    assert claim.mark_sending(held)
    return row, held.attempt.pk


ANSWERS: list[tuple[dict[str, Any], str]] = [
    ({"verdict": Verdict.REFUSED, "code": "400", "kind": ErrorKind.INVALID_REQUEST}, "failed"),
    ({"verdict": Verdict.AMBIGUOUS, "code": "422", "kind": ErrorKind.UNKNOWN}, "unconfirmed"),
    ({"verdict": Verdict.REFUSED, "code": "422", "kind": ErrorKind.CONTENT_POLICY}, "failed"),
    ({"verdict": Verdict.REFUSED, "code": "422", "kind": ErrorKind.INVALID_REQUEST}, "queued"),
]


@pytest.mark.parametrize(("answer", "state"), ANSWERS)
def test_only_a_422_that_is_no_judgement_of_the_content_allows_it(answer: dict[str, Any], state: str) -> None:
    row, attempt_id = _sent()
    create_result.record_created(attempt_id=attempt_id, created=Created(**answer))
    assert Generation.objects.get(pk=row.pk).state == state


@pytest.mark.parametrize("slug", ["apixo-sora-2", "sora2api-hd"])
def test_vendor_with_one_style_is_not_asked_again(sandboxed: Sandbox, slug: str) -> None:
    row = factories.generation(model=factories.offered_model(slug))
    held = claim.claim(row.pk, timezone.now())
    assert held is not None
    assert claim.mark_sending(held)
    refused = Created(Verdict.REFUSED, kind=ErrorKind.INVALID_REQUEST, code="422")
    create_result.record_created(attempt_id=held.attempt.pk, created=refused)
    assert Generation.objects.get(pk=row.pk).state == "failed"


def test_wish_to_cancel_is_granted_instead_of_a_second_try() -> None:
    row, attempt_id = _sent()
    assert not actions.cancel(by=factories.ada(), generation=row, now=timezone.now())
    refused = Created(Verdict.REFUSED, kind=ErrorKind.INVALID_REQUEST, code="422")
    create_result.record_created(attempt_id=attempt_id, created=refused)
    assert Generation.objects.get(pk=row.pk).state == State.CANCELLED
    assert Hold.objects.get().state == "settled"


def test_admin_who_chose_a_style_meanwhile_is_not_overruled(sandboxed: Sandbox) -> None:
    sandboxed.settings(ruxa_body_style="flat")
    row = _step(factories.generation())
    Connection.objects.filter(slug="ruxa").update(body_style="")
    assert _step(row).state == "running"
    assert _style() == ""
