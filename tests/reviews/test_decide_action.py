"""`reviews.actions.decide`: who may, what it needs, and that one of two wins."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.db import connection

from sora_portal.errors import NotAllowed
from sora_portal.generations.domain import State
from sora_portal.generations.models import Generation
from sora_portal.reviews import actions, queries
from sora_portal.reviews.models import Decision
from tests import factories
from tests.reviews import shots

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("verdict", "reason", "shown"),
    [("approve", "", "approved"), ("request_changes", "Too dark", "changes"), ("reject", "Wrong dog", "rejected")],
)
def test_decide_is_kept_and_shown_on_the_row(verdict: str, reason: str, shown: str) -> None:
    row = shots.video()
    before = row.changed
    decision = shots.decide(row, verdict, f"  {reason} ")
    row.refresh_from_db()
    assert (decision.number, decision.sha256, decision.reason, decision.by) == (1, row.sha256, reason, factories.rae())
    assert row.review == shown
    assert row.changed > before
    assert row.events.last().kind == "review"
    assert reason in row.events.last().text


@pytest.mark.parametrize(
    ("verdict", "asks"), [("request_changes", "what should change"), ("reject", "why it is rejected")]
)
def test_decide_against_a_video_without_a_reason_is_refused(verdict: str, asks: str) -> None:
    row = shots.video()
    with pytest.raises(actions.ReasonMissing, match=asks):
        shots.decide(row, verdict, "  ")
    assert not Decision.objects.exists()


def test_decide_on_changes_is_content_with_an_open_note_only() -> None:
    row = shots.video()
    note = shots.note(row)
    actions.resolve_note(by=factories.rae(), note=note, resolved=True, now=note.at)
    with pytest.raises(actions.ReasonMissing):
        shots.decide(row, "request_changes")
    actions.resolve_note(by=factories.rae(), note=note, resolved=False, now=note.at)
    assert shots.decide(row, "request_changes").number == 1


def test_decide_on_ones_own_video_is_refused_naming_others() -> None:
    row = shots.video(author=factories.rae())
    with pytest.raises(NotAllowed, match=r"You made this video.* Mo Lindqvist can do it"):
        shots.decide(row, by=factories.rae())
    assert not Decision.objects.exists()


def test_decide_by_an_admin_on_their_own_video_is_refused_too() -> None:
    row = shots.video(author=factories.mo())
    with pytest.raises(NotAllowed, match="Rae Okafor can do it"):
        shots.decide(row, by=factories.mo())


def test_decide_by_a_member_is_refused_naming_reviewers() -> None:
    row = shots.video()
    with pytest.raises(NotAllowed, match=r"Only a reviewer.* Rae Okafor or Mo Lindqvist can do it"):
        shots.decide(row, by=factories.ada())


def test_decide_before_there_is_a_file_is_refused() -> None:
    row = factories.generation(state=State.RUNNING)
    with pytest.raises(actions.Closed, match="no finished file"):
        shots.decide(row)


def test_decide_again_after_changes_is_a_new_line() -> None:
    row = shots.video()
    shots.decide(row, "request_changes", "Too dark")
    shots.decide(row, "request_changes", "Still too dark")
    shots.decide(row, "approve")
    assert [(line.number, line.verdict) for line in queries.decisions(row)] == [
        (3, "approve"),
        (2, "request_changes"),
        (1, "request_changes"),
    ]


def test_decide_on_an_approved_video_needs_reopening_first() -> None:
    row = shots.video()
    shots.decide(row)
    with pytest.raises(actions.Closed, match=r"is approved\. Reopen it"):
        shots.decide(row, "reject", "Changed my mind")
    with pytest.raises(actions.ReasonMissing, match="looked at again"):
        shots.decide(row, "reopen")
    shots.decide(row, "reopen", "The logo is old")
    assert row.review == "to_review"
    assert queries.approval(row) is None


def test_decide_after_somebody_else_says_who_and_what() -> None:
    row = shots.video()
    seen = actions.sight_of(row)
    shots.decide(row, "reject", "Wrong dog", by=factories.mo())
    with pytest.raises(actions.Overtaken, match=r"Mo Lindqvist rejected this video while.*Wrong dog"):
        shots.decide(row, "approve", seen=seen)
    assert Decision.objects.count() == 1


def test_decide_on_a_standing_that_went_away_and_came_back_is_refused() -> None:
    """To review again, but not the review that was looked at: a comparison of the state alone would let it through."""
    row = shots.video()
    seen = actions.sight_of(row)
    shots.decide(row, "approve", by=factories.mo())
    shots.decide(row, "reopen", "The logo is old", by=factories.mo())
    assert row.review == seen.standing
    with pytest.raises(actions.Overtaken, match="Mo Lindqvist reopened"):
        shots.decide(row, "approve", seen=seen)


def test_decide_on_another_file_than_the_one_seen_is_refused() -> None:
    row = shots.video()
    seen = replace(actions.sight_of(row), sha256="0" * 64)
    with pytest.raises(actions.Overtaken, match="no longer the one"):
        shots.decide(row, seen=seen)


def test_approval_does_not_count_for_another_file() -> None:
    row = shots.video()
    decision = shots.decide(row)
    assert queries.approval(row) == decision
    Generation.objects.filter(pk=row.pk).update(sha256="f" * 64)
    row.refresh_from_db()
    assert queries.approval(row) is None


def test_decide_twice_with_the_same_form_is_one_decision() -> None:
    row = shots.video()
    seen = actions.sight_of(row)
    first = shots.decide(row, seen=seen)
    assert shots.decide(row, seen=seen) == first
    assert Decision.objects.count() == 1


def test_decide_otherwise_with_the_same_form_is_overtaken_by_oneself() -> None:
    row = shots.video()
    seen = actions.sight_of(row)
    shots.decide(row, seen=seen)
    with pytest.raises(actions.Overtaken):
        shots.decide(row, "reject", "Second thoughts", seen=seen)


@pytest.mark.django_db(transaction=True)
def test_decide_in_a_race_has_one_winner() -> None:
    row = shots.video()
    seen = actions.sight_of(row)
    people = [factories.rae(), factories.mo()] + [factories.user(f"rev{n}", "reviewer") for n in range(4)]
    gate = threading.Barrier(len(people))

    def press(number: int) -> str:
        gate.wait()
        try:
            shots.decide(row, "approve" if number % 2 else "reject", "In a hurry", by=people[number], seen=seen)
        except actions.Overtaken:
            return "overtaken"
        finally:
            connection.close()
        return "won"

    with ThreadPoolExecutor(len(people)) as pool:
        ends = sorted(pool.map(press, range(len(people))))
    assert ends == ["overtaken"] * (len(people) - 1) + ["won"]
    assert Decision.objects.count() == row.events.filter(kind="review").count() == 1


def test_decision_that_the_row_does_not_take_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    row = shots.video()
    monkeypatch.setattr("sora_portal.generations.actions.set_review", lambda **_: False)
    with pytest.raises(actions.Overtaken, match="has changed since"):
        shots.decide(row)
    assert not Decision.objects.exists()
