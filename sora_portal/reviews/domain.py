"""What reviewers can say about a finished video, and what follows. Pure: no Django, no clock.

A review is the third machine beside a generation and its attempts: it begins when the video is stored and moves no
credits. A move that is not in the table does not exist.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sora_portal.web.text import is_blank


class Standing(StrEnum):
    """Where the review of a video is; the words are those of the generation's row."""

    WAITING = "to_review"
    CHANGES = "changes"
    APPROVED = "approved"
    REJECTED = "rejected"


class Verdict(StrEnum):
    """What somebody decided."""

    APPROVE = "approve"
    REQUEST_CHANGES = "request_changes"
    REJECT = "reject"
    REOPEN = "reopen"


class Needs(StrEnum):
    """What a decision has to say to the author."""

    NOTHING = "nothing"
    REASON_OR_NOTE = "a reason or an open note"
    REASON = "a reason"


@dataclass(frozen=True)
class Move:
    """One arrow: from where, by which decision, to where, and what the decision has to bring."""

    source: Standing
    verdict: Verdict
    target: Standing
    needs: Needs = Needs.NOTHING


def _from_undecided(source: Standing) -> tuple[Move, ...]:
    return (
        Move(source, Verdict.APPROVE, Standing.APPROVED),
        Move(source, Verdict.REQUEST_CHANGES, Standing.CHANGES, Needs.REASON_OR_NOTE),
        Move(source, Verdict.REJECT, Standing.REJECTED, Needs.REASON),
    )


MOVES: tuple[Move, ...] = (
    *_from_undecided(Standing.WAITING),
    *_from_undecided(Standing.CHANGES),
    Move(Standing.APPROVED, Verdict.REOPEN, Standing.WAITING, Needs.REASON),
    Move(Standing.REJECTED, Verdict.REOPEN, Standing.WAITING, Needs.REASON),
)
MOVE: Mapping[tuple[Standing, Verdict], Move] = {(move.source, move.verdict): move for move in MOVES}
# Where notes still help: the other two are closed until somebody reopens them.
OPEN = frozenset({Standing.WAITING, Standing.CHANGES})

DID: Mapping[Verdict, str] = {
    Verdict.APPROVE: "approved",
    Verdict.REQUEST_CHANGES: "requested changes to",
    Verdict.REJECT: "rejected",
    Verdict.REOPEN: "reopened",
}


@dataclass(frozen=True)
class Sight:
    """What a person was looking at when they decided: the standing, how many decisions came before, and which file."""

    standing: str
    decisions: int
    sha256: str


def moves_from(standing: str) -> tuple[Move, ...]:
    """Return what can be decided at `standing` (a word of `Standing`, or "" before the review), in button order."""
    return tuple(move for move in MOVES if move.source == standing)


def lacks(move: Move, *, reason: str, open_notes: int) -> bool:
    """Return whether a decision fails to say to the author what `move` needs."""
    if not is_blank(reason) or move.needs is Needs.NOTHING:
        return False
    return not (move.needs is Needs.REASON_OR_NOTE and open_notes)


def timecode(frame: int, fps: float) -> str:
    """Return "MM:SS:FF" of a frame, counted from 0: the same as static/js/player.js shows."""
    seconds = math.floor(frame / fps)
    return f"{seconds // 60:02d}:{seconds % 60:02d}:{math.floor(frame - seconds * fps):02d}"


_TIMECODE = re.compile(r"(\d{1,4}):([0-5]?\d)(?::(\d{1,3}))?", re.ASCII)


def frame_at(code: str, fps: float) -> int | None:
    """Return the frame that "MM:SS:FF" or "MM:SS" names; None for what is no time code.

    The inverse of `timecode` for every frame. With a broken rate such as 29.97 a second does not begin on a frame;
    its first frame is the one after.
    """
    found = _TIMECODE.fullmatch(code.strip())
    if found is None:
        return None
    minutes, seconds, frames = (int(part or 0) for part in found.groups())
    if frames >= math.ceil(fps):
        return None
    # 1e-6 frames: without it 2 s at a rate such as 23.976 could round up over a float's last digit
    return math.ceil((minutes * 60 + seconds) * fps - 1e-6) + frames
