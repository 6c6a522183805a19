"""`make chaos`: kill everything that can be killed, then count. Prints one table; exit status 1 if anything broke.

`python -m chaos [--generations N] [--kills N] [--seed N] [--mutant NAME] [--database URL]`. With a mutant, a wrong
build of the portal, it is the other way round: exit status 1 if nothing broke. The database must be empty.
"""

import argparse
import contextlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from chaos import house, people

HEADINGS = ("lost", "double-paid", "settled twice", "wrongly settled", "two live attempts", "two owners", "stuck")
# What the vendor's create calls come to: three in ten are faulty. The rest of a video's life has some trouble too.
FAULTY = {"lost": 0.05, "lost-silent": 0.03, "500": 0.04, "429": 0.04, "callback-first": 0.03}
FAULTY |= {"create-named": 0.04, "create-quoted": 0.03, "create-slow": 0.02, "lost-crossed": 0.03}
TROUBLE = {
    "fail": 0.03,
    "twice": 0.03,
    "no-callback": 0.05,
    "truncated": 0.02,
    "variant": 0.03,
    "moved-url": 0.04,
    "fail-first": 0.04,
}
# Some quote what a vendor says of itself.
PROMPTS = (
    "fox number {} in the snow",
    "fox number {} on the stairs",
    "a poster number {} that says insufficient balance",
    "a sign number {} that says 未找到支持模型, this model is temporarily paused",
)
SLUGS = ("ruxa-sora-2", "apixo-sora-2", "sora2api-standard")


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__.partition("\n")[0])
    parser.add_argument("--generations", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=float, default=1.0, help="seconds between two shots")
    parser.add_argument(
        "--quiet", type=float, default=300.0, help="seconds without shots for everything to come to rest"
    )
    parser.add_argument("--calm", action="store_true", help="no kills and no faulty creates: who needs a person then?")
    parser.add_argument("--no-restore", action="store_true", help="no clone beside it and no older backup over it")
    parser.add_argument("--mutant", default="", help="a wrong build, from chaos/mutants.py")
    parser.add_argument("--database", default="", help="the URL of an empty database; a new file otherwise")
    wanted = parser.parse_args()
    if wanted.calm:
        wanted.kills, wanted.no_restore = 0, True
    return wanted


def main() -> int:
    """Run once; return the exit status."""
    wanted = options()
    folder = Path(tempfile.mkdtemp(prefix="sora-portal-chaos-"))
    ports = house.free_ports()
    os.environ.update(house.environment(folder, ports, mutant=wanted.mutant, database=wanted.database))
    import django

    django.setup()
    forms, session = prepare(wanted)
    began = time.monotonic()
    fire = Fire(wanted, folder, ports, forms, session)
    try:
        fire.run()
        fire.rest()
        memory = house.memory(ports[1])
    finally:
        fire.close()
    return report(wanted, fire, memory, time.monotonic() - began, folder)


def prepare(wanted: argparse.Namespace) -> tuple[list[dict[str, Any]], str]:
    """Make the database, ada, her credits and her session; return the forms that she is going to send."""
    from django.core.management import call_command
    from django.db import connection, connections
    from django.test import Client

    from chaos.mutants import MUTANTS
    from sora_portal.catalog.models import Connection
    from tests import factories

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    if wanted.mutant and MUTANTS[wanted.mutant].schema:
        with connection.cursor() as cursor:
            cursor.execute(MUTANTS[wanted.mutant].schema)
    factories.money(1_000_000)
    project = factories.project()
    models = [factories.offered_model(slug) for slug in SLUGS]
    # The caps are not what is tried here, and with them a thousand videos take an hour.
    Connection.objects.update(max_in_flight=1000, max_creates=1000)
    client = Client()
    client.force_login(factories.ada())
    forms = []
    for number in range(wanted.generations):
        model = models[number % len(models)]
        chosen = {name: value for name, value in model.rules.defaults().items() if value}
        fixed = {"project": project.pk, "model": model.pk, "submit_key": f"chaos-{number}"}
        forms.append({**chosen, **fixed, "prompt": PROMPTS[number % len(PROMPTS)].format(number)})
    session = client.cookies["sessionid"].value
    connections.close_all()
    return forms, session


