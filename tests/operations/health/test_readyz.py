"""Readiness: what a process needs before it may take requests."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from sora_portal.catalog.models import Connection
from sora_portal.installation.media import MARKER
from sora_portal.operations.health import readiness
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def cache_table(settings: Settings) -> Iterator[None]:
    settings.CACHES = {**settings.CACHES, "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.SORA_PORTAL_MEDIA_MAX_BYTES = 1
    readiness._settled.clear()
    yield
    readiness._settled.clear()


def problems(client: Client) -> list[str]:
    """Ask, check that status and body agree, and return what is wrong."""
    answer = client.get("/readyz")
    body: dict[str, Any] = answer.json()
    assert answer.status_code == (503 if body["problems"] else 200)
    assert body["ready"] == (not body["problems"])
    assert not answer.cookies
    return list(body["problems"])


def test_readyz_is_200_when_everything_is_there(client: Client) -> None:
    assert problems(client) == []


def test_readyz_does_not_look_at_migrations_again_once_they_are_applied(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert problems(client) == []
    monkeypatch.setitem(readiness.CHECKS, "migrations", lambda: pytest.fail("looked again"))
    assert problems(client) == []


def test_readyz_names_a_database_that_cannot_be_written_without_its_address(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away() -> None:
        raise OperationalError("connection to db.internal:5432 failed for user portal")

    monkeypatch.setitem(readiness.CHECKS, "database", away)
    assert problems(client) == ["database: OperationalError"]
    assert "db.internal" in caplog.text


def test_readyz_names_migrations_that_wait(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness.MigrationExecutor, "migration_plan", lambda *_: ["one", "two"])
    assert problems(client) == ["migrations: 2 migrations have not been applied (manage.py migrate)"]


def test_readyz_names_a_cache_that_forgets(client: Client, settings: Settings) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    [problem] = problems(client)
    assert problem.startswith("cache: ")


def test_readyz_names_a_media_folder_that_is_gone(client: Client, settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "nowhere"
    assert problems(client) == ["media: FileNotFoundError"]


def test_readyz_names_a_disk_without_room_for_one_video(client: Client, settings: Settings) -> None:
    settings.SORA_PORTAL_MEDIA_MAX_BYTES = 2**60
    [problem] = problems(client)
    assert problem.startswith("media: ")
    assert "MiB free" in problem


def test_readyz_leaves_nothing_but_its_marker_in_the_media_folder(client: Client, settings: Settings) -> None:
    assert problems(client) == []
    assert [path.name for path in Path(settings.MEDIA_ROOT).iterdir()] == [MARKER]


def test_readyz_names_the_connection_whose_key_cannot_be_read_and_what_to_do(
    client: Client, settings: Settings
) -> None:
    connection = factories.offered_model("apixo-sora-2").connection
    Connection.objects.filter(pk=connection.pk).update(secret_key="sk-live-0123456789")
    settings.SORA_PORTAL_FIELD_KEYS = [Fernet.generate_key().decode()]
    (problem,) = problems(client)
    assert problem.startswith("vendor keys: APIXO (apixo)")
    assert "SORA_PORTAL_FIELD_KEYS" in problem
    assert "0123456789" not in problem
