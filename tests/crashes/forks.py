"""Processes of the portal that begin as a fork of one that has loaded it already.

They are what `manage.py` starts in every other respect: a process of its own, with its own connections, that dies of
SIGKILL alone. Loading Django and the portal takes half a second, and the crash tests start more than a hundred.
"""

import os
import sys
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from multiprocessing.forkserver import ensure_running
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import execute_from_command_line

_forks = get_context("forkserver")


def start(command: tuple[str, ...], *, environment: dict[str, str], values: dict[str, Any], log: Path) -> ForkServerProcess:
    """Start `manage.py` with these words, or gunicorn, and return its process.

    `environment` is that of the process that forks: the first call of a run sets it. `values` are settings of this
    process alone, and what it says goes to `log`.
    """
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        _forks.set_forkserver_preload([f"{__package__}.loaded"])
        ensure_running()
    finally:
        os.environ.clear()
        os.environ.update(before)
    process = _forks.Process(target=_run, args=(command, values, log))
    process.start()
    return process


def _run(command: tuple[str, ...], values: dict[str, Any], log: Path) -> None:
    with log.open("ab") as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    for name, value in values.items():
        setattr(settings, name, value)
    sys.argv = list(command)
    if command[0] == "gunicorn":
        from gunicorn.app.wsgiapp import run

        run()
    else:
        execute_from_command_line(list(command))
