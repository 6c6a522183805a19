"""Places where the portal can be made to die, stop, sleep or fail, so that every row of the crash table can be tried.

`reach("sending")` marks a place. It does nothing outside test mode (SORA_PORTAL_TEST_MODE). In test mode a file
`run/failpoints/<name>` in the data folder arms it: its text is an action, and optionally which time it is reached, over
all processes ("kill", "stop 3", "sleep:2.5"). Whoever reaches it then removes the file and acts. `manage.py failpoints`
lists the places and arms them.
"""

import errno
import fcntl
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import OperationalError


@dataclass(frozen=True)
class Failpoint:
    """One place: the function that reaches it, and what has and has not happened by then."""

    name: str
    where: str
    moment: str


@dataclass(frozen=True)
class Crash:
    """One row of the crash table: what happened, what brings it back, what must hold, and the tests that look."""

    what: str
    points: tuple[str, ...]
    back: str
    holds: str
    tests: tuple[str, ...]


FAILPOINTS: tuple[Failpoint, ...] = (
    Failpoint("submit-uncommitted", "generations.actions._create", "video and hold written, not committed"),
    Failpoint("submit-committed", "generations.actions.submit", "video and hold committed, the person has no answer"),
    Failpoint("wake-up", "generations.enqueue.queue", "a change is committed, nobody has been woken for it"),
    Failpoint("disk-check", "generations.vendor.receipts.check", "before anything is claimed"),
    Failpoint("claimed", "generations.dispatch.send._step", "claim and `prepared` committed"),
    Failpoint("sending", "generations.dispatch.send._send", "`sending` committed, no byte has left"),
    Failpoint("journal-written", "installation.journal.begin", "the journal has the request, no byte has left"),
    Failpoint(
        "answer-unread", "generations.dispatch.send._send", "the vendor has the video, nothing of its answer is kept"
    ),
    Failpoint("receipt", "generations.vendor.receipts.write", "the task id is known, its receipt is not written"),
    Failpoint(
        "receipt-written", "generations.dispatch.send._send", "the receipt is on disk, the database knows nothing"
    ),
    Failpoint(
        "answer-recorded", "generations.dispatch.send._send", "the answer is committed, the receipt not yet removed"
    ),
    Failpoint("looks-leased", "generations.polling.lease.lease", "due times moved on, no vendor asked yet"),
    Failpoint("status-unsaved", "generations.vendor.status_result.record", "a status answer is read, not saved"),
    Failpoint("callback-uncommitted", "generations.callbacks.inbox.receive", "a callback is written, not committed"),
    Failpoint(
        "callback-kept", "generations.callbacks.inbox.receive", "a callback is committed, the vendor has no answer"
    ),
    Failpoint(
        "callback-unsaved", "generations.callbacks.inbox.handle", "a callback was looked into, nothing of it saved"
    ),
    Failpoint("mid-download", "outputs.fetching.download._save", "a part of the file is on disk"),
    Failpoint("file-stored", "outputs.fetching.fetch.fetch_step", "the file has its lasting name, no row knows it"),
    Failpoint(
        "capture-uncommitted", "outputs.fetching.fetch.finish", "the end and its capture are written, not committed"
    ),
    Failpoint(
        "recovered-stored", "outputs.fetching.late_fetch._fetch", "a late file has its lasting name, no row knows it"
    ),
    Failpoint(
        "recovery-uncommitted", "outputs.fetching.late_fetch._finish", "a late file is written to rows, not committed"
    ),
)

_SENDING = "tests/crashes/test_sending.py"
_WATCHING = "tests/crashes/test_watching.py"
_WEB = "tests/crashes/test_web.py"
_FETCHING = "tests/crashes/test_fetching.py"
_QUEUE = "tests/operations/supervision/test_cluster.py"

