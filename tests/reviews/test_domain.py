"""The table of reviews, and time codes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sora_portal.generations.models import Review
from sora_portal.reviews.domain import (
    MOVE,
    MOVES,
    OPEN,
    Needs,
    Standing,
    Verdict,
    frame_at,
    lacks,
    moves_from,
    timecode,
)
from sora_portal.reviews.presentation import buttons

RATES = (10.0, 12.0, 23.976, 24.0, 25.0, 29.97, 30.0, 59.94, 60.0)


def test_standings_are_those_of_the_row() -> None:
    assert {standing.value for standing in Standing} == set(Review.values) - {""}


def test_table_has_no_two_ways_for_one_decision() -> None:
    assert len(MOVE) == len(MOVES)


def test_every_verdict_is_possible_while_undecided() -> None:
    wanted = [Verdict.APPROVE, Verdict.REQUEST_CHANGES, Verdict.REJECT]
    for standing in OPEN:
        assert [move.verdict for move in moves_from(standing)] == wanted


@pytest.mark.parametrize("standing", sorted(set(Standing) - OPEN))
def test_final_standing_can_only_be_reopened_with_a_reason(standing: Standing) -> None:
    (move,) = moves_from(standing)
    assert (move.verdict, move.target, move.needs) == (Verdict.REOPEN, Standing.WAITING, Needs.REASON)


def test_nothing_can_be_decided_before_the_review() -> None:
    assert moves_from("") == ()


@pytest.mark.parametrize(
    ("verdict", "reason", "notes", "missing"),
    [
        ("approve", "", 0, False),
        ("request_changes", "", 0, True),
        ("request_changes", " \n", 0, True),
        ("request_changes", "", 1, False),
        ("request_changes", "too dark", 0, False),
        ("reject", "", 1, True),
        ("reject", "wrong product", 0, False),
    ],
)
def test_decision_lacks_a_reason(verdict: str, reason: str, notes: int, missing: bool) -> None:
    move = MOVE[Standing.WAITING, Verdict(verdict)]
    assert lacks(move, reason=reason, open_notes=notes) is missing


@pytest.mark.parametrize(
    ("frame", "fps", "code"),
    [
        (0, 24, "00:00:00"),
        (59, 24, "00:02:11"),
        (148, 24, "00:06:04"),
        (1500, 25, "01:00:00"),
        (24, 23.976, "00:01:00"),
    ],
)
def test_timecode_counts_minutes_seconds_frames(frame: int, fps: float, code: str) -> None:
    assert timecode(frame, fps) == code


@given(st.integers(min_value=0, max_value=20_000), st.sampled_from(RATES))
def test_timecode_leads_back_to_its_frame(frame: int, fps: float) -> None:
    assert frame_at(timecode(frame, fps), fps) == frame


def test_timecode_without_frames_is_the_first_frame_of_the_second() -> None:
    assert frame_at(" 00:02 ", 24) == 48


@pytest.mark.parametrize(
    "code", ["", "2", "0:60", "00:01:24", "-1:00", "a:b:c", "00:00:00:00", "００:01", "9" * 9 + ":00"]
)
def test_frame_at_refuses_what_is_no_timecode(code: str) -> None:
    assert frame_at(code, 24) is None


def test_buttons_carry_their_keys_in_words() -> None:
    shown = [(button.label, button.key, button.needs_reason) for button in buttons("to_review")]
    assert shown == [("Approve", "A", False), ("Request changes", "R", True), ("Reject", "", True)]
    assert [button.verdict for button in buttons("approved")] == ["reopen"]
