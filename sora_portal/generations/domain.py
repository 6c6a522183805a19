"""States of a generation and of an attempt, and every move between them. Pure: no Django, no clock.

The tables are the protocol of `docs/lifecycle.md` (printed from here, `manage.py lifecycle_doc`). A move that is not
in the table does not exist: `generations.transitions` refuses to make it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sora_portal.providers import taxonomy
from sora_portal.providers.base import ErrorKind, Verdict
from sora_portal.providers.taxonomy import Subject


class State(StrEnum):
    """Where a generation is."""

    QUEUED = "queued"
    SUBMITTING = "submitting"
    UNCONFIRMED = "unconfirmed"
    RUNNING = "running"
    FETCHING = "fetching"
    NEEDS_DECISION = "needs_decision"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Phase(StrEnum):
    """Where one attempt at a vendor is."""

    PREPARED = "prepared"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    WRITTEN_OFF = "written_off"


TERMINAL = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED})
LIVE = frozenset(State) - TERMINAL
# Nobody but an admin, a late answer or the policy can end these.
IN_DOUBT = frozenset({State.UNCONFIRMED, State.NEEDS_DECISION})
# At most one attempt of a generation may be in one of these, which a partial unique index enforces.
LIVE_PHASES = frozenset({Phase.PREPARED, Phase.SENDING, Phase.ACCEPTED, Phase.UNKNOWN})


@dataclass(frozen=True)
class Move:
    """One arrow of the diagram: its cause, and what it does to the credits (``""``, release or capture)."""

    source: State
    target: State
    cause: str
    ledger: str = ""


MOVES: tuple[Move, ...] = (
    Move(State.QUEUED, State.SUBMITTING, "a worker claims it"),
    Move(State.QUEUED, State.CANCELLED, "the author or an admin cancels", "release"),
    Move(
        State.QUEUED,
        State.FAILED,
        "it waited past its deadline, what it refers to is gone, or an admin closed its model",
        "release",
    ),
    Move(State.SUBMITTING, State.QUEUED, "not sent, told to wait, vendor trouble, or not readable in this style"),
    Move(State.SUBMITTING, State.CANCELLED, "the vendor made nothing, and there was a wish to cancel", "release"),
    Move(State.SUBMITTING, State.RUNNING, "the vendor gave a task id"),
    Move(State.SUBMITTING, State.FAILED, "the vendor refused the request", "release"),
    Move(State.SUBMITTING, State.UNCONFIRMED, "the answer was lost or unclear"),
    Move(State.SUBMITTING, State.NEEDS_DECISION, "three workers died at this step"),
    Move(State.UNCONFIRMED, State.RUNNING, "a callback or an admin brought the task id"),
    Move(State.UNCONFIRMED, State.QUEUED, "a late answer: not sent, told to wait, or vendor trouble"),
    Move(State.UNCONFIRMED, State.CANCELLED, "the same late answer, and there was a wish to cancel", "release"),
    Move(State.UNCONFIRMED, State.NEEDS_DECISION, "the grace period is over"),
    Move(
        State.UNCONFIRMED,
        State.FAILED,
        "written off with a reason or after three days, or a late refusal",
        "release",
    ),
    Move(State.RUNNING, State.FETCHING, "the vendor's status says success"),
    Move(State.RUNNING, State.FAILED, "the vendor's status says failure", "release"),
    Move(State.RUNNING, State.UNCONFIRMED, "its task turned out to be another video's"),
    Move(State.RUNNING, State.NEEDS_DECISION, "lost by the vendor, finished without a usable address, or no end"),
    Move(State.FETCHING, State.SUCCEEDED, "the file is verified and stored", "capture"),
    Move(State.FETCHING, State.UNCONFIRMED, "its task turned out to be another video's"),
    Move(State.FETCHING, State.NEEDS_DECISION, "the file cannot be had"),
    Move(State.NEEDS_DECISION, State.UNCONFIRMED, "its task turned out to be another video's"),
    Move(State.NEEDS_DECISION, State.RUNNING, "an admin or the vendor brought it back"),
    Move(State.NEEDS_DECISION, State.FETCHING, "the file may be had after all"),
    Move(State.NEEDS_DECISION, State.QUEUED, "an admin puts back what never left the portal, or a late answer"),
    Move(State.NEEDS_DECISION, State.CANCELLED, "a late answer, and there was a wish to cancel", "release"),
    Move(
        State.NEEDS_DECISION,
        State.FAILED,
        "written off with a reason or after three days, or the vendor says failure",
        "release",
    ),
)
MOVE: Mapping[tuple[State, State], Move] = {(move.source, move.target): move for move in MOVES}

PHASES: Mapping[Phase, frozenset[Phase]] = {
    Phase.PREPARED: frozenset({Phase.SENDING, Phase.REJECTED}),
    Phase.SENDING: frozenset({Phase.ACCEPTED, Phase.REJECTED, Phase.UNKNOWN}),
    Phase.UNKNOWN: frozenset({Phase.ACCEPTED, Phase.REJECTED, Phase.WRITTEN_OFF}),
    Phase.ACCEPTED: frozenset({Phase.UNKNOWN, Phase.WRITTEN_OFF}),
    Phase.REJECTED: frozenset(),
    Phase.WRITTEN_OFF: frozenset(),
}


class BoundBy(StrEnum):
    """On whose word a vendor's task was bound to an attempt, see WORDS."""

    ANSWER = "answer"
    ECHO = "echo"
    NAMED = "named"
    ADMIN = "admin"
    CALLBACK = "callback"


