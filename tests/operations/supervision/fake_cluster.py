"""Stands in for a queue cluster: `fake_cluster.py BEHAVIOUR PIDS`, with the beat file named in the environment.

It notes its own process id and a child's, as django-q2's main process has children, and then behaves as told.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

behaviour, pids = sys.argv[1], Path(sys.argv[2])
beat_file = Path(os.environ["SORA_PORTAL_BEAT_FILE"])


def stop(*_: object) -> None:
    with pids.open("a") as file:
        file.write(f"stopped {os.getpid()}\n")
    child.terminate()
    sys.exit(0)


if behaviour == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
if behaviour != "stubborn":
    signal.signal(signal.SIGTERM, stop)
with pids.open("a") as file:
    file.write(f"started {os.getpid()} {child.pid}\n")

if behaviour == "dies at once":
    sys.exit(3)
for number in range(10_000):
    if behaviour != "never beats" and (behaviour != "falls silent" or number < 5):
        beat_file.touch()
    if behaviour == "dies after work" and number == 5:
        os._exit(3)
    time.sleep(0.05)
