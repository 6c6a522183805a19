"""2,000 videos of 20 members, queued in blocks of 100, for 50 places: how soon they are filled, and by whom.

Ours beside the way that it replaced, one wake-up for each video, on equally many workers. What counts is what reached
the vendor. `python -m bench.queue [DATABASE_URL]`
"""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench import common, vendor
from bench.poller import free_port

MEMBERS, BLOCK, PLACES = 20, 100, 50
VIDEO = 10.0
"""Seconds that the vendor takes for one video."""
DRAINED = 300
FILL_SECONDS = 60.0
WORKERS = 3
MODEL = "apixo-sora-2"


def fill() -> int:
    """Queue the videos, one member's block after the other, at a paused connection; return its key."""
    from django.db import transaction
    from django.utils import timezone

    from sora_portal.catalog.models import Connection, VideoModel
    from sora_portal.generations.models import Generation, Line
    from tests import factories

    model = factories.offered_model(MODEL)
    factories.money(1_000_000)
    members = [factories.user(f"m{number:02}", name=f"Member {number}") for number in range(MEMBERS)]
    project = factories.project("Bench", tuple(members))
    # Polled every second, so that a place that becomes free is seen soon.
    spec = {**model.spec, "first_poll": VIDEO * 0.9, "interval": 1.0}
    VideoModel.objects.filter(pk=model.pk).update(spec=spec)
    model = VideoModel.objects.get(pk=model.pk)
    caps = {"max_in_flight": PLACES, "max_creates": 1000, "paused_at": timezone.now()}
    Connection.objects.filter(pk=model.connection_id).update(**caps)
    with transaction.atomic():
        for number, member in enumerate(members):
            for _ in range(BLOCK):
                factories.generation(author=member, in_project=project, model=model, prompt=f"m{number:02}")
    Generation.objects.update(waiting_for="Paused")
    Line.objects.update(called_at=None)
    return int(model.connection_id)


def resume(connection_id: int) -> float:
    """Open the way and call a worker, as an admin does; return when."""
    from sora_portal.catalog.models import Connection
    from sora_portal.generations import admission

    began = time.time()
    Connection.objects.filter(pk=connection_id).update(paused_at=None)
    admission.call(connection_id)
    return began


def creates(log: Path) -> list[tuple[float, str]]:
    """Return when which member's video reached the vendor, the earliest first."""
    seen = vendor.arrivals(log)
    return sorted(
        (moment, name) for name, moments in seen.items() if name.startswith(("m0", "m1")) for moment in moments
    )


def until(seconds: float, done: Callable[[], bool]) -> float:
    """Wait until `done` or for `seconds`; return how long that was."""
    began = time.monotonic()
    while not done() and time.monotonic() - began < seconds:
        time.sleep(0.1)
    return time.monotonic() - began


def judge(name: str, log: Path, began: float, cpu: float) -> dict[str, float]:
    """Print what reached the vendor by now."""
    sent = creates(log)
    first = sent[:PLACES]
    return {
        "slots": len(first),
        "filled": first[-1][0] - began if len(first) == PLACES else FILL_SECONDS,
        "served": len({member for _, member in first}),
        "cpu": cpu / max(1, len(sent)) * 1000,
    }


def ours(connection_id: int, log: Path) -> dict[str, float]:
    """Measure the two clusters as `make run` starts them."""
    from sora_portal.generations.domain import TERMINAL
    from sora_portal.generations.models import Generation

    with (
        common.process("manage.py", "cluster", "work", ready=6.0) as work,
        common.process("manage.py", "cluster", "sweep", ready=6.0),
    ):
        pids = common.descendants(work.pid)
        used = common.cpu_seconds(pids)
        began = resume(connection_id)
        until(FILL_SECONDS, lambda: len(creates(log)) >= PLACES)
        until(VIDEO * DRAINED / PLACES * 3, lambda: Generation.objects.filter(state__in=TERMINAL).count() >= DRAINED)
        took = time.time() - began
        found = judge("ours", log, began, common.cpu_seconds(pids) - used)
    # A place is taken from the create's arrival until the vendor is done; every other moment is ours.
    found["drain"] = took / (VIDEO * DRAINED / PLACES)
    return found


def naive(connection_id: int, log: Path) -> dict[str, float]:
    """Measure one wake-up for each video, in the order in which they came; a refused one goes to the end."""
    from sora_portal.catalog.models import Connection
    from sora_portal.generations.models import Generation

    for place, row in enumerate(Generation.objects.filter(state="queued").order_by("pk").values_list("pk", flat=True)):
        (log.parent / f"naive-{place % WORKERS}").open("a").write(f"{row}\n")
    log.write_text("")
    workers = [
        subprocess.Popen([sys.executable, "-m", "bench.queue", "naive", str(log.parent / f"naive-{number}")])
        for number in range(WORKERS)
    ]
    time.sleep(4.0)
    began = time.time()
    Connection.objects.filter(pk=connection_id).update(paused_at=None)
    until(FILL_SECONDS, lambda: len(creates(log)) >= PLACES)
    found = judge("naive", log, began, common.cpu_seconds([worker.pid for worker in workers]))
    for worker in workers:
        worker.kill()
    return found


def naive_worker(path: str) -> None:
    """Wake one row after the other."""
    import django

    django.setup()
    from sora_portal.catalog.models import Connection
    from sora_portal.generations import admission as generations_admission
    from sora_portal.generations.dispatch import send

    generations_admission.call = lambda connection_id: None  # nothing but the wake-ups sends anything
    rows = [int(line) for line in Path(path).read_text().split()]
    while Connection.objects.filter(models__slug=MODEL, paused_at=None).count() == 0:
        time.sleep(0.1)
    while rows:
        row = rows.pop(0)
        send.submit_step(row)
        rows.append(row)


def main(database_url: str = "") -> None:
    """Run both and print the measures."""
    port = free_port()
    folder = common.prepare(
        database_url,
        SORA_PORTAL_APIXO_URL=f"http://127.0.0.1:{port}",
        SORA_PORTAL_APIXO_KEY="bench",
        SORA_PORTAL_TIME_SCALE="1",
        SORA_PORTAL_WORKERS=str(WORKERS),
    )
    engine = "postgresql" if database_url else "sqlite"
    log = folder / "vendor.log"
    with common.process("-m", "bench.vendor", str(port), str(log), str(VIDEO), ready=1.0):
        connection_id = fill()
        mine = ours(connection_id, log)
        from django.utils import timezone

        from sora_portal.catalog.models import Connection
        from sora_portal.generations.models import Generation

        Connection.objects.filter(pk=connection_id).update(paused_at=timezone.now())
        Generation.objects.exclude(state__in=["queued", "failed"]).update(
            connection=Connection.objects.exclude(pk=connection_id).first()
        )
        theirs = naive(connection_id, log)
    for name, unit in (
        ("slots", f"of {PLACES}"),
        ("filled", "s"),
        ("served", f"members of {MEMBERS}"),
        ("cpu", "ms a video"),
    ):
        ratio = mine[name] / max(theirs[name], 1e-9)
        common.report(
            f"queue.{engine}.{name}",
            mine[name],
            unit,
            peer="one wake-up for each video",
            ratio=ratio,
            peer_value=round(theirs[name], 2),
        )
    common.report(f"queue.{engine}.drain", mine["drain"], "times the ideal", videos=DRAINED)


if __name__ == "__main__":
    if sys.argv[1:2] == ["naive"]:
        naive_worker(sys.argv[2])
    else:
        main(*sys.argv[1:])
