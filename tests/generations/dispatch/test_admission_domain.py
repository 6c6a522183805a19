"""Whose turn it is, as pure arithmetic."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sora_portal.generations.domain import in_turn, place_words

ADA, RAE, MO = 1, 2, 3


def test_a_member_with_a_hundred_videos_does_not_starve_one_with_one() -> None:
    waiting = [(number, ADA) for number in range(100)] + [(100, RAE)]
    assert in_turn(waiting, {})[:3] == [0, 100, 1], "one each, the longest waiting first"
    assert in_turn(waiting, {ADA: 5})[0] == 100
    assert in_turn(waiting, {RAE: 1})[:3] == [0, 1, 100]


def test_whoever_has_least_under_way_goes_first_and_then_they_take_turns() -> None:
    waiting = [(1, ADA), (2, ADA), (3, RAE), (4, MO), (5, RAE)]
    assert in_turn(waiting, {ADA: 1, MO: 2}) == [3, 1, 5, 2, 4]


def test_with_one_place_only_the_members_take_turns_too() -> None:
    blocks = {member: [100 * member + number for number in range(100)] for member in (ADA, RAE, MO)}
    served: dict[int, int] = {}
    went = []
    for moment in range(9):
        waiting = sorted((row, member) for member, rows in blocks.items() for row in rows)
        row = in_turn(waiting, {}, served)[0]
        member = row // 100
        blocks[member].remove(row)
        served[member] = moment + 1
        went.append(member)
    assert went == [ADA, RAE, MO] * 3


@pytest.mark.parametrize("places", [5, 50])
def test_twenty_members_with_a_hundred_videos_each_share_the_places(places: int) -> None:
    waiting = [(100 * member + number, member) for member in range(20) for number in range(100)]
    shares = Counter(row // 100 for row in in_turn(waiting, {})[:places])
    assert len(shares) == min(20, places)
    assert max(shares.values()) - min(shares.get(member, 0) for member in range(20)) <= 1


@given(
    st.lists(st.sampled_from([ADA, RAE, MO]), max_size=40),
    st.dictionaries(st.sampled_from([ADA, RAE, MO]), st.integers(0, 9)),
)
def test_everybody_is_in_line_once_and_no_member_gets_two_ahead_of_another_who_waits(
    members: list[int], busy: dict[int, int]
) -> None:
    waiting = list(enumerate(members))
    order = in_turn(waiting, busy)
    assert sorted(order) == list(range(len(members)))
    has, left = Counter(busy), Counter(members)
    for row in order:
        member = members[row]
        assert all(has[member] <= has[other] for other, number in left.items() if number)
        has[member] += 1
        left[member] -= 1
    for member in set(members):
        mine = [row for row in order if members[row] == member]
        assert mine == sorted(mine), "of one member's videos the longest waiting goes first"


def test_places_are_told_in_words_that_stay_true_for_a_while() -> None:
    said = [place_words(ahead) for ahead in (0, 1, 3, 7, 10, 11, 60, 100, 5000)]
    assert said == [
        "It is next.",
        "One video goes first.",
        "3 videos go first.",
        "Up to 10 videos go first.",
        "Up to 10 videos go first.",
        "Up to 20 videos go first.",
        "Up to 100 videos go first.",
        "Up to 100 videos go first.",
        "More than 100 videos go first.",
    ]
    assert len({place_words(ahead) for ahead in range(1000)}) == 10