CRASHES: tuple[Crash, ...] = (
    Crash(
        "submit, before or after the commit",
        ("submit-uncommitted", "submit-committed", "wake-up"),
        "the form's submit key returns the same video; the sweep finds a row without a queue entry",
        "one video, one hold per key",
        (
            f"{_WEB}::test_web_killed_in_a_submit_leaves_one_video_and_one_hold_per_key",
            f"{_WEB}::test_web_killed_before_the_wake_up_leaves_a_row_that_the_sweep_finds",
        ),
    ),
    Crash(
        "after the claim, attempt `prepared`",
        ("claimed",),
        "the lease ends; the next worker goes on with the fence one higher",
        "exactly one request leaves",
        (f"{_SENDING}::test_worker_killed_after_its_claim_is_followed_by_exactly_one_request",),
    ),
    Crash(
        "after `sending`, answer unread",
        ("sending", "journal-written", "answer-unread"),
        "the lease ends: `unconfirmed`; a callback or a late answer heals it",
        "no second request, ever",
        (
            f"{_SENDING}::test_worker_killed_before_the_first_byte_sends_nothing_ever",
            f"{_SENDING}::test_worker_killed_with_the_answer_unread_is_healed_by_the_callback",
        ),
    ),
    Crash(
        "answer read, database away",
        ("receipt-written", "answer-recorded"),
        "the receipt on disk (`spool`) binds the id at start and every minute",
        "the id is bound without any callback",
        (
            f"{_SENDING}::test_worker_killed_with_the_receipt_on_disk_binds_the_task_at_the_next_start",
            f"{_SENDING}::test_database_away_after_the_answer_leaves_a_receipt_that_binds_the_task",
            f"{_SENDING}::test_worker_killed_before_it_removes_the_receipt_binds_the_task_once",
        ),
    ),
    Crash(
        "disk full",
        ("disk-check", "receipt"),
        "nothing is claimed while no receipt could be written; one that fails later leaves the database and the log",
        "nothing lost, nothing sent twice",
        (
            f"{_SENDING}::test_full_disk_keeps_a_worker_from_claiming",
            f"{_SENDING}::test_disk_that_fills_up_after_the_answer_costs_the_receipt_only",
        ),
    ),
    Crash(
        "status answer read, not saved",
        ("status-unsaved", "looks-leased"),
        "it is asked again",
        "one settlement",
        (f"{_WATCHING}::test_sweeper_killed_at_a_look_asks_again_and_settles_once",),
    ),
    Crash(
        "callback, before or after its row is committed",
        ("callback-uncommitted", "callback-kept", "callback-unsaved"),
        "the vendor repeats it or the polls see it; a body is kept once",
        "losing every callback still comes to an end",
        (
            f"{_WEB}::test_web_killed_in_a_callback_keeps_it_at_most_once_and_answers_the_next",
            f"{_WATCHING}::test_worker_killed_in_a_callback_looks_into_it_again",
            f"{_WATCHING}::test_video_without_any_callback_is_found_by_polling",
        ),
    ),
    Crash(
        "in the middle of a download",
        ("mid-download",),
        "the fetch lease ends, it starts again under another name",
        "no partial file can be reached",
        (f"{_FETCHING}::test_worker_killed_while_it_fetches_leaves_one_file_and_one_capture",),
    ),
    Crash(
        "file stored, row not written",
        ("file-stored", "capture-uncommitted"),
        "the file's name is its checksum; the next fetch finds it",
        "no second copy, one capture",
        (f"{_FETCHING}::test_worker_killed_while_it_fetches_leaves_one_file_and_one_capture",),
    ),
    Crash(
        "late file stored, row not written",
        ("recovered-stored", "recovery-uncommitted"),
        "the lease of the late task ends, the vendor is asked again",
        "one file, no entry in the ledger, the end stands",
        ("tests/crashes/test_recovering.py::test_worker_killed_while_it_recovers_leaves_one_file_and_no_charge",),
    ),
    Crash(
        "worker frozen past its lease",
        ("claimed", "sending"),
        "the fence refuses its writes; later than the send window no byte leaves",
        "no second request",
        (
            f"{_SENDING}::test_worker_frozen_after_its_claim_sends_nothing_when_it_wakes",
            f"{_SENDING}::test_worker_frozen_before_the_first_byte_sends_nothing_when_it_wakes",
            "tests/crashes/test_freezing.py::test_worker_frozen_inside_a_transaction_does_not_hold_the_others_up",
        ),
    ),
    Crash(
        "the same step kills three workers",
        ("claimed", "mid-download"),
        "`needs_decision`",
        "other rows go on",
        (
            f"{_SENDING}::test_step_that_kills_three_workers_needs_a_decision_and_lets_others_go_on",
            f"{_FETCHING}::test_download_that_kills_three_workers_needs_a_decision",
        ),
    ),
    Crash(
        "the one create that tests a vendor is never heard of",
        ("sending",),
        "the breaker's next rest ends with a status query",
        "no create is the test by itself",
        (f"{_SENDING}::test_create_that_tests_a_vendor_and_is_never_heard_of_does_not_close_the_way",),
    ),
    Crash(
        "queue lost or wedged",
        ("wake-up",),
        "the sweep drives from the rows; the watchdog starts the cluster again",
        "everything finishes",
        (
            f"{_SENDING}::test_queue_lost_altogether_is_driven_from_the_rows",
            f"{_QUEUE}::test_cluster_works_again_after_its_workers_died_with_the_queues_lock",
            f"{_QUEUE}::test_cluster_works_again_after_its_main_process_died_and_leaves_no_orphans",
        ),
    ),
)


