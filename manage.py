#!/usr/bin/env python
"""Django's command line for this project; `make help` lists the everyday commands."""

import os
import sys

from sora_portal import startup_errors


def main() -> None:
    """Run one management command with the portal's settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sora_portal.settings")
    startup_errors.load_settings()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    startup_errors.run(main)
