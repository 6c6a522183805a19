"""An installation of its own for tests that need real processes: data folder, secrets, ports, `manage.py`."""

import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Installation:
    """Everything that one set of processes needs; `marker` is in the environment of each of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_ports()
        self.marker = f"SORA_PORTAL_DATA_DIR={folder}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("SORA_PORTAL_")},
            "DJANGO_SETTINGS_MODULE": "sora_portal.settings",
            "DATABASE_URL": f"sqlite:///{folder}/portal.sqlite3",
            "REDIS_URL": "",
            "PORT": str(self.port),
            "HOST": "127.0.0.1",
            "SORA_PORTAL_SANDBOX_PORT": str(self.port + 1),
            "SORA_PORTAL_DATA_DIR": str(folder),
            "SORA_PORTAL_SECRET_KEY": "only-for-tests-" + "s" * 60,
            "SORA_PORTAL_FIELD_KEYS": "c29yYS1wb3J0YWwtdGVzdHMtb25seS1rZXktMDAwMDA=",
            "SORA_PORTAL_DEMO_PASSWORD": "bodoka-rimena-tusopi-42",
            "SORA_PORTAL_HTTPS": "0",
        }

    def manage(self, *arguments: str) -> None:
        """Run a management command to its end."""
        subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.environment, check=True)

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start a management command; what it says goes to `log`."""
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "manage.py", *arguments],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        """What the started commands have said so far."""
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""


def free_ports() -> int:
    """Return a port that is free now and whose successor is free too."""
    while True:
        with ExitStack() as stack:
            first, second = (stack.enter_context(socket.socket()) for _ in range(2))
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port