class Fire:
    """One run: the house, who shoots at it, and who stands outside."""

    def __init__(
        self,
        wanted: argparse.Namespace,
        folder: Path,
        ports: tuple[int, int],
        forms: list[dict[str, Any]],
        session: str,
    ) -> None:
        from chaos.killer import Killer
        from chaos.restoring import Restorer

        self._wanted, self._ports = wanted, ports
        dice = random.Random(wanted.seed)
        quick = ["--clips", "one", "--seconds-per-video", "1.5", "--speed", "100", "--latency", "0.02-0.2"]
        self.house = house.House(folder, ports, quick)
        self.killer = Killer(self.house, dice)
        self._ended = threading.Event()
        self._resumed = 0.0
        pause = 0.9 * wanted.kills * wanted.every / max(1, wanted.generations)
        self.members = people.Members(f"http://127.0.0.1:{ports[0]}", session, forms, self._ended, pause)
        self.restorer = Restorer(self.house, self.members, folder, ports[1])
        self.stranger = people.Stranger(
            lambda: house.memory(ports[1])["tasks"], random.Random(wanted.seed), self._ended
        )

    def run(self) -> None:
        """Shoot until there were enough kills and everybody has an answer."""
        self.house.open()
        self._wait_for_vendor()
        self.members.start()
        self.stranger.start()
        following = time.monotonic() + 3
        steps = [] if self._wanted.no_restore else [self._restore, self.restorer.run_clone, self.restorer.back_up]
        ahead = len(steps) + 1
        while self.killer.kills < self._wanted.kills or not self.members.finished:
            self.house.keep()
            self.killer.tend()
            answered = len(self.members.answered)
            if steps and answered * ahead >= self._wanted.generations * (ahead - len(steps)):
                steps.pop()()
            self._resume()
            if time.monotonic() > following and self.killer.kills < self._wanted.kills:
                following = time.monotonic() + self._wanted.every
                self.killer.shoot()
            elif self.killer.kills >= self._wanted.kills:
                self.killer.cease()
            time.sleep(0.05)
        self.killer.cease()

    def _restore(self) -> None:
        self.killer.cease()
        self.restorer.restore()

    def _resume(self) -> None:
        """Open again what the portal paused, as an admin does; not while the database is busy."""
        from django.db import OperationalError, connections

        from sora_portal.catalog.models import Connection, VideoModel

        if time.monotonic() < self._resumed + 2:
            return
        self._resumed = time.monotonic()
        paused, closed = Connection.objects.filter(paused_at__isnull=False), VideoModel.objects.filter(latched=True)
        with contextlib.suppress(OperationalError):
            if paused.exists() or closed.exists():
                paused.update(paused_at=None, pause_reason="", latched=False)
                closed.update(lifecycle="active", latched=False, lifecycle_note="")
        connections.close_all()  # a restore puts another file in the place of the database

    def _wait_for_vendor(self) -> None:
        for _ in range(200):
            with contextlib.suppress(OSError):
                rates = {} if self._wanted.calm else {**FAULTY, **TROUBLE}
                house.memory(self._ports[1], "/_settings", {"rates": rates})
                return
            time.sleep(0.1)
        raise SystemExit("the sandbox did not start")

    def rest(self) -> None:
        """Wait until every row has ended or waits for a person, at most as long as is allowed."""
        from sora_portal.generations.domain import TERMINAL, State
        from sora_portal.generations.models import Generation

        moving = Generation.objects.exclude(state__in=[*TERMINAL, State.NEEDS_DECISION.value])
        end = time.monotonic() + self._wanted.quiet
        while (moving.exists() or self._owed()) and time.monotonic() < end:
            self.house.keep()
            self._resume()
            time.sleep(0.2)

    def _owed(self) -> bool:
        """Tell whether a video that ended as failed has yet to be recovered: its vendor took the failure back."""
        from sora_portal.generations.models import Attempt

        made = [task["task_id"] for task in house.memory(self._ports[1])["tasks"] if task["state"] == "succeeded"]
        ended = Attempt.objects.filter(phase="accepted", generation__state="failed", generation__recovered_at=None)
        return ended.filter(vendor_task_id__in=made).exists()

    def close(self) -> None:
        """Stop everything."""
        self._ended.set()
        self.house.close()


def report(wanted: argparse.Namespace, fire: Fire, memory: Any, seconds: float, folder: Path) -> int:
    """Print the table; return the exit status."""
    from chaos.invariants import broken
    from sora_portal.generations.models import Generation

    found = broken(memory, keys=fire.members.answered)
    counts = Counter(one.heading for one in found)
    states = Counter(Generation.objects.values_list("state", flat=True))
    faulty = sum(bool(FAULTY.keys() & set(create["markers"])) for create in memory["creates"])
    shots = {**fire.killer.shots, **{f"at {name}": count for name, count in fire.killer.reached.items()}}
    rows = {
        "seed, commit, engine": f"{wanted.seed}, {commit()}, {'postgresql' if wanted.database else 'sqlite'}",
        "mutant": wanted.mutant or "none",
        "videos": f"{len(fire.members.answered)} submitted, {fire.members.turned_away} turned away, "
        f"{fire.members.again} forms sent again",
        "create calls": f"{len(memory['creates'])}, {faulty} of them faulty; {fire.stranger.sent} callbacks forged",
        "kills": f"{fire.killer.kills}; {fire.house.restarts} restarts by the process manager",
        "clock set wrong by four days": f"{fire.killer.jumps} times",
        "of these": ", ".join(f"{count} {name}" for name, count in sorted(shots.items())),
        "backup restored": fire.restorer.done or "no",
        "wait for a person": f"{states['needs_decision']}",
        "ended as": ", ".join(f"{count} {state}" for state, count in sorted(states.items())),
        **{heading: str(counts.pop(heading, 0)) for heading in HEADINGS},
        "ledger differences": str(sum(counts.values())),
        "seconds": f"{seconds:.0f}",
    }
    print("| chaos | |\n| --- | --- |")
    for name, value in rows.items():
        print(f"| {name} | {value} |")
    for one in found[:20]:
        print(f"{one.heading}: {one.where}", file=sys.stderr)
    if found:
        print(f"The log and the data are in {folder}", file=sys.stderr)
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return int(bool(found) != bool(wanted.mutant))


def commit() -> str:
    """Return the commit of this tree, marked when the tree has changed since."""
    git = ["git", "describe", "--always", "--dirty", "--abbrev=10"]
    done = subprocess.run(git, cwd=house.ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main())
