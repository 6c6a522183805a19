"""50 concurrent submitters against a budget for 300: holds/s and overspend. `python -m bench.submit [DATABASE_URL]`

The naive way beside it reads the balance, compares, and writes the difference back. Before that, one submitter alone:
how long it takes until three budgets have let a video in, the commit to disk included.
"""

import os
import subprocess
import sys
import time

from bench import common

SUBMITTERS = 50
PROCESSES = 5
TRIES = 20
BUDGET = 300
ADMISSIONS = 300


def submitters(number: int) -> None:
    """Run SUBMITTERS / PROCESSES threads in this process, each trying TRIES holds of one credit, ours then naive."""
    import threading

    import django

    django.setup()
    from django.db import connection
    from django.utils import timezone

    from sora_portal.errors import Refused
    from sora_portal.ledger import actions as credits
    from tests import factories

    person, project, used = factories.ada(), factories.project(), factories.offered_model().connection

    def ours(thread: int) -> None:
        for attempt in range(TRIES):
            ref = f"{number}-{thread}-{attempt}"
            try:
                credits.hold(ref=ref, amount=1000, project=project, member=person, connection=used, now=timezone.now())
            except Refused:
                continue
        connection.close()

    def naive(thread: int) -> None:
        with connection.cursor() as cursor:
            for _ in range(TRIES):
                cursor.execute("SELECT balance FROM bench_naive WHERE id = 1")
                balance = cursor.fetchone()[0]
                if balance >= 1:
                    cursor.execute("UPDATE bench_naive SET balance = %s WHERE id = 1", [balance - 1])
                    cursor.execute("INSERT INTO bench_grant (worker) VALUES (%s)", [thread])
        connection.close()

    for way in (ours, naive):
        print("ready", flush=True)
        sys.stdin.readline()
        threads = [threading.Thread(target=way, args=(n,)) for n in range(SUBMITTERS // PROCESSES)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print("done", flush=True)


def admission(engine: str) -> None:
    """Print how long one hold takes when nobody else is at it: three limits looked at, committed, on disk."""
    from django.utils import timezone

    from sora_portal.ledger import actions as credits
    from tests import factories

    person, project, used = factories.ada(), factories.project(), factories.offered_model().connection
    seconds = []
    for number in range(ADMISSIONS):
        began = time.perf_counter()
        credits.hold(
            ref=f"calm-{number}", amount=1, project=project, member=person, connection=used, now=timezone.now()
        )
        seconds.append(time.perf_counter() - began)
    peer = "LiteLLM's check in memory, nothing kept: 0.2 ms, and 20 of 20 videos let in where 2 fit"
    for name, share in (("p50", 0.5), ("p95", 0.95)):
        value = common.percentile(seconds, share) * 1000
        common.report(f"submit.{engine}.admission_{name}", value, "ms", peer=peer, ratio=value / 0.2)


def race(engine: str) -> None:
    """Let the submitters go twice (ours, naive) and print what they granted."""
    from django.db import connection

    from sora_portal.ledger.models import Hold

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_naive (id integer PRIMARY KEY, balance integer)")
        cursor.execute("CREATE TABLE bench_grant (worker integer)")
        cursor.execute("INSERT INTO bench_naive VALUES (1, %s)", [BUDGET])
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.submit", "--worker", str(number)],
            cwd=common.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ.copy(),
        )
        for number in range(PROCESSES)
    ]
    before = Hold.objects.count()
    ours = _go(workers)
    held = Hold.objects.count() - before
    naive = _go(workers)
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM bench_grant")
        granted = cursor.fetchone()[0]
    tries = SUBMITTERS * TRIES
    peer = "read the balance, compare, write it back"
    common.report(f"submit.{engine}.decisions", tries / ours, "holds or refusals/s", peer=peer, ratio=naive / ours)
    common.report(f"submit.{engine}.granted", held, "holds", budget=BUDGET)
    common.report(f"submit.{engine}.overspend", held - BUDGET, "holds", peer=peer, peer_value=granted - BUDGET)


def _go(workers: "list[subprocess.Popen[str]]") -> float:
    """Start one round in every worker at once; return its seconds."""
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    began = time.monotonic()
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "done\n"
    return time.monotonic() - began


def main(database_url: str = "") -> None:
    """Measure on a database of our own: SQLite, or one made in the PostgreSQL server at `database_url`."""
    common.prepare(database_url)
    from django.utils import timezone

    from sora_portal.ledger import actions as credits
    from tests import factories

    factories.offered_model()
    subjects = (credits.scope_for_project(factories.project()), credits.scope_for_member(factories.ada()))
    for scope in (credits.organisation_scope(), *subjects):
        quota = BUDGET * 1000 + ADMISSIONS
        credits.set_quota(by=factories.mo(), scope=scope, monthly=quota, now=timezone.now())
    engine = "postgresql" if database_url else "sqlite"
    admission(engine)
    race(engine)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        submitters(int(sys.argv[2]))
    else:
        main(*sys.argv[1:])
