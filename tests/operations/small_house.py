"""A supervised group of small commands: `small_house.py FOLDER NAME=COMMAND...`, each run by this Python's -c."""

import os
import sys
from pathlib import Path

from sora_portal.operations.supervision.process_group import Group


def main() -> None:
    """Supervise until something ends."""
    folder = Path(sys.argv[1])
    group = Group(when_started=(folder / "started").touch)
    for argument in sys.argv[2:]:
        name, _, code = argument.partition("=")
        group.add(name, [sys.executable, "-c", code], environment=os.environ, folder=folder)
    sys.exit(group.supervise())


if __name__ == "__main__":
    main()
