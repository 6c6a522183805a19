"""From a vendor's news to the row that people see: by callback, under a flood of forged ones, and by polling alone.

A whole portal (web, work cluster, sweep) beside the sandbox vendors. `python -m bench.callbacks`

Polling is held against what each vendor's own sample does: the loop of Sora2API's quickstart (look, sleep 30 s),
APIXO's "wait 180 seconds, then poll every 10", the 5 s loop of Ruxa's guide to best practices. Both run on a clock of
BENCH_SCALE: 1 unless set, which takes four minutes. On a faster clock the vendors' waits shrink, but not the second or
so that fetching and examining a file takes us, so the ratios look worse than they are.
"""

import http.client
import json
import os
import random
import secrets
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from statistics import mean
from typing import Any

from bench import common
from bench.poller import free_port
from sora_portal import webserver

SCALE = float(os.environ.get("BENCH_SCALE", "1"))
CALLED = 12  # videos at each vendor
POLLED = 24
FLOOD = 10_000
FLOODERS = 4
# Videos end over so many of their vendor's intervals; a whole number, so that every moment between two looks counts.
LONGER = 3
# Vendor: model, seconds until the first look and between two looks, in the vendor's own words or sample.
LOOPS = {"ruxa": ("ruxa-sora-2", 0, 5), "apixo": ("apixo-sora-2", 180, 10), "sora2api": ("sora2api-standard", 0, 30)}
PEERS = {
    "ruxa": "the 5 s loop of Ruxa's best practices",
    "apixo": "APIXO's tip: wait 180 s, then look every 10 s",
    "sora2api": "the loop of Sora2API's quickstart",
}
MEASURES: dict[str, Callable[[list[float]], float]] = {
    "mean": mean,
    "p50": partial(common.percentile, share=0.5),
    "p95": partial(common.percentile, share=0.95),
}


class Sandbox:
    """What the sandbox at `url` remembers and takes as settings."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, path: str, body: object = None, **headers: str) -> Any:
        """GET, or POST when there is a body; return the JSON."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Authorization": "Bearer bench", **headers})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def tasks(self, mark: str) -> list[dict[str, Any]]:
        """Return the tasks whose prompt begins with `mark`."""
        found: list[dict[str, Any]] = self.ask("/_memory")["tasks"]
        return [task for task in found if task["prompt"].startswith(mark)]


