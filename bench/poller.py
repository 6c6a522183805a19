"""1,000 videos in flight, polled every 10 s: the sweep beside the vendors' own wait-and-sleep loop.

Two hot sweepers on one django-q2 cluster; halfway one of them is killed with SIGKILL. `python -m bench.poller`
"""

import contextlib
import os
import signal
import socket
import time
from datetime import timedelta
from multiprocessing.pool import ThreadPool
from pathlib import Path

from bench import common, vendor
from bench.waiting import wait_for_completion

IN_FLIGHT = 1000
INTERVAL = 10.0
SECONDS = 60.0


def free_port() -> int:
    """Return a port that nobody uses just now."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fill() -> float:
    """Put IN_FLIGHT running videos into the portal; return when the first poll is due (Unix time).

    The first polls are spread over one interval, and the processes get some seconds to start before them.
    """
    from datetime import UTC, datetime

    from django.db import transaction

    from sora_portal.generations.domain import State
    from sora_portal.generations.models import Generation
    from tests import factories

    model = factories.offered_model("apixo-sora-2")
    factories.money(1_000_000)
    with transaction.atomic():
        for number in range(IN_FLIGHT):
            factories.generation(state=State.RUNNING, model=model, task_id=f"t{number}")
    first_due = time.time() + 12
    with transaction.atomic():
        for number, pk in enumerate(Generation.objects.order_by("pk").values_list("pk", flat=True)):
            due = datetime.fromtimestamp(first_due, UTC) + timedelta(seconds=INTERVAL * number / IN_FLIGHT)
            Generation.objects.filter(pk=pk).update(due_at=due, started_at=due)
    return first_due


def judge(log: Path, first_due: float, until: float) -> dict[str, float]:
    """Return what reached the vendor between `first_due` and `until`: polls, lag in ms, longest gap in s."""
    seen = vendor.arrivals(log)
    lags, gaps, polls, never = [], [], 0, 0
    for number in range(IN_FLIGHT):
        due = first_due + INTERVAL * number / IN_FLIGHT
        times = sorted(moment for moment in seen.get(f"t{number}", []) if moment < until)
        polls += len(times)
        never += not times
        gaps += [later - earlier for earlier, later in zip([due, *times], [*times, until], strict=True)]
        lags += [(moment - due) % INTERVAL for moment in times]
    # The phase is kept, so a poll that came early by a rounding looks late by almost an interval.
    lags = [min(lag, INTERVAL - lag) for lag in lags]
    expected = IN_FLIGHT * (until - first_due) / INTERVAL
    return {
        "polls": polls,
        "share": polls / expected,
        "p50": common.percentile(lags, 0.5) * 1000,
        "p95": common.percentile(lags, 0.95) * 1000,
        "gap": max(gaps),
        "never": never,
    }


def ours(folder: Path, port: int, log: Path) -> None:
    """Measure two hot sweepers, one killed halfway."""
    from sora_portal.generations.models import PollerSlot
    from sora_portal.generations.polling.slot import Lookout

    first_due = fill()
    Lookout()()
    with common.process("manage.py", "cluster", "sweep") as cluster:
        time.sleep(max(0.0, first_due - time.time()))
        busy = common.cpu_seconds(common.descendants(cluster.pid))
        time.sleep(SECONDS / 2)
        calm = judge(log, first_due, time.time())
        cpu = common.cpu_seconds(common.descendants(cluster.pid)) - busy
        victim = int(PollerSlot.objects.get(slot=1).holder.split("-")[0])
        os.kill(victim, signal.SIGKILL)
        killed = time.time()
        time.sleep(SECONDS / 2)
        all_of_it = judge(log, first_due, time.time())
    common.report("poller.polls_made", calm["share"] * 100, "% of needed")
    common.report("poller.lag_p50", calm["p50"], "ms")
    common.report("poller.lag_p95", calm["p95"], "ms")
    common.report("poller.cpu_per_1000_polls", cpu / max(calm["polls"], 1) * 1000, "s")
    common.report("poller.longest_gap_with_one_sweeper_killed", all_of_it["gap"], "s", killed_after=killed - first_due)
    naive(port, log, all_of_it["share"])


def naive(port: int, log: Path, share: float) -> None:
    """Measure one queue task per video that waits and sleeps, on the same cluster size."""
    from django.conf import settings

    from sora_portal.generations.models import Generation

    Generation.objects.all().update(due_at="2100-01-01T00:00:00Z")
    log.write_text("")
    began = time.time()
    # As many at once as the sweep's cluster has workers; its queue runs tasks of the portal only, and this is none.
    pool = ThreadPool(settings.Q_CLUSTER["ALT_CLUSTERS"]["sweep"]["workers"])
    for number in range(IN_FLIGHT):
        pool.apply_async(wait_for_completion, (f"http://127.0.0.1:{port}", f"t{number}", INTERVAL, SECONDS / 2))
    time.sleep(SECONDS / 2)
    loop = judge(log, began, time.time())
    pool.terminate()
    common.report(
        "poller.polls_made_against_wait_loop",
        share * 100,
        "% of needed",
        peer="vendors' wait-and-sleep loop as one queue task per video",
        ratio=share / max(loop["share"], 1e-9),
        peer_value=round(loop["share"] * 100, 2),
        peer_rows_never_polled=loop["never"],
    )


def main() -> None:
    """Run both and print the measures."""
    port = free_port()
    folder = common.prepare(
        SORA_PORTAL_APIXO_URL=f"http://127.0.0.1:{port}", SORA_PORTAL_APIXO_KEY="bench", SORA_PORTAL_TIME_SCALE="1"
    )
    log = folder / "vendor.log"
    with common.process("-m", "bench.vendor", str(port), str(log), ready=1.0):
        ours(folder, port, log)


if __name__ == "__main__":
    main()