WORDS: Mapping[BoundBy, str] = {
    BoundBy.ANSWER: "the vendor's plain yes to this very request",
    BoundBy.ECHO: "the task's record repeats our callback address, the attempt's name, or a prompt no other has",
    BoundBy.NAMED: "an unclear answer to this request names it, and the vendor knows it",
    BoundBy.ADMIN: "an admin entered it, and the vendor knows it",
    BoundBy.CALLBACK: "a callback names it, the vendor knows it, and no other request could have begun it",
}
# What the answer to another request takes back, should it name the same task.
WEAK = frozenset({BoundBy.NAMED, BoundBy.ADMIN, BoundBy.CALLBACK})


@dataclass(frozen=True)
class CreateOutcome:
    """What one answer to a create call does: to the attempt, to the generation, and whom it concerns."""

    phase: Phase
    state: State
    latch: bool = False


# The only table that may decide about sending again (docs/lifecycle.md, "Create answers").
ON_CREATE: Mapping[Verdict, CreateOutcome] = {
    Verdict.NOT_SENT: CreateOutcome(Phase.REJECTED, State.QUEUED),
    Verdict.ACCEPTED: CreateOutcome(Phase.ACCEPTED, State.RUNNING),
    Verdict.WAIT: CreateOutcome(Phase.REJECTED, State.QUEUED),
    Verdict.VENDOR_TROUBLE: CreateOutcome(Phase.REJECTED, State.QUEUED, latch=True),
    Verdict.REFUSED: CreateOutcome(Phase.REJECTED, State.FAILED),
    Verdict.CONFIGURATION: CreateOutcome(Phase.REJECTED, State.QUEUED, latch=True),
    Verdict.AMBIGUOUS: CreateOutcome(Phase.UNKNOWN, State.UNCONFIRMED),
}

# Intervals of the lifecycle, in seconds before SORA_PORTAL_TIME_SCALE.
LEASE = 75.0  # longer than a create call may take, or a slow vendor would look like a dead worker
WAIT = 10.0  # until a row that waits for a free place or a paused connection looks again
WAIT_EACH = 0.02  # and for each video that goes before it: whoever stands far behind is told less often
SEND_WINDOW = 5.0  # from SENDING committed to the first byte; later than this nobody may send
UNKNOWN_GRACE = 600.0
WRITE_OFF_AFTER = 72 * 3600.0  # no vendor takes that long: whatever was lost then is not coming back by itself
QUEUE_DEADLINE = 24 * 3600.0
RUN_DEADLINE = 2 * 3600.0
RETRY_CAP = 900.0
SLOW_POLL_AFTER = 1200.0
SLOW_POLL = 300.0
NOT_FOUND_LIMIT = 3
NOT_FOUND_SPAN = 600.0
NO_RESULT_LIMIT = 3
NO_RESULT_SPAN = 600.0
LOST_LEASES_LIMIT = 3
FETCH_LIMIT = 12
SAME_ADDRESS_AGAIN = 24 * 3600.0  # how long an address that gave no file is left to people before it is tried again
FETCH_LEASE = 120.0
# Vendors keep a file for fifteen days, and some say "failed" of a task and "success" later: so long it is asked after.
LATE_WATCH = 15 * 24 * 3600.0
LATE_REST = 24 * 3600.0  # the longest pause between two of those looks
LATE_ROUNDS = 3  # how often news may begin such a watch again
# In vendor time: at most a connection's `max_creates` are claimed in any span of this length. The cap speaks of ten
# seconds; the one more is for the way from the claim to the vendor, which is not equally long for all.
RATE_WINDOW = 11.0
# A vendor that was given an address to report to is asked less often by this factor; a report brings the look forward.
REPORTED = 3.0

# What an admin reads first; the vendor's own words, which may be Chinese, come after.
TROUBLES: Mapping[ErrorKind, str] = {
    ErrorKind.BAD_KEY: "it does not accept our key",
    ErrorKind.NO_BALANCE: "our account there is empty",
    ErrorKind.MODEL_UNAVAILABLE: "it does not serve this model at the moment",
    ErrorKind.MISCONFIGURED: "nothing of its kind answers at the address that is set",
}

