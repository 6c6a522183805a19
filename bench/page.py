"""The studio page and its poll on the web server, signed in, and the poll on gthread. `python -m bench.page`"""

import http.client
import threading
import time
from collections.abc import Callable

from bench import common
from bench.poller import free_port
from bench.slow_clients import command

SECONDS = 8.0
CLIENTS = 8


def load(port: int, path: str, headers: dict[str, str], expect: int, pids: list[int]) -> tuple[float, float, int]:
    """Ask for `path` from CLIENTS keep-alive connections; return requests/s, CPU ms a request, bytes an answer."""
    counts, sizes = [0] * CLIENTS, [0] * CLIENTS
    end = time.monotonic() + SECONDS
    busy = common.cpu_seconds(pids)

    def client(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while time.monotonic() < end:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == expect, (answer.status, body[:300])
            counts[number] += 1
            sizes[number] = len(body)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = sum(counts)
    return total / SECONDS, (common.cpu_seconds(pids) - busy) / total * 1000, max(sizes)


def queries(work: Callable[[], object]) -> int:
    """Return how many SQL statements `work` makes in this process."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        work()
    return len(captured)


def main() -> None:
    """Fill a list of 50 rows, serve it, and print the measures."""
    common.prepare()
    from django.conf import settings
    from django.core.management import call_command
    from django.test import Client

    from sora_portal.generations import queries as reading
    from sora_portal.generations.domain import State
    from sora_portal.generations.feed import counter
    from sora_portal.generations.feed.middleware import feed_token
    from tests import factories

    call_command("collectstatic", verbosity=0, interactive=False)
    states = (State.SUCCEEDED, State.RUNNING, State.QUEUED, State.FAILED)
    factories.generation(state=State.SUCCEEDED)
    browser = Client()
    browser.force_login(factories.ada())
    settings.ALLOWED_HOSTS.append("testserver")
    browser.get("/")
    one = queries(lambda: browser.get("/"))
    for number in range(49):
        factories.generation(state=states[number % 4])
    common.report("page.queries_1_row", one, "queries")
    common.report("page.queries_50_rows", queries(lambda: browser.get("/")), "queries")

    audience = reading.audience_of(factories.ada())
    tag = counter.cursor(audience)
    poll = f"/feed/?feed={feed_token(audience)}"
    common.report("poll.unchanged_queries", queries(lambda: browser.get(poll, headers={"HX-PTag": tag})), "queries")
    cookie = f"sessionid={browser.cookies['sessionid'].value}"
    port = free_port()
    with common.process(*command("ours", port), ready=4.0) as server:
        pids = common.descendants(server.pid)
        full = load(port, "/", {"Cookie": cookie}, 200, pids)
        whole = load(port, "/feed/", {"Cookie": cookie, "HX-PTag": tag}, 304, pids)
        gate = load(port, poll, {"Cookie": cookie, "HX-PTag": tag}, 304, pids)
    port = free_port()
    with common.process(*command("old", port), ready=4.0) as server:
        pids = common.descendants(server.pid)
        old_full = load(port, "/", {"Cookie": cookie}, 200, pids)
        old_gate = load(port, poll, {"Cookie": cookie, "HX-PTag": tag}, 304, pids)
    common.report("page.50_rows.rate", full[0], "requests/s")
    common.report("page.50_rows.cpu", full[1], "ms a request")
    common.report("page.50_rows.size", full[2] / 1024, "KiB")
    common.report("poll.unchanged.rate", gate[0], "requests/s", peer="the whole page again", ratio=gate[0] / full[0])
    common.report("poll.unchanged.cpu", gate[1], "ms a request", peer="the whole page again", ratio=gate[1] / full[1])
    common.report("page.50_rows.cpu_gthread", old_full[1], "ms a request", peer="ours", ratio=old_full[1] / full[1])
    common.report("poll.unchanged.cpu_gthread", old_gate[1], "ms a request", peer="ours", ratio=old_gate[1] / gate[1])
    common.report("poll.unchanged.size", gate[2], "bytes")
    common.report(
        "poll.unchanged.cpu_without_gate", whole[1], "ms a request", peer="with the gate", ratio=whole[1] / gate[1]
    )


if __name__ == "__main__":
    main()
