"""The sandbox vendors as a real process for tests: `with running() as sandbox: …` or the `sandbox` fixture."""

import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
QUICK = ("--clips", "one", "--seconds-per-video", "0.3", "--speed", "100")


class Sandbox:
    """A running sandbox at `url` (no trailing slash); vendors are at `/ruxa`, `/apixo` and `/sora2api` below it."""

    def __init__(self, url: str, process: "subprocess.Popen[str] | None" = None) -> None:
        self.url = url
        self.process = process

    def memory(self) -> dict[str, list[dict[str, Any]]]:
        """Return every create call and every accepted task: `{"creates": […], "tasks": […]}`."""
        memory: dict[str, list[dict[str, Any]]] = self._call("GET", "/_memory")
        return memory

    def reset(self) -> None:
        """Forget all calls, tasks and files, and go back to the settings of the start."""
        self._call("POST", "/_reset")

    def settings(self, **news: Any) -> dict[str, Any]:
        """Change settings (speed, seconds_per_video, latency, rates, clips, ruxa_body_style) and return them all."""
        settings: dict[str, Any] = self._call("POST", "/_settings", news)
        return settings

    def wait_until(self, true: Callable[[dict[str, Any]], bool], *, seconds: float = 20) -> dict[str, Any]:
        """Return the memory as soon as `true(memory)` holds; fail the test when it does not in time."""
        deadline = time.monotonic() + seconds
        while not true(memory := self.memory()):
            if time.monotonic() > deadline:
                pytest.fail(f"the sandbox did not get there in {seconds} s: {memory['tasks']}")
            time.sleep(0.05)
        return memory

    def _call(self, method: str, path: str, body: object = None) -> Any:
        data = b"" if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data if method == "POST" else None, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)


@contextmanager
def running(*options: str, port: int = 0, data: Path | None = None) -> Iterator[Sandbox]:
    """Run the sandbox as a child process on a free port until the block ends; one quick clip for all, ready in 0.3 s.

    `options` are further command line options and override these.
    """
    with tempfile.TemporaryDirectory(prefix="sandbox-test-") as folder:
        command = [sys.executable, "-m", "sora_portal.sandbox", "--port", str(port), "--data", str(data or folder)]
        with subprocess.Popen([*command, *QUICK, *options], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            try:
                line = process.stdout.readline() if process.stdout else ""
                assert "listening on " in line, f"the sandbox did not start: {line!r}"
                yield Sandbox(line.split("listening on ")[1].split()[0], process)
            finally:
                process.terminate()
                process.wait(timeout=10)


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[Sandbox]:
    """One sandbox for the whole test session."""
    with running() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(sandbox_process: Sandbox) -> Sandbox:
    """The session's sandbox with an empty memory and its first settings."""
    sandbox_process.reset()
    return sandbox_process
