"""How fast /healthz answers while slow clients hold connections. `python -m bench.slow_clients [server...]`

Each server stands on loopback with the same portal. Each attack opens 20 or 200 connections, keeps them as slow as it
can for a few seconds, and meanwhile /healthz is asked ten times a second, each time on a connection of its own. A page
that does not come within PATIENCE counts as that long. `old` is what was used before; others are tried when named.
"""

import contextlib
import http.client
import socket
import sys
import threading
import time
from collections.abc import Iterator

from bench import common
from bench.poller import free_port

SECONDS = 5.0
PATIENCE = 4.0
COUNTS = (20, 200)
VIDEO = 40 * 1024**2
LINES = 4_000
GUNICORN = (
    "-m",
    "gunicorn",
    "sora_portal.wsgi",
    "--no-control-socket",
    "--log-level",
    "error",
    "--workers",
    "2",
    "--graceful-timeout",
    "1",
)
SERVERS: dict[str, tuple[str, ...]] = {
    "ours": ("-m", "gunicorn", "--config", "python:sora_portal.webserver.config", "sora_portal.wsgi", "--bind"),
    "old": (*GUNICORN, "--worker-class", "gthread", "--threads", "4", "--bind"),
    # Only where they are installed; the decision is docs/adr/0015.
    "gevent": (*GUNICORN, "--worker-class", "gevent", "--bind"),
    "waitress": ("-m", "waitress", "--threads=8", "--connection-limit=1000", "--asyncore-use-poll"),
    "granian": ("-m", "granian", "--interface", "wsgi", "--workers", "2", "--blocking-threads", "4", "--no-ws"),
    "granian-64": ("-m", "granian", "--interface", "wsgi", "--workers", "2", "--blocking-threads", "64", "--no-ws"),
}


def command(server: str, port: int) -> tuple[str, ...]:
    """Return the command line of a server that listens on `port`."""
    if server == "waitress":
        return (*SERVERS[server], f"--listen=127.0.0.1:{port}", "sora_portal.wsgi:application")
    if server.startswith("granian"):
        return (*SERVERS[server], "--host", "127.0.0.1", "--port", str(port), "sora_portal.wsgi:application")
    return (*SERVERS[server], f"127.0.0.1:{port}")


class Attack:
    """`count` connections that send `first` and then one byte of `rest` each second, and read nothing."""

    def __init__(self, port: int, count: int, first: bytes, rest: bytes = b"") -> None:
        self._sockets = []
        self._rest = rest
        self._over = threading.Event()
        for _ in range(count):
            attacker = socket.socket()
            attacker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            attacker.settimeout(2)
            with contextlib.suppress(OSError):
                attacker.connect(("127.0.0.1", port))
                attacker.sendall(first)
            self._sockets.append(attacker)
        self._thread = threading.Thread(target=self._drip)
        self._thread.start()

    def _drip(self) -> None:
        for byte in self._rest:
            if self._over.wait(1):
                return
            for attacker in self._sockets:
                with contextlib.suppress(OSError):
                    attacker.send(bytes([byte]))

    def close(self) -> None:
        """Let go of everything."""
        self._over.set()
        self._thread.join()
        for attacker in self._sockets:
            attacker.close()


def ask(port: int) -> float:
    """Return the seconds that /healthz took."""
    began = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", "/healthz")
        return time.monotonic() - began if connection.getresponse().status == 200 else PATIENCE
    except OSError:
        return PATIENCE
    finally:
        connection.close()


def asked(port: int) -> list[float]:
    """Ask ten times a second for SECONDS, whether or not the answers come; return how long each took."""
    took: list[float] = []
    asking = []
    for _ in range(int(SECONDS * 10)):
        asking.append(threading.Thread(target=lambda: took.append(ask(port))))
        asking[-1].start()
        time.sleep(0.1)
    for thread in asking:
        thread.join()
    return took


def attacks(cookie: str, video: str, picture: str) -> dict[str, tuple[bytes, bytes]]:
    """Return what the connections of each attack send, at once and byte by byte."""

    def get(path: str, more: str = "") -> bytes:
        return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n{more}\r\n".encode()

    post = f"POST {picture} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\nContent-Type: text/plain\r\n"
    return {
        "silent": (b"", b""),
        "heads": (b"G", b"ET /healthz HTTP/1.1"),
        "bodies": (f"{post}Content-Length: 1000\r\n\r\n".encode(), b"x" * 20),
        "chunked_bodies": (f"{post}Transfer-Encoding: chunked\r\n\r\nff\r\n".encode(), b"x" * 20),
        "idle_keep_alive": (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b""),
        "readers_of_a_video": (get(video), b""),
        "readers_of_a_range": (get(video, "Range: bytes=1000-\r\n"), b""),
        "readers_of_a_csv": (get("/team/credits/ledger.csv"), b""),
    }


def fill() -> tuple[str, str]:
    """Make a large video and a long ledger; return mo's cookie and the path of the video."""
    from django.core.management import call_command
    from django.db import transaction
    from django.test import Client
    from django.utils import timezone

    from sora_portal.generations.domain import State
    from sora_portal.ledger import actions as credits
    from sora_portal.outputs.media import storage
    from sora_portal.outputs.models import Output
    from tests import factories

    call_command("collectstatic", verbosity=0, interactive=False)
    row = factories.generation(state=State.SUCCEEDED)
    path = storage.video_path(row.sha256, "video/mp4")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\0" * VIDEO)
    shape = {"width": 1280, "height": 720, "duration_ms": 10_000, "fps": 24, "codec": "h264", "has_audio": False}
    Output.objects.create(
        generation=row, sha256=row.sha256, size=VIDEO, mime="video/mp4", fetched_at=timezone.now(), **shape
    )
    with transaction.atomic():
        for number in range(LINES):
            credits.grant(
                by=factories.mo(),
                scope=credits.organisation_scope(),
                amount=1000,
                reason=f"{number} " + "a long story " * 15,
                key=f"bench-{number}",
                now=timezone.now(),
            )
    browser = Client()
    browser.force_login(factories.mo())
    return f"sessionid={browser.cookies['sessionid'].value}", f"/videos/{row.public_id}/file.mp4"


@contextlib.contextmanager
def served(server: str) -> Iterator[int]:
    """Run a server until the block ends; give its port."""
    port = free_port()
    with common.process(*command(server, port)) as running:
        limit = time.monotonic() + 20
        while ask(port) >= PATIENCE and time.monotonic() < limit and running.poll() is None:
            time.sleep(0.2)
        yield port


def main(servers: list[str]) -> None:
    """Print p95 of /healthz for each server under each attack."""
    common.prepare()
    cookie, video = fill()
    from django.urls import reverse

    for name, (first, rest) in attacks(cookie, video, reverse("account_login")).items():
        for count in COUNTS:
            found = {}
            for server in servers:
                with served(server) as port:
                    attack = Attack(port, count, first, rest)
                    found[server] = common.percentile(asked(port), 0.95)
                    attack.close()
            ours, old = found[servers[0]], found[servers[-1]]
            common.report(
                f"slow.{name}.{count}.healthz_p95",
                ours,
                "s",
                peer=servers[-1],
                ratio=ours / old,
                **{server: round(value, 3) for server, value in found.items()},
            )


if __name__ == "__main__":
    main(sys.argv[1:] or ["ours", "old"])
