"""A task that leaves a mark, and a process that queues it: `marks.py`, with one path a line on standard input."""

import sys
from pathlib import Path


def mark(path: str) -> None:
    """Make the file at `path`."""
    Path(path).touch()


def main() -> None:
    """Queue a `mark` for each line read, and answer each with a line."""
    import django

    django.setup()
    from django_q.tasks import async_task

    for line in sys.stdin:
        async_task("tests.operations.marks.mark", line.strip(), cluster="work")
        sys.stdout.write("queued\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
