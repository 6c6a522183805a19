"""`python -m bench` (or `make bench`): every benchmark, one after the other; PostgreSQL too where a server answers.

BENCH_DATABASE_URL names the server (default: postgres on loopback); a database is made in it and dropped again.
"""

import os
import subprocess
import sys
from urllib.parse import urlsplit

import psycopg

from bench.common import POSTGRESQL

NAME = "sora_portal_bench"


def run(module: str, *arguments: str) -> int:
    """Run one benchmark in a process of its own."""
    return subprocess.run([sys.executable, "-m", f"bench.{module}", *arguments], check=False).returncode


def on_postgresql() -> int:
    """Run the benchmarks of submitting and of the queue in a database made for it, or say why not."""
    server = os.environ.get("BENCH_DATABASE_URL", POSTGRESQL)
    try:
        with psycopg.connect(server, autocommit=True, connect_timeout=3) as admin:
            admin.execute(f"DROP DATABASE IF EXISTS {NAME}")
            admin.execute(f"CREATE DATABASE {NAME}")
            url = urlsplit(server)._replace(path=f"/{NAME}").geturl()
            status = max(run("submit", url), run("queue", url))
            admin.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
            return status
    except psycopg.OperationalError as error:
        print(f"no PostgreSQL at {server}, so that part is left out: {str(error).splitlines()[0]}", file=sys.stderr)
        return 0


if __name__ == "__main__":
    rest = ("page", "callbacks", "poller", "wedge", "pictures", "slow_clients")
    sys.exit(max(run("submit"), run("queue"), on_postgresql(), *(run(name) for name in rest)))
