"""A poller's lease file: what stands in it outlives a SIGKILL, and goes to one heir once."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sora_portal.generations.polling import lease_file
from sora_portal.generations.polling.lease_file import LeaseFile

WRITER = """
import sys, time
from pathlib import Path
from sora_portal.generations.polling.lease_file import LeaseFile
with LeaseFile(Path(sys.argv[1]), "2") as mine:
    for noted in ([1, 2, 30_000], [7, 8]):
        mine.note(noted)
    print("noted", flush=True)
    time.sleep(60)
"""


@contextmanager
def writer(folder: Path) -> "Iterator[subprocess.Popen[str]]":
    """Run another sweeper, of slot 2, that has noted 7 and 8."""
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "noted\n"
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_what_a_killed_sweeper_noted_goes_to_its_neighbour_once(tmp_path: Path) -> None:
    with writer(tmp_path) as other, LeaseFile(tmp_path, "1") as mine:
        assert mine.inherit() == [], "it is alive"
        other.kill()
        # Not waited for: a process that nobody has collected yet holds no lock either.
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        assert mine.inherit() == [7, 8]
        assert mine.inherit() == []


def test_what_a_killed_sweeper_noted_is_read_by_the_next_in_its_slot(tmp_path: Path) -> None:
    with writer(tmp_path) as other:
        other.kill()
        other.wait()
    with LeaseFile(tmp_path, "2") as mine:
        assert mine.read() == [7, 8]
        mine.note([9])
        assert mine.read() == [9]


def test_a_slice_that_ends_in_good_order_leaves_nothing_behind(tmp_path: Path) -> None:
    with LeaseFile(tmp_path, "1") as mine:
        mine.note([1, 2])
    assert LeaseFile(tmp_path, "2").inherit() == []


def test_a_slice_that_fails_leaves_its_looks_to_others(tmp_path: Path) -> None:
    failing = LeaseFile(tmp_path, "1").__enter__()
    failing.note([1, 2])
    failing.__exit__(RuntimeError, RuntimeError(), None)
    assert LeaseFile(tmp_path, "2").inherit() == [1, 2]


def test_a_second_sweeper_in_one_slot_does_without_and_disturbs_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease_file, "PATIENCE", 0.05)
    with LeaseFile(tmp_path, "1") as first:
        first.note([1])
        with LeaseFile(tmp_path, "1") as second:
            second.note([5])
            assert second.read() == []
        assert first.read() == [1]


def test_a_line_that_was_cut_off_or_overwritten_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "sweep-2.diary").write_text("12\n34\nnot a number\n56\n")
    assert LeaseFile(tmp_path, "1").inherit() == [12, 34]
