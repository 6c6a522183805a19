"""Processes of the portal that begin as a fork of one that has loaded it already.

They are what `python` starts in every other respect: a process of its own, with its own connections, that dies of
SIGKILL alone. Loading Django and the portal takes half a second, and the tests start more than a hundred.
"""

import os
import runpy
import sys
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from multiprocessing.forkserver import ensure_running
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import execute_from_command_line
from django.db import connection

_forks = get_context("forkserver")
_forks.set_forkserver_preload(["tests.loaded"])


def database_url() -> str:
    """Return the address of the database that this test uses."""
    at = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{at['NAME']}"
    return f"postgres://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{at['NAME']}"


def start(command: tuple[str, ...], values: dict[str, Any], log: Path) -> ForkServerProcess:
    """Start `manage.py` with these words, or a module with its words, on this test's database; return its process.

    `values` are settings of this process alone; what it says goes to `log`.
    """
    before = dict(os.environ)
    os.environ.update(DJANGO_SETTINGS_MODULE="tests.settings", TEST_DATABASE_URL=database_url())
    try:
        # The first call starts the process that forks, which keeps this environment: a run has one database.
        ensure_running()
    finally:
        os.environ.clear()
        os.environ.update(before)
    process = _forks.Process(target=_run, args=(list(command), values, log))
    process.start()
    return process


def _run(command: list[str], values: dict[str, Any], log: Path) -> None:
    with log.open("ab") as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    for name, value in values.items():
        setattr(settings, name, value)
    sys.argv = command
    if command[0] == "manage.py":
        execute_from_command_line(command)
    else:
        runpy.run_module(command[0], run_name="__main__", alter_sys=True)
