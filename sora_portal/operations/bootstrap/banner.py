"""Tells the person at the terminal where the portal is, once it really answers."""

import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable

PATIENCE = 60.0
"""Seconds after which it is said what is still missing."""

# A proxy in the environment is for the outside world.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def missing(url: str) -> str | None:
    """Return what keeps the portal at `url` from being ready, or None when it is ready."""
    try:
        with _opener.open(f"{url}/readyz", timeout=5):
            return None
    except urllib.error.HTTPError as answer:
        try:
            return "; ".join(json.load(answer)["problems"])
        except (ValueError, KeyError, TypeError):
            return f"it answers {answer.code}"
    except OSError as error:
        return f"it does not answer ({error})"


def announce(url: str, *, sign_ins: Callable[[], list[str]], data: str) -> None:
    """Wait until the portal at `url` is ready, then print the address and the lines of `sign_ins()`.

    `data` is the folder to name. One line each, without a prefix: scripts read them.
    """
    lines = sign_ins()
    began = time.monotonic()
    complained = False
    while (what := missing(url)) is not None:
        if not complained and time.monotonic() - began > PATIENCE:
            sys.stdout.write(f"Still waiting for {url}: {what}\n")
            sys.stdout.flush()
            complained = True
        time.sleep(0.2)
    block = [f"Sora Portal is running at {url}", f"Data is kept in {data}; Ctrl-C stops everything."]
    if lines:
        block += ["Sign in as:", "", *lines]
    # One write, so that no line of a worker comes in between.
    sys.stdout.write("\n" + "\n".join(block) + "\n\n")
    sys.stdout.flush()
