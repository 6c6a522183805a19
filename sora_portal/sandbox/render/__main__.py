"""The renderer's child process: one JSON job a line on stdin, one JSON answer a line on stdout.

A job is the arguments of `encode.Job`; the answer is `{"error": ""}` or the reason. The end of stdin ends the process,
so a sandbox that dies takes its renderer along. With a file name as argument it makes that one clip and stops.
"""

import argparse
import contextlib
import json
import os
import signal
import sys

from sora_portal.sandbox.render.encode import Job, make

_SHORT = 3.0


def serve() -> None:
    """Work off jobs until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    polite = False
    for line in sys.stdin:
        try:
            job = Job(**json.loads(line))
            if job.seconds > _SHORT and not polite:
                # A portal answering pages on the same machine goes before long clips; tests wait for short ones.
                polite = True
                with contextlib.suppress(OSError):
                    os.nice(5)
            make(job)
            error = ""
        except Exception as trouble:  # noqa: BLE001 - whatever the encoder says must reach the task
            error = f"{type(trouble).__name__}: {trouble}"
        try:
            sys.stdout.write(json.dumps({"error": error}) + "\n")
            sys.stdout.flush()
        except BrokenPipeError:  # the sandbox was killed meanwhile; nobody waits for this clip
            os._exit(0)


def once(arguments: list[str]) -> None:
    """Make one clip from command line arguments."""
    parser = argparse.ArgumentParser(prog="python -m sora_portal.sandbox.render")
    parser.add_argument("path")
    parser.add_argument("--caption", default="A quiet valley at dawn")
    parser.add_argument("--label", default="sandbox")
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--fps", type=int, default=24)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    width, height = (int(part) for part in given.size.split("x"))
    make(Job(given.path, given.caption, given.label, width, height, given.seconds, given.fps, given.seed))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        once(sys.argv[1:])
    else:
        serve()