# What a member reads. What to do comes with it; whose fault it is does not, unless it is theirs to mend.
SENTENCES: Mapping[ErrorKind, str] = {
    ErrorKind.BAD_KEY: (
        "The vendor does not accept our account right now. An admin has to set it right; nothing is lost."
    ),
    ErrorKind.NO_BALANCE: (
        "Our account at the vendor has to be topped up by an admin. The video waits; nothing is lost."
    ),
    ErrorKind.INVALID_REQUEST: "The vendor did not accept these settings. Change them and try again.",
    ErrorKind.CONTENT_POLICY: "The vendor refused this prompt for its content. Change the prompt and try again.",
    ErrorKind.MODEL_UNAVAILABLE: "The vendor does not serve this model at the moment. Try another model.",
    ErrorKind.RATE_LIMITED: "Waiting for a free slot at the vendor. It goes out by itself.",
    ErrorKind.TRANSIENT: "The vendor could not be reached. The portal tries again by itself.",
    ErrorKind.GENERATION_FAILED: "The vendor could not make this video. Try again, or change the prompt a little.",
    ErrorKind.NO_RESULT: "The vendor said the video was finished but never gave one. Try again.",
    ErrorKind.TIMED_OUT: "The vendor did not finish this video in time. Try again, or choose another model.",
    ErrorKind.MISCONFIGURED: (
        "The connection to the vendor is not set up right; an admin has to mend it. The video waits; nothing is lost."
    ),
    ErrorKind.UNKNOWN: "The vendor gave an answer that we do not understand. The portal keeps watching.",
}

# The same for a video that ended there: nothing waits any more, so the sentence must not say that it does.
ENDED: Mapping[ErrorKind, str] = {
    ErrorKind.BAD_KEY: (
        "The vendor stopped accepting our account while it worked on this. Tell an admin, then try again."
    ),
    ErrorKind.NO_BALANCE: "Our account at the vendor ran empty. Ask an admin to top it up, then try again.",
    ErrorKind.RATE_LIMITED: "The vendor was too busy for this video. Try again in a few minutes.",
    ErrorKind.TRANSIENT: "The vendor broke down over this video. Try again, or choose another model.",
    ErrorKind.MISCONFIGURED: "The vendor has no such thing at the address that is set. Tell an admin.",
    ErrorKind.UNKNOWN: "The vendor ended this video without a reason that we understand. Try again.",
}
# And where the vendor says what it did not like.
ABOUT: Mapping[tuple[ErrorKind, Subject], str] = {
    (ErrorKind.INVALID_REQUEST, Subject.IMAGE): (
        "The vendor could not use the image. Use a JPG, PNG or WebP below 10 MB that opens without signing in."
    ),
    (ErrorKind.INVALID_REQUEST, Subject.LENGTH): "The prompt is too long for this model. Shorten it and try again.",
    (ErrorKind.CONTENT_POLICY, Subject.IMAGE): (
        "The vendor refused the image for what it shows. Choose another image and try again."
    ),
}


def ended_sentence(kind: ErrorKind, *, code: str = "", message: str = "") -> str:
    """Return what a member reads about a video that a vendor refused or failed, by its failure code and its words."""
    subject = taxonomy.subject(kind, word=code, text=message)
    if subject is not None and (kind, subject) in ABOUT:
        return ABOUT[kind, subject]
    return ENDED.get(kind) or SENTENCES[kind]


def in_turn(
    waiting: Iterable[tuple[int, int]], busy: Mapping[int, int], served: Mapping[int, int] | None = None
) -> list[int]:
    """Return the rows in the order in which they may go out: round the members, whoever has least under way first.

    `waiting` are pairs of row and member, longest waiting first; `busy` says how many videos each member has under way;
    `served` grows with each video that was sent: of two members who have as many under way, the one who was served
    longest ago goes first, or else the one who waits longest.
    Beside a member with two queued videos, one with a hundred takes every second place and not the first hundred, even
    where there is one place only.
    """
    ahead = Counter(busy)
    ranks: list[tuple[tuple[int, int], int]] = []
    for row, member in waiting:
        ranks.append(((ahead[member], (served or {}).get(member, 0)), row))
        ahead[member] += 1
    return [row for _, row in sorted(ranks, key=lambda rank: rank[0])]


def place_words(ahead: int) -> str:
    """Return where a waiting video stands, in words that stay true for a while: every change of them is news."""
    if ahead == 0:
        return "It is next."
    if ahead == 1:
        return "One video goes first."
    if ahead < 5:
        return f"{ahead} videos go first."
    rough = next((step for step in (10, 20, 50, 100) if ahead <= step), 0)
    return f"Up to {rough} videos go first." if rough else "More than 100 videos go first."


def backoff(tries: int, *, jitter: float, base: float = 2.0, cap: float = RETRY_CAP) -> float:
    """Return seconds to wait before try number `tries` + 1: doubling, capped, spread by `jitter` in [0, 1)."""
    return min(base * 2.0 ** min(tries, 20), cap) * (0.5 + jitter / 2)


def poll_interval(interval: float, *, age: float) -> float:
    """Return seconds until the next look at a task that is `age` seconds old (both in vendor time)."""
    return max(interval, SLOW_POLL) if age > SLOW_POLL_AFTER else interval
