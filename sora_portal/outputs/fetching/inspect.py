"""Running the probe and the preview: child processes that may crash, hang or grow without taking the worker along."""

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from sora_portal.outputs.domain import SUFFIXES, Facts, Reason, Trouble

log = logging.getLogger(__name__)

WALL_SECONDS = 90.0
PREVIEW_SECONDS = 90.0
STEP = 0.25


def inspect(file: Path, poster: Path, *, alive: Callable[[], None] = lambda: None, wall: float = WALL_SECONDS) -> Facts:
    """Return what the video `file` is, and write its still picture to `poster`; `alive` is called while it works.

    Raises Trouble when it is not a whole, playable video or when the examination took longer than `wall` seconds.
    """
    said, status = _run("probe", file, "--poster", poster, alive=alive, wall=wall)
    if status is None:
        raise Trouble(Reason.NOT_A_VIDEO, "the examination took too long")
    return _facts(said, status)


def make_preview(file: Path, preview: Path, *, alive: Callable[[], None] = lambda: None) -> bool:
    """Write to `preview` what every browser plays of the video `file`; return whether that could be done."""
    _, status = _run("preview", file, "--out", preview, alive=alive, wall=PREVIEW_SECONDS)
    if status != 0:
        log.warning("no preview can be made: %s", "it took too long" if status is None else f"status {status}")
        return False
    return preview.stat().st_size > 0


def _run(
    program: str, file: Path, option: str, out: Path, *, alive: Callable[[], None], wall: float
) -> tuple[bytes, int | None]:
    """Run a program of `media` on `file`; return what it said and its status, None when `wall` seconds are over."""
    process = subprocess.Popen(
        [sys.executable, "-m", f"sora_portal.outputs.media.{program}", str(file), option, str(out)],
        cwd=settings.BASE_DIR,
        # Nothing of our environment: it holds the keys.
        env={"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return _wait(process, alive, time.monotonic() + wall)
    finally:
        _end(process)


def _wait(process: "subprocess.Popen[bytes]", alive: Callable[[], None], deadline: float) -> tuple[bytes, int | None]:
    while True:
        try:
            return process.communicate(timeout=min(STEP, max(0.0, deadline - time.monotonic())))[0], process.returncode
        except subprocess.TimeoutExpired:
            alive()
            if time.monotonic() > deadline:
                return b"", None


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
