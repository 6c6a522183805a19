"""A flood of forged and malformed callbacks at the real endpoint: none is accepted, and the genuine ones get through.

CALLBACKS=10000 (what `make properties` sets) plays the whole flood; the suite plays a tenth of it by the same code.
"""

import hashlib
import json
import os
import random
import secrets
from collections import Counter
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from sora_portal.generations.callbacks import inbox
from sora_portal.generations.dispatch import send
from sora_portal.generations.models import Attempt, CallbackInbox, Generation
from tests import factories
from tests.sandbox_server import Sandbox
from tests.vendors import day

pytestmark = pytest.mark.django_db

FLOOD = int(os.environ.get("CALLBACKS", "1000"))
GENUINE = ("A fox", "A fox [variant]", "A fox [lost] [variant]", "A fox [fail]")
JUNK = (b"", b"\xff\xfe\x00", b"[" * 9000, b"null", b'"text"', b"<html>", b'{"data":7}', b"{" * 60_000, b"\x00" * 500)
TYPES = ("application/json", "text/html", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "")


class Genuine:
    """A video that the sandbox really made, the token of its callback address, and the body of its callback."""

    def __init__(self, row: Generation, task: dict[str, Any]) -> None:
        self.pk = row.pk
        self.token = task["callback_url"].rstrip("/").rpartition("/")[2]
        self.body = task["callbacks"][-1]["body"]
        self.task_id = task["task_id"]


@pytest.fixture
def genuine(sandboxed: Sandbox, settings: Settings) -> list[Genuine]:
    """Videos of all vendors whose callbacks went nowhere."""
    settings.SORA_PORTAL_PUBLIC_URL = "http://127.0.0.1:9"
    sandboxed.settings(seconds_per_video=0)
    rows = {f"{prompt} {vendor}": day.order(vendor, f"{prompt} {vendor}") for vendor in day.SLUGS for prompt in GENUINE}
    for row in rows.values():
        send.submit_step(row.pk)
    tasks = sandboxed.wait_until(lambda memory: all(task["callbacks"] for task in memory["tasks"]))["tasks"]
    assert len(tasks) == len(rows)
    return [Genuine(rows[task["prompt"]], task) for task in tasks]


def _forged_token(dice: random.Random, known: Genuine) -> str:
    flipped = known.token[:-1] + ("A" if known.token[-1] != "A" else "B")
    return dice.choice(
        [
            secrets.token_urlsafe(32),
            flipped,
            known.token[:-1],
            known.token + "A",
            known.token.swapcase(),
            hashlib.sha256(known.token.encode()).hexdigest(),
            known.task_id,
            "%00",
            "' OR 1=1 --",
            "x" * 3000,
        ]
    )


def _forgery(dice: random.Random, known: Genuine) -> bytes:
    if dice.random() < 0.4:
        return dice.choice(JUNK)
    body = {"code": 200, "data": {"taskId": known.task_id, "state": "success", "successFlag": 1}}
    evil = {"resultUrls": ["https://evil.example/v.mp4"]}
    return json.dumps(dice.choice([known.body, body, body | {"data": {**body["data"], **evil}}, evil])).encode()


def _standing() -> list[tuple[object, ...]]:
    rows = Generation.objects.order_by("pk").values_list("pk", "state", "hold__state", "hold__captured")
    return [*rows, *Attempt.objects.order_by("pk").values_list("phase", "vendor_task_id")]


def _post(client: Client, token: str, body: bytes, kind: str) -> int:
    return client.generic("POST", f"/callbacks/{token}/", body, content_type=kind).status_code


def _handle_all() -> None:
    for pk in list(CallbackInbox.objects.exclude(due_at=None).values_list("pk", flat=True)):
        inbox.handle(pk)


def test_no_forged_callback_is_accepted_and_every_genuine_one_is(client: Client, genuine: list[Genuine]) -> None:
    dice = random.Random(os.environ.get("PROPERTY_SEED", "1"))
    posts: list[Genuine | None] = [None] * FLOOD + list(genuine)
    dice.shuffle(posts)
    before = _standing()
    forged: Counter[int] = Counter()
    for known in posts:
        if known is None:
            near = dice.choice(genuine)
            body, kind = _forgery(dice, near), dice.choice(TYPES)
            forged[_post(client, _forged_token(dice, near), body, kind)] += 1
        else:
            assert _post(client, known.token, json.dumps(known.body).encode(), "application/json") == 200
    assert forged == {404: FLOOD}, "not one is taken"
    assert CallbackInbox.objects.count() == len(genuine)
    assert _standing() == before, "a callback itself moves nothing"
    _handle_all()
    rows = Generation.objects.in_bulk([known.pk for known in genuine])
    assert {rows[known.pk].state for known in genuine} == {"fetching", "failed"}
    day.books()


def test_malformed_callbacks_under_a_genuine_token_settle_nothing_by_themselves(
    client: Client, sandboxed: Sandbox, settings: Settings
) -> None:
    settings.SORA_PORTAL_PUBLIC_URL = "http://127.0.0.1:9"
    dice = random.Random(os.environ.get("PROPERTY_SEED", "1"))
    rows = [day.order(vendor, "A fox [never]") for vendor in day.SLUGS]
    for row in rows:
        send.submit_step(row.pk)
    tasks = [{**task, "callbacks": [{"body": {}}]} for task in sandboxed.memory()["tasks"]]
    known = [Genuine(row, task) for row, task in zip(rows, tasks, strict=True)]
    before = _standing()
    for number in range(FLOOD // 10):
        target = dice.choice(known)
        assert _post(client, target.token, _forgery(dice, target), dice.choice(TYPES)) == 200
        if number % 20 == 0:
            _handle_all()
    _handle_all()
    assert _standing() == before
    assert all(row.attempts.get().errors == 0 for row in rows)
    assert CallbackInbox.objects.count() <= inbox.PER_TOKEN * len(known)
    day.books()


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_only_post_is_heard(client: Client, method: str) -> None:
    row = factories.generation(state=factories.State.RUNNING)
    answer = client.generic(method, f"/callbacks/token-{row.public_id}/", b"{}", content_type="application/json")
    assert answer.status_code == 405
    assert not CallbackInbox.objects.exists()
