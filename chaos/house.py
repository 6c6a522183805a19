"""The portal under fire: web, both clusters and the sandbox, as the Procfile runs them, and who starts them again."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from sora_portal import webserver

ROOT = Path(__file__).resolve().parents[1]
VENDORS = ("ruxa", "apixo", "sora2api")
Process = subprocess.Popen[bytes]


def environment(folder: Path, ports: tuple[int, int], *, mutant: str, database: str) -> dict[str, str]:
    """Return the settings of the run: intervals a fiftieth as long, failpoints on, callbacks to our own web."""
    web, sandbox = ports
    return {
        "DJANGO_SETTINGS_MODULE": "chaos.settings",
        "DATABASE_URL": database or f"sqlite:///{folder}/portal.sqlite3",
        "REDIS_URL": "",
        "CHAOS_MUTANT": mutant,
        "SORA_PORTAL_DATA_DIR": str(folder),
        "SORA_PORTAL_SECRET_KEY": "only-for-chaos-" + "s" * 60,
        "SORA_PORTAL_FIELD_KEYS": "c29yYS1wb3J0YWwtdGVzdHMtb25seS1rZXktMDAwMDA=",
        "SORA_PORTAL_HTTPS": "0",
        "SORA_PORTAL_TEST_MODE": "1",
        "SORA_PORTAL_TIME_SCALE": "0.02",
        "SORA_PORTAL_PUBLIC_URL": f"http://127.0.0.1:{web}",
        "SORA_PORTAL_SANDBOX_URL": f"http://127.0.0.1:{sandbox}",
        "SORA_PORTAL_LOG_LEVEL": "WARNING",
        # Keys, so that the portal takes the vendors for ones that cost money.
        **{f"SORA_PORTAL_{vendor.upper()}_KEY": "pays" for vendor in VENDORS},
        **{f"SORA_PORTAL_{vendor.upper()}_URL": f"http://127.0.0.1:{sandbox}/{vendor}" for vendor in VENDORS},
    }


def free_ports() -> tuple[int, int]:
    """Return two ports that are free now."""
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


class House:
    """The processes of one installation; `keep`, called often, starts again what has ended, as process managers do."""

    def __init__(self, folder: Path, ports: tuple[int, int], sandbox_options: list[str]) -> None:
        web, sandbox = ports
        self._commands = {
            "web": webserver.command(f"127.0.0.1:{web}"),
            "worker": ["manage.py", "cluster", "work"],
            "sweep": ["manage.py", "cluster", "sweep"],
        }
        self._sandbox = ["-m", "sora_portal.sandbox", "--port", str(sandbox), "--data", str(folder / "sandbox")]
        self._sandbox += sandbox_options
        self._log = folder / "log"
        self._processes: dict[str, Process] = {}
        self.restarts = 0

    def open(self) -> None:
        """Start everything."""
        self._processes["sandbox"] = self._start(self._sandbox)
        self.open_portal()

    def open_portal(self) -> None:
        """Start the portal's own processes; the vendor runs on."""
        for name, command in self._commands.items():
            self._processes[name] = self._start(command)

    def _start(self, command: list[str]) -> Process:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                env=dict(os.environ),
                start_new_session=True,
            )

    def keep(self) -> None:
        """Start again whichever of the portal's processes has ended. The vendor never dies: it is the witness."""
        for name, command in self._commands.items():
            if self._processes[name].poll() is not None:
                self.restarts += 1
                self._processes[name] = self._start(command)

    def targets(self, name: str) -> list[int]:
        """Return the process ids of one part: its main process and all below it."""
        return [self._processes[name].pid, *below(self._processes[name].pid)]

    def stop(self) -> None:
        """Stop the portal's own processes in good order, then by force; the vendor runs on."""
        _end([self._processes[name] for name in self._commands])

    def close(self) -> None:
        """Stop everything in good order, then by force."""
        _end(list(self._processes.values()))


def _end(processes: list[Process]) -> None:
    pids = [pid for process in processes for pid in (process.pid, *below(process.pid))]
    for process in processes:
        process.terminate()
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
    for pid in pids:
        send(pid, signal.SIGKILL)
    for process in processes:
        process.wait()


def send(pid: int, signum: int) -> bool:
    """Send a signal; return whether the process was there to get it."""
    try:
        os.kill(pid, signum)
    except ProcessLookupError:
        return False
    return True


def below(pid: int) -> list[int]:
    """Return the living processes below `pid`."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError, IndexError):
                state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
                if state != "Z":
                    children.setdefault(int(parent), []).append(int(folder.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        waiting += (more := children.get(waiting.pop(), []))
        found += more
    return found


def memory(port: int, path: str = "/_memory", news: dict[str, Any] | None = None) -> Any:
    """Return what the sandbox remembers, or change its settings."""
    body = None if news is None else json.dumps(news).encode()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", body, timeout=30) as answer:
        return json.load(answer)
