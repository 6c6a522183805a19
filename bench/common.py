"""What every benchmark needs: a portal of its own in a temporary folder, and one JSON line for each measure."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
POSTGRESQL = "postgres://postgres@127.0.0.1:5432/postgres"


def prepare(database_url: str = "", **variables: str) -> Path:
    """Set up Django on an empty portal in a new temporary folder and return that folder. Once a process only."""
    folder = Path(tempfile.mkdtemp(prefix="sora-portal-bench-"))
    os.environ.update(
        {
            "DJANGO_SETTINGS_MODULE": "sora_portal.settings",
            "SORA_PORTAL_SECRET_KEY": "bench-" + "x" * 60,
            "SORA_PORTAL_FIELD_KEYS": "c29yYS1wb3J0YWwtdGVzdHMtb25seS1rZXktMDAwMDA=",
            "SORA_PORTAL_HTTPS": "0",
            "SORA_PORTAL_TEST_MODE": "1",
            "SORA_PORTAL_DATA_DIR": str(folder),
            "SORA_PORTAL_LOG_LEVEL": "ERROR",
            "DATABASE_URL": database_url or f"sqlite:///{folder / 'portal.sqlite3'}",
            **variables,
        }
    )
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    return folder


def report(name: str, value: float, unit: str, *, peer: str = "", ratio: float | None = None, **more: Any) -> None:
    """Print one measure; `peer` names what `ratio` compares with (value of ours divided by theirs)."""
    line: dict[str, Any] = {"name": name, "value": round(value, 4), "unit": unit, **more}
    if peer:
        line |= {"peer": peer, "ratio": None if ratio is None else round(ratio, 4)}
    print(json.dumps(line), flush=True)


def percentile(values: list[float], share: float) -> float:
    """Return the value below which `share` (0 to 1) of `values` lie; 0 for no values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def cpu_seconds(pids: list[int]) -> float:
    """Return the CPU time, user and system, that these processes have used so far."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def descendants(pid: int) -> list[int]:
    """Return the processes below `pid`."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rsplit(")", 1)[1].split()
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, queue = [], [pid]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found


@contextlib.contextmanager
def process(*command: str, ready: float = 0.0, **variables: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a Python command beside us, in its own session, until the block ends."""
    child = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, **variables},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        time.sleep(ready)
        yield child
    finally:
        child.terminate()
        try:
            child.wait(timeout=25)
        except subprocess.TimeoutExpired:
            child.kill()
        for pid in descendants(child.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