def _kill(_: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _stop(_: str) -> None:
    # To this thread, although it stops all of them: sent to the process, another thread may take it a moment later.
    signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)


def _sleep(seconds: str) -> None:
    time.sleep(float(seconds or "1"))


def _database_away(_: str) -> None:
    raise OperationalError("a failpoint says that the database is away")


def _disk_full(_: str) -> None:
    raise OSError(errno.ENOSPC, "a failpoint says that the disk is full")


ACTIONS: dict[str, Callable[[str], None]] = {
    "kill": _kill,
    "stop": _stop,
    "sleep": _sleep,
    "database": _database_away,
    "disk": _disk_full,
}
"""What an armed place does: SIGKILL or SIGSTOP to its own process, sleep:SECONDS, or the error of a lost database or a
full disk."""


def folder() -> Path:
    """Return the folder of the files that arm failpoints."""
    return Path(settings.DATA_DIR) / "run" / "failpoints"


def reach(name: str) -> None:
    """Do what failpoint `name` is armed for, if it is and its turn has come; nothing outside test mode.

    Who is stopped and woken, and finds it armed again, acts again before going on.
    """
    while settings.SORA_PORTAL_TEST_MODE and (action := _taken(folder() / name)):
        word, _, argument = action.partition(":")
        ACTIONS[word](argument)


def arm(name: str, action: str = "kill", *, nth: int = 1) -> Path:
    """Have whoever reaches `name` for the `nth` time from now do `action`; return the file, gone once that happened.

    Raises ValueError for a name or an action that does not exist.
    """
    if name not in {point.name for point in FAILPOINTS}:
        raise ValueError(f"there is no failpoint {name!r}")
    if action.partition(":")[0] not in ACTIONS or nth < 1:
        raise ValueError(f"no action: {action!r} for time {nth}; there are {', '.join(ACTIONS)}")
    path = folder() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}")
    part.write_text(f"{action} {nth}")
    return part.replace(path)


def armed() -> list[str]:
    """Return the names of the failpoints that are armed."""
    names = {point.name for point in FAILPOINTS}
    return sorted(path.name for path in folder().glob("*") if path.name in names)


def _taken(path: Path) -> str:
    """Return the action of an armed file when its turn has come, and remove it; the empty string otherwise."""
    try:
        file = path.open("r+")
    except FileNotFoundError:
        return ""
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not os.fstat(file.fileno()).st_nlink:
            return ""  # somebody else's turn a moment ago
        action, _, left = file.read().partition(" ")
        if int(left or "1") <= 1:
            path.unlink()
            return action
        file.seek(0)
        file.truncate()
        file.write(f"{action} {int(left) - 1}")
        return ""
