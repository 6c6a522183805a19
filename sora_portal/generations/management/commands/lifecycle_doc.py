"""`manage.py lifecycle_doc`: print docs/lifecycle.md from the tables that the code runs on."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from sora_portal.failpoints import CRASHES, FAILPOINTS
from sora_portal.generations import domain


class Command(BaseCommand):
    """Writes the document, or with --check compares it."""

    help = "Write docs/lifecycle.md from the transition tables; --check only compares."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="fail when the document is out of date")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(settings.BASE_DIR) / "docs" / "lifecycle.md"
        text = document()
        if options["check"]:
            if not path.exists() or path.read_text() != text:
                raise CommandError("docs/lifecycle.md is out of date: run manage.py lifecycle_doc")
            return
        path.write_text(text)


def document() -> str:
    """Return the document as Markdown."""
    return "\n".join(
        [
            _INTRODUCTION,
            _diagram(),
            _moves(),
            _answers(),
            _bindings(),
            _phases(),
            _LATE,
            _intervals(),
            _crashes(),
            _failpoints(),
        ]
    )


def _diagram() -> str:
    arrows = "\n".join(f"    {move.source} --> {move.target}: {move.cause}" for move in domain.MOVES)
    ends = "\n".join(f"    {state} --> [*]" for state in domain.State if state in domain.TERMINAL)
    return f"## Diagram\n\n```mermaid\nstateDiagram-v2\n    [*] --> queued: a member submits\n{arrows}\n{ends}\n```\n"


def _moves() -> str:
    rows = "\n".join(
        f"| {move.source} | {move.target} | {move.cause} | {move.ledger or '-'} |" for move in domain.MOVES
    )
    return f"## Moves\n\n| from | to | cause | credits |\n| --- | --- | --- | --- |\n{rows}\n"


def _answers() -> str:
    rows = "\n".join(
        f"| {verdict} | {outcome.phase} | {outcome.state} | {'yes' if outcome.latch else '-'} |"
        for verdict, outcome in domain.ON_CREATE.items()
    )
    return (
        "## Create answers\n\nThe only table that may decide about sending again. `providers.verdicts` reads the vendor's"
        " codes and failure words, never its sentences; whatever it does not know is `ambiguous`, and so is every answer"
        " that carries what can be a task's id without being a plain yes: the vendor is asked about that id.\n\n"
        f"| verdict | attempt | generation | pauses the way there |\n| --- | --- | --- | --- |\n{rows}\n\n"
        "One exception: a 422 that is no judgement of the content says that the vendor could not read the request, and"
        " made nothing. If the vendor has two ways to write a request, the generation is `queued` again for one attempt"
        " in the other way (`generations/vendor/body_style.py`); what is accepted then is kept for the connection.\n"
    )


def _bindings() -> str:
    rows = "\n".join(
        f"| {word} | {meaning} | {'yes' if word in domain.WEAK else 'no'} |" for word, meaning in domain.WORDS.items()
    )
    return (
        "## Whose task it is\n\nA task belongs to one attempt, on the word of (`generations/vendor/task_binding.py`):\n\n"
        f"| word | what it is | may be taken back |\n| --- | --- | --- |\n{rows}\n\n"
        "The plain yes to another request takes a task back: the video that had it is `unconfirmed` again, its attempt"
        " `unknown`, its credits still held. A video that has ended, or has the file, stays as it is, both are noted, and"
        " a person decides. What a callback names while other requests of the connection have no known task is kept and"
        " asked about again; a request for which a task was named,"
        " or to which the vendor said yes, is not written off by time.\n"
    )


def _phases() -> str:
    rows = "\n".join(
        f"| {phase} | {', '.join(sorted(targets)) or '(the end)'} |" for phase, targets in domain.PHASES.items()
    )
    return f"## Phases of an attempt\n\n| phase | may become |\n| --- | --- |\n{rows}\n"


def _intervals() -> str:
    names = {
        "LEASE": "a worker's claim on sending",
        "WAIT": "until a row that waits for a free place is looked at again if nobody wakes it",
        "RATE_WINDOW": "in which a connection takes `max_creates` requests; also scaled by the pace of a sandbox",
        "SEND_WINDOW": "from `sending` committed to the first byte; later nobody may send (never scaled)",
        "UNKNOWN_GRACE": "unconfirmed until a person is asked",
        "WRITE_OFF_AFTER": "from sending until a request that nobody heard of again is written off",
        "QUEUE_DEADLINE": "longest wait in the queue",
        "RUN_DEADLINE": "running until a person is asked",
        "SLOW_POLL_AFTER": "age from which polls are slow",
        "SLOW_POLL": "the slow poll",
        "NOT_FOUND_SPAN": "how long a vendor must keep saying that it knows no such task",
        "NO_RESULT_SPAN": "how long a vendor must keep saying success without an address until a person is asked",
        "RETRY_CAP": "longest back-off",
        "SAME_ADDRESS_AGAIN": "until an address that gave no file is tried again without a person",
        "FETCH_LEASE": "a worker's claim on a download",
        "LATE_WATCH": "how long a late task is watched",
        "LATE_REST": "longest pause between two looks at a late task",
    }
    rows = "\n".join(f"| {name} | {getattr(domain, name):g} s | {text} |" for name, text in names.items())
    return f"## Intervals\n\nMultiplied by SORA_PORTAL_TIME_SCALE.\n\n| name | length | what |\n| --- | --- | --- |\n{rows}\n"


def _crashes() -> str:
    rows = []
    for crash in CRASHES:
        points = ", ".join(f"`{point}`" for point in crash.points)
        tests = "<br>".join(f"`{test.rpartition('::')[2]}`" for test in crash.tests)
        rows.append(f"| {crash.what} | {points} | {crash.back} | {crash.holds} | {tests} |")
    return (
        "## What a crash leads to\n\nEach row has failpoints, places where `manage.py failpoints --arm` lets a portal in"
        " test mode die, and tests in\n`tests/crashes` or `tests/operations/supervision/test_cluster.py` that kill a real process"
        " exactly there.\n\n| crash | failpoints | what brings it back | what holds | tests |\n"
        "| --- | --- | --- | --- | --- |\n" + "\n".join(rows) + "\n"
    )


def _failpoints() -> str:
    rows = "\n".join(f"| `{point.name}` | {point.where} | {point.moment} |" for point in FAILPOINTS)
    return f"## Failpoints\n\n| name | in | what has happened by then |\n| --- | --- | --- |\n{rows}\n"


_INTRODUCTION = """# Life of a generation

