"""A queue whose workers died with its lock: seconds until a task runs again. `python -m bench.wedge [TIMES]`"""

import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from bench import common
from tests.operations.installation import Installation
from tests.operations.supervision.test_cluster import Cluster

LIMIT = 15.0


def main(times: int = 20) -> None:
    """Kill all workers of one cluster `times` times; print how long each of the queues took to work again."""
    with tempfile.TemporaryDirectory(prefix="sora-portal-bench-") as folder:
        house = Installation(Path(folder))
        house.manage("migrate", "--verbosity", "0")
        cluster = Cluster(house)
        seconds = []
        try:
            cluster.wait_until_it_works()
            for _ in range(times):
                began = time.monotonic()
                for worker in cluster.workers:
                    os.kill(worker, signal.SIGKILL)
                cluster.wait_until_it_works()
                seconds.append(time.monotonic() - began)
        finally:
            cluster.close()
    common.report("queue.wedged.resumes", sum(second <= LIMIT for second in seconds), "times", of=times, within=LIMIT)
    common.report("queue.wedged.p50", common.percentile(seconds, 0.5), "s")
    common.report("queue.wedged.longest", max(seconds), "s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
