"""Signs of life of a worker cluster, for the watchdog that may have to kill it.

The watchdog (`operations`) names a file in the environment of the cluster that it starts; whoever gets work done in
that cluster touches the file. A file and not a row: the watchdog must go on working while the database is away, and
each machine's watchdog watches only its own processes.
"""

import os
from pathlib import Path

BEAT_FILE_VARIABLE = "SORA_PORTAL_BEAT_FILE"


def beat() -> None:
    """Record that this worker cluster is getting work done; does nothing outside a watched cluster."""
    name = os.environ.get(BEAT_FILE_VARIABLE)
    if name:
        Path(name).touch()
