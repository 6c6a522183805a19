"""The `.env` file that the first `make run` writes."""

import re
import stat
from pathlib import Path

import environ
import pytest
from cryptography.fernet import Fernet

from sora_portal.operations.bootstrap import first_run

NAMES = [f"SORA_PORTAL_{name}" for name in ("SECRET_KEY", "FIELD_KEYS", "DEMO_PASSWORD", "SANDBOX", "HTTPS")]


def read(path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return the file as the settings would read it."""
    monkeypatch.setattr(environ.Env, "ENVIRON", {})
    environ.Env.read_env(path)
    return dict(environ.Env.ENVIRON)


def test_first_run_writes_fresh_secrets_for_the_owner_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    added = first_run.ensure(tmp_path / ".env", {})
    values = read(tmp_path / ".env", monkeypatch)
    assert added == NAMES
    assert len(values["SORA_PORTAL_SECRET_KEY"]) >= 64
    Fernet(values["SORA_PORTAL_FIELD_KEYS"])
    assert (values["SORA_PORTAL_HTTPS"], values["SORA_PORTAL_SANDBOX"]) == ("0", "1")
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


def test_first_run_makes_other_secrets_for_another_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_run.ensure(tmp_path / "one", {})
    first_run.ensure(tmp_path / "two", {})
    one, two = read(tmp_path / "one", monkeypatch), read(tmp_path / "two", monkeypatch)
    assert [name for name in NAMES[:3] if one[name] == two[name]] == []


def test_second_run_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    first_run.ensure(path, {})
    before = path.read_bytes()
    assert first_run.ensure(path, {}) == []
    assert path.read_bytes() == before


def test_first_run_adds_only_what_a_file_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / ".env"
    path.write_text("SORA_PORTAL_SECRET_KEY=mine\nexport SORA_PORTAL_HTTPS=1\n# SORA_PORTAL_FIELD_KEYS=old\nPORT=9000")
    assert first_run.ensure(path, {}) == [NAMES[1], NAMES[2], "SORA_PORTAL_SANDBOX"]
    values = read(path, monkeypatch)
    assert (values["SORA_PORTAL_SECRET_KEY"], values["SORA_PORTAL_HTTPS"], values["PORT"]) == ("mine", "1", "9000")


def test_first_run_writes_nothing_that_the_environment_sets(tmp_path: Path) -> None:
    assert first_run.ensure(tmp_path / ".env", dict.fromkeys(NAMES, "set")) == []
    assert not (tmp_path / ".env").exists()


def test_demo_password_can_be_read_aloud_and_passes_the_portals_own_rules() -> None:
    from django.contrib.auth.password_validation import validate_password

    for _ in range(50):
        password = first_run.readable_password()
        assert re.fullmatch(r"[a-z]{6}-[a-z]{6}-[a-z]{6}-\d\d", password)
        validate_password(password)
