"""Where a task stands at a moment, from what was decided when it was accepted. Nothing here changes a task."""

from dataclasses import replace

from sora_portal.sandbox import scenarios
from sora_portal.sandbox.dialects.base import Failure, Phase, Result, View
from sora_portal.sandbox.journal import Task

FIRST_LOOKS = 3
"""So many status answers are spoilt by the scenarios that spoil the first ones."""

_FAILURES = {"policy-late": Failure.POLICY, "fail": Failure.GENERATION, "fail-start": Failure.START}
_FAILS_AT = {Failure.POLICY: 0.6, Failure.GENERATION: 1.0, Failure.START: 0.1, Failure.IMAGE: 0.1}
# Parts of the whole time after which a task counts as queued and as running.
_QUEUED_AFTER, _RUNNING_AFTER = 0.06, 0.22
_ODD_FROM, _ODD_UNTIL = 0.3, 0.8


def failure_of(task: Task) -> Failure | None:
    """Return why a task fails or will fail, None for one that is to succeed."""
    marked = next((kind for name, kind in _FAILURES.items() if scenarios.has(task.markers, name)), None)
    if marked is None and any(not row["usable"] for row in task.references):
        return Failure.IMAGE
    return marked or (Failure.GENERATION if task.clip_error else None)


def planned_end(task: Task) -> float | None:
    """Return the Unix time at which the task ends, its file permitting; None when it never does."""
    if "never" in task.markers:
        return None
    failure = failure_of(task)
    part = _FAILS_AT[failure] if failure else 1.0
    return task.created_at + (task.ready_at - task.created_at) * part


def view(task: Task, *, url: str, now: float, clock: float = 0.0) -> View:
    """Return the task as it stands at `now`; `clock` is by how many seconds the vendor's clock is wrong."""
    failure = failure_of(task)
    phase, finished_at = _phase(task, failure, now)
    return View(
        task_id=task.task_id,
        model=task.model,
        phase=phase,
        created_at=task.created_at + clock,
        finished_at=None if finished_at is None else finished_at + clock,
        params=task.params,
        failure=failure if phase is Phase.FAILED else None,
        result=_result(task),
        url=url,
        variant="variant" in task.markers,
        fail_word=scenarios.value_of(task.markers, "fail") or "",
        fail_text=scenarios.value_of(task.markers, scenarios.SAYS) or "",
        character_id=f"char_{task.task_id}" if task.character else "",
    )


def running(seen: View) -> View:
    """Return the view of a task as if it still ran, for news that comes out of order."""
    return replace(seen, phase=Phase.RUNNING, finished_at=None, failure=None)


def succeeded(seen: View, now: float) -> View:
    """Return the view of a task as if it had succeeded at `now`, for news that comes too early."""
    return replace(seen, phase=Phase.SUCCEEDED, finished_at=now, failure=None)


def failed(seen: View, now: float) -> View:
    """Return the view of a task as if it had failed at `now`, for a vendor that takes that back."""
    return replace(seen, phase=Phase.FAILED, finished_at=now, failure=Failure.GENERATION)


def foreign(seen: View, task_id: str, now: float) -> View:
    """Return the view of somebody else's task, which has succeeded with another file."""
    return replace(succeeded(seen, now), task_id=task_id, url=seen.url.replace("/media/", "/media/foreign-"))


def _phase(task: Task, failure: Failure | None, now: float) -> tuple[Phase, float | None]:
    end_at = planned_end(task)
    part = (now - task.created_at) / max(task.ready_at - task.created_at, 1e-6)
    if failure and end_at is not None and now >= end_at:
        return Phase.FAILED, end_at
    if not failure and end_at is not None and task.clip_done_at is not None and now >= end_at:
        return Phase.SUCCEEDED, max(task.ready_at, task.clip_done_at)
    if part < _QUEUED_AFTER:
        return Phase.WAITING, None
    if part < _RUNNING_AFTER:
        return Phase.QUEUED, None
    odd = "unknown-word" in task.markers and _ODD_FROM <= part < _ODD_UNTIL
    return Phase.ODD if odd else Phase.RUNNING, None


def _result(task: Task) -> Result:
    if "broken-result" in task.markers:
        return Result.BROKEN
    if "moved-url" in task.markers:
        return Result.MOVED
    late = "late-url" in task.markers and task.polls < FIRST_LOOKS
    return Result.NO_URL if late or "no-url" in task.markers else Result.GOOD
