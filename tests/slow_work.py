"""Nothing slow inside a transaction: whoever hashes, starts a process, calls out or writes media there fails its test.

PostgreSQL ends a session that rests inside a transaction (`idle_in_transaction_session_timeout` in the settings), and
on SQLite everybody else waits for the writer. A test's own transaction around it does not count.
"""

import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import BasePasswordHasher, get_hashers
from django.db import connections

CALLS = ("subprocess.Popen", "socket.connect")
MOVES = ("shutil.copyfile", "shutil.move", "os.rename", "os.link")
_watching = False


def in_transaction() -> bool:
    """Return whether this thread has begun a transaction that is not the test's own."""
    return any(
        not getattr(block, "_from_testcase", False)
        for connection in connections.all(initialized_only=True)
        for block in connection.atomic_blocks
    )


def _is_slow(event: str, arguments: tuple[Any, ...]) -> bool:
    if event == "open":
        path, flags = str(arguments[0]), arguments[2] if isinstance(arguments[2], int) else 0
        return bool(flags & (os.O_WRONLY | os.O_RDWR)) and path.startswith(str(settings.MEDIA_ROOT))
    if event in MOVES:
        return any(str(path).startswith(str(settings.MEDIA_ROOT)) for path in arguments[:2])
    return event in CALLS and not (event == "socket.connect" and arguments[0].family == socket.AF_UNIX)


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching and _is_slow(event, arguments):
        refuse(f"{event} {arguments[:2]}")


def refuse(what: str) -> None:
    """Raise AssertionError if a transaction is open."""
    assert not in_transaction(), f"{what} inside a transaction: do it before it begins, or after its commit"


def _guarded(encode: Callable[..., str]) -> Callable[..., str]:
    def guarded(self: BasePasswordHasher, *arguments: Any, **named: Any) -> str:
        refuse("a password is hashed")
        return encode(self, *arguments, **named)

    return guarded


@contextmanager
def refused() -> Iterator[None]:
    """Refuse slow work inside transactions as long as the block lasts; once a process."""
    global _watching  # an audit hook cannot be taken away again
    for kind in {type(hasher) for hasher in get_hashers()}:
        kind.encode = _guarded(kind.encode)  # type: ignore[method-assign]
    sys.addaudithook(_hear)
    _watching = True
    try:
        yield
    finally:
        _watching = False
