"""A signal may come at any moment, the worst one included: while the main thread is inside `Event.wait`.

There it holds a lock that `Event.set` wants too, so a handler that sets an event waits for ever for the code that it
has interrupted. The programs below get their SIGTERM exactly there, or after a second if they never wait like that.
"""

import contextlib
import os
import signal
import subprocess
import sys

import pytest

from tests.operations.installation import ROOT

AT_THE_WORST_MOMENT = """
import os, signal, sys, threading

sent = []

def send():
    if not sent:
        sent.append(True)
        os.kill(os.getpid(), signal.SIGTERM)

def trace(frame, event, argument):
    if threading.current_thread() is not threading.main_thread() or not callable(signal.getsignal(signal.SIGTERM)):
        return None
    inside = frame.f_code.co_filename == threading.__file__ and frame.f_code.co_qualname == "Event.wait"
    # `Thread.start` waits too, for an event that is nobody else's.
    return holding if inside and frame.f_back.f_code.co_filename != threading.__file__ else None

def holding(frame, event, argument):
    if event == "line" and frame.f_locals["self"]._cond._lock.locked():
        send()
    return holding

threading.Timer(1.0, send).start()
sys.settrace(trace)
"""
LEADER = """
from sora_portal.operations.supervision import group_leader
group_leader.main(5.0, [sys.executable, "-c", "import time; time.sleep(60)"])
"""
WATCHDOG = """
import tempfile
from pathlib import Path
from sora_portal.operations.supervision.watchdog import Watchdog
watchdog = Watchdog(
    [sys.executable, "-c", "import time; time.sleep(60)"],
    beat_file=Path(tempfile.mkdtemp()) / "beat",
    feed=lambda: None,
)
signal.signal(signal.SIGTERM, lambda *_: watchdog.stop())
watchdog.run()
"""


@pytest.mark.parametrize("program", [LEADER, WATCHDOG], ids=["leader", "watchdog"])
def test_a_signal_at_the_worst_moment_still_stops(program: str) -> None:
    ends = subprocess.Popen([sys.executable, "-c", AT_THE_WORST_MOMENT + program], cwd=ROOT, start_new_session=True)
    try:
        status = ends.wait(20)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(ends.pid, signal.SIGKILL)
        ends.wait()
    assert status in (0, -signal.SIGKILL), "the group's end is the leader's own"
