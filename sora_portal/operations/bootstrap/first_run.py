"""The first minute of an installation: a `.env` file with secrets of its own.

Run as `python -m sora_portal.operations.bootstrap.first_run`, before Django: settings refuse to load without what this
writes. A value that is there, in the file or in the environment, is never touched; only missing ones are added.
"""

import base64
import os
import re
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

from sora_portal import startup_errors

_SYLLABLES = [consonant + vowel for consonant in "bdfghjklmnprstvz" for vowel in "aeiou"]


def readable_password() -> str:
    """Return a fresh password that can be read aloud and typed: three invented words and two digits, 63 bits."""
    words = ["".join(secrets.choice(_SYLLABLES) for _ in range(3)) for _ in range(3)]
    return f"{'-'.join(words)}-{secrets.randbelow(90) + 10}"


def field_key() -> str:
    """Return a fresh Fernet key: 32 random bytes in URL-safe base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


WANTED: tuple[tuple[str, str, Callable[[], str]], ...] = (
    ("SORA_PORTAL_SECRET_KEY", "Signs sessions and queue messages.", lambda: secrets.token_urlsafe(64)),
    ("SORA_PORTAL_FIELD_KEYS", "Encrypts the vendors' keys in the database. Lost keys cannot be read back.", field_key),
    ("SORA_PORTAL_DEMO_PASSWORD", "Given to ada, rae and mo when they are made.", readable_password),
    ("SORA_PORTAL_SANDBOX", "1: vendors without a key are stand-ins on this machine.", lambda: "1"),
    ("SORA_PORTAL_HTTPS", "0 because `make run` serves plain http on this machine only.", lambda: "0"),
)


def present(text: str) -> set[str]:
    """Return the names that an env file's text sets, read as django-environ reads it: `NAME=` or `export NAME=`."""
    return set(re.findall(r"^(?:export )?([A-Za-z_0-9]+)=", text, flags=re.MULTILINE))


def ensure(path: Path, environment: dict[str, str]) -> list[str]:
    """Add what is wanted and set neither in the file at `path` nor in `environment`; return the names added.

    The file is for its owner only (mode 0600) from the moment it exists.
    """
    text = path.read_text() if path.exists() else ""
    missing = [row for row in WANTED if row[0] not in present(text) and not environment.get(row[0])]
    if not missing:
        return []
    lines = "" if text else "# Written by the first `make run`; docs/settings.md explains every name.\n"
    if text and not text.endswith("\n"):
        lines += "\n"
    lines += "".join(f"# {why}\n{name}={make()}\n" for name, why, make in missing)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "a") as file:
        file.write(lines)
    return [name for name, _, _ in missing]


def main() -> None:
    """Complete the `.env` beside manage.py and say what was added, never the values."""
    path = Path(__file__).resolve().parents[3] / ".env"
    added = ensure(path, dict(os.environ))
    if added:
        sys.stdout.write(f"Wrote {', '.join(added)} to {path.name}\n")


if __name__ == "__main__":
    startup_errors.run(main)