class Eyes:
    """Looks at the rows every 10 ms and notes when each left RUNNING and when it had its file (Unix seconds)."""

    def __init__(self) -> None:
        self.seen: dict[str, float] = {}
        self.done: dict[str, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Eyes":
        self._thread.start()
        return self

    def __exit__(self, *trouble: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        from django.db import connection

        from sora_portal.generations.models import Generation

        while not self._stop.wait(0.01):
            rows = Generation.objects.filter(state__in=["fetching", "succeeded"]).values_list("prompt", "state")
            for prompt, state in rows:
                self.seen.setdefault(prompt, time.time())
                if state == "succeeded":
                    self.done.setdefault(prompt, time.time())
        connection.close()


def order(mark: str, each: int, wait: Callable[[str, int], float]) -> set[str]:
    """Submit `each` videos at every vendor, ready after `wait(vendor, number)` seconds each; return their prompts."""
    from tests import factories

    prompts = set()
    for number in range(each):
        for vendor, (slug, _, _) in LOOPS.items():
            prompt = f"{mark} {vendor} {number} [wait:{wait(vendor, number):.2f}]"
            factories.generation(model=factories.offered_model(slug), prompt=prompt)
            prompts.add(prompt)
    return prompts


def until(true: Callable[[], bool], seconds: float) -> None:
    """Wait until something holds; raises TimeoutError."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError("the portal did not get there")
        time.sleep(0.1)


def by_callback(sandbox: Sandbox, mark: str, name: str) -> None:
    """Measure from the moment at which the vendor posts to the row that shows it, and to the stored file."""
    with Eyes() as eyes:
        prompts = order(mark, CALLED, lambda vendor, number: random.uniform(8, 14))
        until(lambda: prompts <= eyes.done.keys(), 90)
    posted = {task["prompt"]: task["callbacks"][0]["at"] for task in sandbox.tasks(mark)}
    seen = [eyes.seen[prompt] - posted[prompt] for prompt in prompts]
    done = [eyes.done[prompt] - posted[prompt] for prompt in prompts]
    for share in (0.5, 0.95):
        percent = round(share * 100)
        common.report(f"{name}.to_row_p{percent}", common.percentile(seen, share) * 1000, "ms", callbacks=len(seen))
        common.report(f"{name}.to_file_p{percent}", common.percentile(done, share) * 1000, "ms")
    within = sum(value <= 5 for value in seen)
    common.report(f"{name}.genuine_within_5_s", within, "callbacks", of=len(seen))


@contextmanager
def flood(port: int) -> Iterator[dict[int, int]]:
    """Post forged callbacks from FLOODERS connections until FLOOD are out or the block ends; yields the answers."""
    answers: dict[int, int] = {}
    lock, stop = threading.Lock(), threading.Event()

    def post() -> None:
        line = http.client.HTTPConnection("127.0.0.1", port)
        body = json.dumps({"code": 200, "data": {"taskId": "task_1", "state": "success", "successFlag": 1}})
        for _ in range(FLOOD // FLOODERS):
            if stop.is_set():
                break
            line.request("POST", f"/callbacks/{secrets.token_urlsafe(32)}/", body, {"Content-Type": "application/json"})
            answer = line.getresponse()
            answer.read()
            with lock:
                answers[answer.status] = answers.get(answer.status, 0) + 1

    threads = [threading.Thread(target=post) for _ in range(FLOODERS)]
    for thread in threads:
        thread.start()
    yield answers
    for thread in threads:
        thread.join()


def by_polling(sandbox: Sandbox) -> None:
    """Measure from the end at the vendor to the row, with polling alone, and the vendor's own loop beside it."""
    from sora_portal.catalog.models import Connection, VideoModel

    Connection.objects.update(callbacks=False)
    first = {
        model.connection.vendor: model.rules.first_poll
        for model in VideoModel.objects.filter(slug__in=[slug for slug, _, _ in LOOPS.values()])
    }

    def wait(vendor: str, number: int) -> float:
        # Spread evenly, and the same for both sides: with a dozen each, dice would say more than the rhythm.
        _, advised, interval = LOOPS[vendor]
        return SCALE * (max(advised, first[vendor]) + LONGER * interval * (number + 0.5) / POLLED)

    lags: dict[str, list[float]] = {vendor: [] for vendor in LOOPS}
    loops = [
        threading.Thread(target=peer, args=(sandbox, vendor, wait(vendor, number), lags[vendor]), daemon=True)
        for vendor in LOOPS
        for number in range(POLLED)
    ]
    with Eyes() as eyes:
        prompts = order("Polled", POLLED, wait)
        for thread in loops:
            thread.start()
        until(lambda: prompts <= eyes.done.keys(), 400)
        for thread in loops:
            thread.join()
    ends = {task["prompt"]: task["finished_at"] for task in sandbox.tasks("Polled")}
    for vendor, theirs in lags.items():
        ours = [eyes.done[prompt] - ends[prompt] for prompt in prompts if f" {vendor} " in prompt]
        seen = [eyes.seen[prompt] - ends[prompt] for prompt in prompts if f" {vendor} " in prompt]
        for name, of in MEASURES.items():
            mine, loop = of(ours), of(theirs)
            common.report(
                f"polling.{vendor}.done_to_file_{name}",
                mine,
                "s",
                peer=PEERS[vendor],
                ratio=mine / max(loop, 1e-9),
                peer_value=round(loop, 3),
                to_row=round(of(seen), 3),
                scale=SCALE,
            )


def peer(sandbox: Sandbox, vendor: str, wait: float, lags: list[float]) -> None:
    """Make one video as the vendor's sample does and note the seconds from its end until its file is here."""
    _, first, interval = LOOPS[vendor]
    prompt = f"Peer {vendor} {secrets.token_hex(4)} [wait:{wait:.2f}]"
    create, status = _paths(vendor, prompt)
    task = sandbox.ask(*create)["data"]["taskId"]
    time.sleep(first * SCALE)
    while True:
        data = sandbox.ask(status.format(task))["data"]
        found = data.get("response") or json.loads(data.get("resultJson") or "{}")
        url = found.get("imageUrl") or next(iter(found.get("resultUrls", [])), "")
        if url:
            break
        time.sleep(interval * SCALE)
    with urllib.request.urlopen(url, timeout=30) as answer:
        answer.read()
    at = time.time()
    lags.append(at - next(task["finished_at"] for task in sandbox.tasks(prompt)))


def _paths(vendor: str, prompt: str) -> tuple[tuple[str, object], str]:
    if vendor == "ruxa":
        body: object = {"model": "sora-2", "input": {"prompt": prompt, "seconds": "10"}}
        return ("/ruxa/api/v1/tasks/create", body), "/ruxa/api/v1/tasks/query/{}"
    if vendor == "apixo":
        body = {"input": {"mode": "text-to-video", "prompt": prompt, "duration": 10}}
        return ("/apixo/api/v1/generateTask/sora-2", body), "/apixo/api/v1/statusTask/sora-2?taskId={}"
    body = {"prompt": prompt, "aspectRatio": "landscape", "quality": "standard"}
    return ("/sora2api/api/v1/sora2/generate", body), "/sora2api/api/v1/sora2/record-info?taskId={}"


def main() -> None:
    """Run all three and print the measures."""
    web, vendors = free_port(), free_port()
    common.prepare(
        SORA_PORTAL_PUBLIC_URL=f"http://127.0.0.1:{web}",
        SORA_PORTAL_TIME_SCALE=str(SCALE),
        # With a key they count as the real ones: the sandbox would be asked sixteen times as often.
        **{f"SORA_PORTAL_{vendor.upper()}_URL": f"http://127.0.0.1:{vendors}/{vendor}" for vendor in LOOPS},
        **{f"SORA_PORTAL_{vendor.upper()}_KEY": "bench" for vendor in LOOPS},
    )
    from django.core.management import call_command

    from sora_portal.catalog.models import Connection
    from sora_portal.generations.polling.slot import Lookout
    from tests import factories

    call_command("collectstatic", verbosity=0, interactive=False)
    factories.offered_model()
    factories.money(1_000_000)
    Connection.objects.update(max_in_flight=1000, max_creates=1000)
    Lookout()()
    with ExitStack() as stack:
        stack.enter_context(common.process("-m", "sora_portal.sandbox", "--port", str(vendors), "--clips", "one"))
        stack.enter_context(common.process(*webserver.command(f"127.0.0.1:{web}")))
        stack.enter_context(common.process("manage.py", "cluster", "work"))
        stack.enter_context(common.process("manage.py", "cluster", "sweep", ready=6.0))
        sandbox = Sandbox(f"http://127.0.0.1:{vendors}")
        by_callback(sandbox, "Called", "callback")
        with flood(web) as answers:
            by_callback(sandbox, "Flooded", "callback_in_a_flood")
        common.report("callback_in_a_flood.forged_accepted", answers.get(200, 0), "callbacks", of=sum(answers.values()))
        by_polling(sandbox)


if __name__ == "__main__":
    main()
