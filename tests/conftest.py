"""What every test stands on: no network but loopback, a media folder of its own, and the sandbox vendors on request."""

import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tests.database import guards_allow_flush
from tests.sandbox_server import Sandbox, sandbox, sandbox_process

__all__ = ["guards_allow_flush", "sandbox", "sandbox_process"]

# pytest-playwright keeps an event loop in the thread that also asks the database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

_connect = socket.socket.connect


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


@pytest.fixture(autouse=True)
def data_dir(settings: Settings, tmp_path: Path) -> Path:
    """Give the test its own data folder, so that no test sees another's files."""
    for name in ("media", "logs", "run", "spool"):
        (tmp_path / name).mkdir()
    settings.DATA_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path


@pytest.fixture
def sandboxed(sandbox: Sandbox, settings: Settings) -> Sandbox:
    """The sandbox vendors, with this process's connections pointing at them."""
    settings.SORA_PORTAL_SANDBOX_URL = sandbox.url
    return sandbox
