"""What has to be in place before the first process of an installation starts."""

import fcntl
import hashlib
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

# Readable twins of minified files, and the htmx that django-htmx brings beside ours: half of the time of compressing.
NEVER_SERVED = ["htmax-*", "htmx-[24]*", "xregexp.js", "jquery.js", "select2.full.js"]


class CannotStart(Exception):
    """The house cannot start like this; the message says what to do about it."""


@dataclass(frozen=True)
class Address:
    """Where the portal and its sandbox vendors listen."""

    host: str
    port: int
    sandbox_port: int

    @property
    def url(self) -> str:
        """The portal's origin as seen from this machine."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "") else "[::1]" if self.host == "::" else self.host  # noqa: S104
        return f"http://{host}:{self.port}"

    @property
    def bind(self) -> str:
        """What the web server listens on."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def sandbox_url(self) -> str:
        """The sandbox's origin; it listens on this machine only."""
        return f"http://127.0.0.1:{self.sandbox_port}"


def read_address(environment: Mapping[str, str]) -> Address:
    """Return the address that HOST, PORT and SORA_PORTAL_SANDBOX_PORT ask for; raises CannotStart."""
    port = _port("PORT", environment.get("PORT") or "8000")
    sandbox = _port("SORA_PORTAL_SANDBOX_PORT", environment.get("SORA_PORTAL_SANDBOX_PORT") or str(port + 1))
    return Address(host=environment.get("HOST") or "127.0.0.1", port=port, sandbox_port=sandbox)


def _port(name: str, text: str) -> int:
    if text.isdecimal() and 0 < int(text) < 65536:
        return int(text)
    raise CannotStart(f"{name} is {text!r}, and a port is a number from 1 to 65535.")


def require_free_ports(address: Address) -> None:
    """Raise CannotStart, naming the port and the way out, if one of the two ports is taken."""
    for host, port, owner, way_out in (
        (address.host, address.port, "the portal", f"PORT={address.port + 10} make run"),
        (
            "127.0.0.1",
            address.sandbox_port,
            "the sandbox vendors",
            f"SORA_PORTAL_SANDBOX_PORT={address.sandbox_port + 10} make run",
        ),
    ):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise CannotStart(
                    f"Port {port}, wanted for {owner} on {host}, cannot be used: {error.strerror}."
                    f" Choose another: {way_out}"
                ) from None


def take_data_folder(folder: Path) -> IO[str]:
    """Return the open lock file of the data folder, held until it is closed or this process ends.

    Raises CannotStart if another supervisor holds it: two sets of workers on one SQLite file only slow each other.
    """
    lock = (folder / "run" / "up.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise CannotStart(
            f"Another `make run` is using {folder}. Stop it, or choose another: SORA_PORTAL_DATA_DIR=... make run"
        ) from None
    return lock


def static_is_current(stamp: Path) -> bool:
    """Return whether the static files collected last are still those of the sources; `stamp` remembers them."""
    collected = Path(settings.STATIC_ROOT) / "staticfiles.json"
    return collected.exists() and stamp.exists() and stamp.read_text() == _static_fingerprint()


def collect_static(stamp: Path) -> None:
    """Collect, hash and compress the static files, and remember in `stamp` which they were."""
    fingerprint = _static_fingerprint()
    call_command("collectstatic", interactive=False, clear=True, verbosity=0, ignore_patterns=NEVER_SERVED)
    stamp.write_text(fingerprint)


def _static_fingerprint() -> str:
    """Return a digest over name, size and time of change of every static file that would be collected."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            digest.update(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
