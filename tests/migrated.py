"""A migrated SQLite database to copy: migrating takes seconds, and a run of the tests wants several.

It is made once for each state of the migrations and kept in the virtual environment.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def copy_migrated(target: Path) -> None:
    """Put a migrated SQLite database without rows at `target`."""
    digest = hashlib.sha256()
    for path in (ROOT / "requirements-dev.lock", *sorted(ROOT.glob("sora_portal/*/migrations/*.py"))):
        digest.update(path.read_bytes())
    kept = ROOT / ".venv" / f"migrated-{digest.hexdigest()[:16]}.sqlite3"
    with (ROOT / ".venv" / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            for old in kept.parent.glob("migrated-*"):
                old.unlink()
            part = kept.with_suffix(".part")
            environment = {
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "tests.settings",
                "TEST_DATABASE_URL": f"sqlite:///{part}",
            }
            command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
            subprocess.run(command, cwd=ROOT, env=environment, check=True)
            part.rename(kept)
        shutil.copyfile(kept, target)
