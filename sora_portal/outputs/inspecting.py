"""Running the probe: a child process that may crash, hang or grow without taking the worker along."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from sora_portal.outputs.domain import SUFFIXES, Facts, Reason, Trouble

WALL_SECONDS = 90.0
STEP = 0.25


def inspect(file: Path, poster: Path, *, alive: Callable[[], None] = lambda: None, wall: float = WALL_SECONDS) -> Facts:
    """Return what the video `file` is, and write its still picture to `poster`; `alive` is called while it works.

    Raises Trouble when it is not a whole, playable video or when the examination took longer than `wall` seconds.
    """
    command = [sys.executable, "-m", "sora_portal.outputs.probe", str(file), "--poster", str(poster)]
    process = subprocess.Popen(
        command,
        cwd=settings.BASE_DIR,
        # Nothing of our environment: it holds the keys.
        env={"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        said = _wait(process, alive, time.monotonic() + wall)
    finally:
        _end(process)
    return _facts(said, process.returncode)


def _wait(process: "subprocess.Popen[bytes]", alive: Callable[[], None], deadline: float) -> bytes:
    while True:
        try:
            return process.communicate(timeout=STEP)[0]
        except subprocess.TimeoutExpired as late:
            alive()
            if time.monotonic() > deadline:
                raise Trouble(Reason.NOT_A_VIDEO, "the examination took too long") from late


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdout:
        process.stdout.close()


def _facts(said: bytes, status: int) -> Facts:
    try:
        answer = json.loads(said)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise Trouble(Reason.NOT_A_VIDEO, f"the examination ended with status {status} and no answer")
    if status != 0 or "error" in answer:
        raise Trouble(Reason.NOT_A_VIDEO, str(answer.get("error", f"status {status}")))
    facts = Facts(**answer)
    if facts.mime not in SUFFIXES:
        raise Trouble(Reason.NOT_A_VIDEO, f"unknown type {facts.mime}")
    return facts