Printed by `manage.py lifecycle_doc` from `sora_portal/generations/domain.py`; `make check` compares. Do not edit.

No vendor offers an idempotency key, a list of tasks or a cancel call, and a video costs real money. So:

1. A create call whose answer was lost is *unconfirmed*: its credits stay held and nothing ever sends it again by itself.
2. The point of no return is one compare-and-swap, `prepared` to `sending`, committed before the first byte leaves. A
   partial unique index allows one live attempt per generation.
3. Every attempt has its own 256-bit token in the callback address. A callback brings a lost task id home, but it moves
   no state and no money: it only brings our own status query forward.
4. Credits settle exactly once, in the transaction that ends the row; they are captured when the verified file is stored.
5. The queue only wakes. The row decides, and the sweep finds every row that nobody woke.
"""

_LATE = """## Late tasks

A vendor may have made a video after all that ended here without a file and gave its credits back. The end stands: no
move leads out of it. Beside it a late task (`generations/vendor/late_tasks.py`, a row of its own) is watched and fetched:

| it begins when | attempt |
| --- | --- |
| an answer or a callback names a task after the decision, and the vendor confirms it | rejected, written_off |
| a video fails, is written off or is cancelled whose task is known | any |
| a callback says success of a known task of a video that failed or was cancelled | any |

A worker claims the row under a lease and a fence, asks the vendor itself, and brings the file by the same download,
check and store as any other (`outputs/fetching/late_fetch.py`). One transaction then closes the watch, writes the file, and marks
the video as recovered: it can be played and reviewed, and nobody is charged. Nothing here knows the ledger. A video that
is live again through another attempt is left alone. Vendors have said "failed" or "no such task" and brought the file
later, so no word of theirs ends the watch: it ends with the file, after three dead workers, or after LATE_WATCH, as long
as vendors keep files. Looks become rarer, down to one in LATE_REST. News may begin it again, twice at most.
"""
