"""What every test stands on: no network but loopback, a media folder of its own, and the sandbox vendors on request."""

import gc
import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from tests.database import guards_allow_flush
from tests.migrated import copy_migrated
from tests.sandbox_server import Sandbox, sandbox, sandbox_process
from tests.slow_work import refused

__all__ = ["guards_allow_flush", "sandbox", "sandbox_process"]

# pytest-playwright keeps an event loop in the thread that also asks the database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# These wait for other processes most of the time, the longest first.
WAITING = (
    "tests/chaos/",
    "tests/operations/",
    "tests/crashes/",
    "tests/vendors/test_scenarios_end_to_end.py",
    "tests/generations/polling/test_breakers.py",
    "tests/vendor_samples/",
    "tests/sandbox/",
)

_connect = socket.socket.connect


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the tests that wait among those that compute, so that processes that run side by side do both."""
    waiting = sorted((item for item in items if item.nodeid.startswith(WAITING)), key=_place)
    computing = [item for item in items if not item.nodeid.startswith(WAITING)]
    # None at the very end, where nothing is left to do meanwhile.
    step = 0.8 * len(computing) / max(len(waiting), 1)
    marks = [(step * number, item) for number, item in enumerate(waiting)]
    items[:] = [item for _, item in sorted([*marks, *enumerate(computing)], key=lambda pair: pair[0])]


def _place(item: pytest.Item) -> int:
    return next(place for place, folder in enumerate(WAITING) if item.nodeid.startswith(folder))


def pytest_collection_finish() -> None:
    """Look for garbage less often: what is collected now stays until the end, and looking was a tenth of a run."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _guarded(self: socket.socket, address: Any) -> Any:
    if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(str(address[0])):
        raise RuntimeError(f"a test wanted to reach {address}; only loopback is allowed")
    return _connect(self, address)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Refuse every connection that would leave this machine."""
    socket.socket.connect = _guarded  # type: ignore[method-assign]
    yield
    socket.socket.connect = _connect  # type: ignore[method-assign]


@pytest.fixture(autouse=True, scope="session")
def no_slow_transactions() -> Iterator[None]:
    """Refuse hashing, processes, calls and media files inside a transaction."""
    with refused():
        yield


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_modify_db_settings: None) -> Iterator[bool]:
    """Begin with a copy of a migrated database on SQLite; a test run on PostgreSQL migrates its own."""
    if connection.vendor != "sqlite":
        yield False
        return
    path = Path(connection.settings_dict["TEST"]["NAME"])
    copy_migrated(path)
    yield True
    path.unlink()


@pytest.fixture(autouse=True)
def data_dir(settings: Settings, tmp_path: Path) -> Path:
    """Give the test its own data folder, so that no test sees another's files."""
    for name in ("media", "run", "spool"):
        (tmp_path / name).mkdir()
    settings.DATA_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path


@pytest.fixture
def sandboxed(sandbox: Sandbox, settings: Settings) -> Sandbox:
    """The sandbox vendors, with this process's connections pointing at them."""
    settings.SORA_PORTAL_SANDBOX_URL = sandbox.url
    return sandbox
