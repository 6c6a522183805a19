"""Looking at real processes, for the tests that start and kill some."""

import os
import time
from collections.abc import Callable
from pathlib import Path


def alive(pid: int) -> bool:
    """Whether a process runs; one that is dead but not yet collected by its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        return False


def ours(marker: str) -> dict[int, str]:
    """Return the running processes, other than this one, whose environment holds `marker`: id to command line."""
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal() or int(folder.name) == os.getpid():
            continue
        try:
            if marker.encode() in (folder / "environ").read_bytes() and alive(int(folder.name)):
                found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return found


def children_of(pid: int) -> list[int]:
    """Return the direct children of a process."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                after_name = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(after_name[1]) == pid and after_name[0] != "Z":
                found.append(int(folder.name))
    return sorted(found)


def wait_until(wanted: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Look every 20 ms until `wanted()`; fail the test, saying what was waited for, after `seconds`."""
    limit = time.monotonic() + seconds
    while not wanted():
        if time.monotonic() > limit:
            raise TimeoutError(f"after {seconds} s still waiting: {what}")
        time.sleep(0.02)
