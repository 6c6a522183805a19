"""Command line of the sandbox: options, start, signals, stop."""

import argparse
import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sora_portal.sandbox import config as knobs_module
from sora_portal.sandbox.callbacks import Callbacks
from sora_portal.sandbox.clips import Clips
from sora_portal.sandbox.config import CLIPS, PACES, Config
from sora_portal.sandbox.engine import Engine
from sora_portal.sandbox.journal import Journal
from sora_portal.sandbox.server import Server

JOURNAL = "journal.jsonl"


@dataclass(frozen=True)
class Options:
    """Where the sandbox listens, where it keeps things, how it behaves."""

    host: str
    port: int
    data: Path | None
    public_url: str
    renderers: int
    knobs: Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the sandbox's options to a parser."""
    parser.add_argument(
        "--port", type=int, default=int(os.environ.get("SORA_PORTAL_SANDBOX_PORT") or 8001), help="0 takes a free one"
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--data", type=Path, help="folder of memory and media; without it a temporary one")
    parser.add_argument("--public-url", default="", help="origin of media addresses; default http://HOST:PORT")
    parser.add_argument(
        "--pace", choices=sorted(PACES), default="fast", help="fast: 10 s video in 15 s; vendor: minutes"
    )
    parser.add_argument("--speed", type=float, help="times faster than the vendors' minutes; overrides --pace")
    parser.add_argument("--seconds-per-video", type=float, help="every video is ready after this long")
    parser.add_argument(
        "--clips", choices=CLIPS, default="full", help="quick: 2 s at 640x360; one: shared by all tasks"
    )
    parser.add_argument("--latency", default="0", help="wait before each vendor answer, seconds: 0.05 or 0.03-0.1")
    parser.add_argument("--renderers", type=int, default=1, choices=(1, 2), help="clips rendered at once")


def read_options(given: Mapping[str, Any]) -> Options:
    """Turn parsed arguments into options; raise knobs.BadKnob when one makes no sense."""
    speed = given["speed"] if given["speed"] is not None else given["pace"]
    return Options(
        host=given["host"],
        port=given["port"],
        data=given["data"],
        public_url=given["public_url"],
        renderers=given["renderers"],
        knobs=Config().changed(
            {
                "speed": speed,
                "seconds_per_video": given["seconds_per_video"],
                "clips": given["clips"],
                "latency": given["latency"],
            }
        ),
    )


def run(options: Options) -> None:
    """Serve until SIGTERM or SIGINT; a temporary data folder goes with the process."""
    if options.data is not None:
        return _serve(options, options.data)
    with tempfile.TemporaryDirectory(prefix="sandbox-vendors-", ignore_cleanup_errors=True) as folder:
        _serve(options, Path(folder))
    return None


def _serve(options: Options, folder: Path) -> None:
    media = folder / "media"
    media.mkdir(parents=True, exist_ok=True)
    memory = Journal(folder / JOURNAL)
    clips = Clips(workers=options.renderers)
    server = Server((options.host, options.port))
    url = f"http://{options.host}:{server.server_port}"
    engine = Engine(memory=memory, clips=clips, knobs=options.knobs, base_url=options.public_url or url, media=media)
    callbacks = Callbacks(engine)
    engine.on_accept, engine.deliver_now = callbacks.watch, callbacks.send_now
    server.engine = engine
    _stop_on_signals()
    clips.start()
    callbacks.start()
    engine.resume()
    sys.stdout.write(f"Sandbox vendors listening on {url} (/ruxa /apixo /sora2api)" + "\n")
    sys.stdout.flush()
    try:
        with contextlib.suppress(_Asked):
            server.serve_forever(poll_interval=0.2)
    finally:
        server.server_close()
        callbacks.close()
        clips.close()
        memory.close()


class _Asked(BaseException):
    """Somebody asked the sandbox to stop."""


def _stop_on_signals() -> None:
    """Let the first SIGTERM or SIGINT end what the main thread does, as Ctrl-C ends a program; ignore the others."""

    # shutdown() waits for the loop that a handler interrupts, and starting a thread for it takes a lock that the loop,
    # which starts a thread for each request, may hold.
    def stop(number: int, frame: object) -> None:
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, signal.SIG_IGN)
        raise _Asked

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the sandbox from a command line; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m sora_portal.sandbox", description="Stand-in vendors over real HTTP."
    )
    add_arguments(parser)
    try:
        options = read_options(vars(parser.parse_args(argv)))
    except knobs_module.BadSetting as error:
        parser.error(str(error))
    run(options)
    return 0
