"""The tests that matter on both engines, on PostgreSQL: `python -m tests.postgresql [pytest options]`.

They run against the server at TEST_DATABASE_URL, or against one that is started here for as long as they take, in a
temporary folder and without waiting for the disk, where PostgreSQL's programs are installed.
"""

import contextlib
import getpass
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

# What talks SQL of its own, takes locks, or relies on what a database refuses. Everything else is the same on both, and
# so are, in these places, pages and pure rules.
SAME = ("*_view.py", "*_views.py", "*_domain.py")
PLACES = (
    "tests/catalog/test_shipping.py",
    "tests/ledger",
    "tests/generations",
    "tests/crashes/test_web.py",
    "tests/crashes/test_parallel.py",
    "tests/crashes/test_sending.py",
    "tests/crashes/test_freezing.py",
    "tests/outputs/fetching/test_fetch.py",
    "tests/outputs/fetching/test_fetch_crashes.py",
    "tests/outputs/fetching/test_fetch_races.py",
    "tests/outputs/fetching/test_late_fetch_crashes.py",
    "tests/operations/backups/test_backup.py",
    "tests/reviews/test_models.py",
    "tests/reviews/test_decide_action.py",
)
FASTER = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=200",
    "listen_addresses=127.0.0.1",
)
PATIENCE = 60.0


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, the newest where there are several; None when it is not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(folders, key=lambda folder: int(folder.parent.name), default=None)


def servant() -> str:
    """Return the user under whom the server runs: PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return getpass.getuser()
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("postgres").pw_name
    return "nobody"


@contextlib.contextmanager
def server(folder: Path) -> Iterator[str]:
    """Run a new server from the programs in `folder` until the block ends; yield its address."""
    with tempfile.TemporaryDirectory(prefix="sora-portal-pg-", ignore_cleanup_errors=True) as scratch:
        user = servant()
        if os.geteuid() == 0:
            shutil.chown(scratch, user)
        data, port = f"{scratch}/data", _free_port()
        as_user = {"user": user} if os.geteuid() == 0 else {}
        command = [folder / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=scratch, **as_user)  # type: ignore[call-overload]
        options = [word for option in FASTER for word in ("-c", option)]
        with (Path(scratch) / "log").open("wb") as log:
            running: subprocess.Popen[bytes] = subprocess.Popen(
                [folder / "postgres", "-D", data, "-p", str(port), "-k", scratch, *options],
                stdout=log,
                stderr=log,
                cwd=scratch,
                **as_user,  # type: ignore[call-overload]
            )
        try:
            _wait_for(folder, port, running)
            yield f"postgres://postgres@127.0.0.1:{port}/postgres"
        finally:
            running.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.wait(20)
            running.kill()
            running.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(folder: Path, port: int, running: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + PATIENCE
    ready = [folder / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    while subprocess.run(ready, check=False).returncode != 0:
        if running.poll() is not None or time.monotonic() > end:
            raise SystemExit("PostgreSQL was started for the tests and did not come up.")
        time.sleep(0.1)


def run(address: str, options: list[str]) -> int:
    """Run the tests on the server at `address`; return pytest's exit status."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options]
    if not any(option.startswith("tests") for option in options):
        command += [*PLACES, *(f"--ignore-glob={pattern}" for pattern in SAME)]
    return subprocess.run(command, env={**os.environ, "TEST_DATABASE_URL": address}, check=False).returncode


def main(options: list[str]) -> int:
    """Find or start a server and run the tests there; 2 when there is none to be had."""
    given = os.environ.get("TEST_DATABASE_URL", "")
    if given.startswith("postgres"):
        return run(given, options)
    folder = programs()
    if folder is None:
        sys.stderr.write("No PostgreSQL: set TEST_DATABASE_URL or install its server (scripts/postgresql.sh).\n")
        return 2
    with server(folder) as address:
        return run(address, options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
