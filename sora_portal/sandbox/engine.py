"""The vendors' common engine: accept, pass through the states, finish. Dialects only translate."""

import json
import random
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sora_portal.sandbox import progress, references, scenarios
from sora_portal.sandbox.clips import ClipOrder, Clips
from sora_portal.sandbox.config import Config
from sora_portal.sandbox.dialects import DIALECTS
from sora_portal.sandbox.dialects.base import (
    Answer,
    Ask,
    Balance,
    Create,
    Dialect,
    JsonObject,
    Order,
    Phase,
    Refusal,
    Status,
    View,
)
from sora_portal.sandbox.faults import answers
from sora_portal.sandbox.journal import CreateCall, Journal, Task
from sora_portal.sandbox.limits import Limits

_SLOW = 4.0
_BODY_SHOWN = 20_000
_ENDED = (Phase.SUCCEEDED, Phase.FAILED)


class Engine:
    """Tasks of all three vendors.

    `base_url` is where people outside reach the media. `on_accept` is told of each new task, `deliver_now` sends its
    callback and waits: whoever sends callbacks sets both.
    """

    def __init__(self, *, memory: Journal, clips: Clips, knobs: Config, base_url: str, media: Path) -> None:
        self.memory = memory
        self.clips = clips
        self.base_url = base_url.rstrip("/")
        self.media = media
        self.on_accept: Callable[[Task], None] = lambda task: None
        self.deliver_now: Callable[[Task], None] = lambda task: None
        self.limits = Limits()
        self._first_knobs = knobs
        self._serial = 0
        self._dice = random.Random()
        self.knobs = knobs

    # -- life of the process ------------------------------------------------------------------------------------------

    def resume(self) -> None:
        """Take up the tasks of an earlier process: look for their files, render the missing ones, announce them."""
        for task in list(self.memory.tasks.values()):
            path = self.media / task.media_name
            if path.exists():
                task.clip_done_at = path.stat().st_mtime
            else:
                self._order_clip(task)
            if not task.callbacks:
                self.on_accept(task)

    def reset(self) -> None:
        """Forget all tasks, calls and files; go back to the settings of the start."""
        self.clips.forget_waiting()
        for task in self.memory.clear():
            (self.media / task.media_name).unlink(missing_ok=True)
        self.limits.clear()
        self.knobs = self._first_knobs

    # -- calls --------------------------------------------------------------------------------------------------------

    def answer(self, dialect: Dialect, ask: Ask, key: str) -> tuple[Answer, CreateCall | None]:
        """Return the vendor's answer and, for a create call, its row (whose `answered` tells whether to send it)."""
        route = dialect.route(ask)
        known_key = bool(key) and key.lower() != "bad"
        if isinstance(route, Create):
            return self._create(dialect, route, ask, known_key)
        if route is None:
            return dialect.no_such_address(ask), None
        if not known_key:
            return dialect.unauthorised(), None
        if isinstance(route, Balance):
            return dialect.balance(self.knobs.balance), None
        return self._status(dialect, route), None

    def _create(self, dialect: Dialect, route: Create, ask: Ask, known_key: bool) -> tuple[Answer, CreateCall]:
        body = _json_object(ask.body)
        call = self.memory.open_create(
            vendor=dialect.name,
            at=time.time(),
            path=ask.path,
            body=body if body is not None else ask.body[:_BODY_SHOWN].decode("utf-8", "replace"),
            prompt=dialect.prompt_of(body or {}),
        )
        task = None
        try:
            if not known_key:
                raise Refusal(dialect.unauthorised())
            self._limit(dialect, "create", self.knobs.creates_per_minute)
            if body is None:
                raise Refusal(dialect.malformed())
            order = dialect.read_create(route, body, self.knobs)
            task = self._accept(dialect, order, call)
            answer = answers.acceptance(dialect, dialect.accepted(task.task_id), call.markers, order.prompt)
        except Refusal as refusal:
            answer = refusal.answer
        call.http_status, call.code = answer.status, answer.body.get("code")
        call.answered = not scenarios.HANG_UPS.intersection(call.markers)
        if not call.answered:
            call.http_status = call.code = None
        self.memory.close_create(call)
        if task is not None:
            self._start(task)
        return answer, call

    def _limit(self, dialect: Dialect, kind: str, most: int | None) -> None:
        wait = self.limits.wait(dialect.name, kind, most=most, minute=self.knobs.scaled(60), now=time.time())
        if wait is not None:
            raise Refusal(dialect.limited(str(wait)))

    def _accept(self, dialect: Dialect, order: Order, call: CreateCall) -> Task:
        marks = scenarios.markers(order.prompt) or scenarios.drawn(self.knobs.rates, self._dice)
        call.markers = sorted(marks)
        now = time.time()
        answers.check(dialect, order.model, marks, earlier=self.memory.earlier(call), clock=now + self.knobs.clock)
        if {dialect.name, f"{dialect.name}/{order.model}"} & set(self.knobs.paused):
            raise Refusal(dialect.paused(order.model))
        if self.knobs.max_running is not None and self._running(dialect.name) >= self.knobs.max_running:
            raise Refusal(dialect.limited("1"))
        if order.from_task and not self._has_finished(dialect, order.from_task):
            raise Refusal(dialect.no_such_task())
        task_id = dialect.new_task_id(order.model, self._next_serial(now))
        task = Task(
            number=call.number,
            vendor=dialect.name,
            task_id=task_id,
            model=order.model,
            prompt=order.prompt,
            params=order.params,
            callback_url=order.callback_url,
            markers=call.markers,
            seconds=order.seconds,
            width=order.width,
            height=order.height,
            media_name=f"{secrets.token_urlsafe(24)}.mp4",
            created_at=now,
            ready_at=now + self._time_to_make(order, marks),
            clip_kind=self.knobs.clips,
            seed=order.seed,
            fetch=[[*pair, "picture"] for pair in order.images] + [[*pair, "clip"] for pair in order.clips],
            character=order.character,
            from_task=order.from_task,
        )
        call.task_id = task_id
        self.memory.add_task(task)
        return task

    def _running(self, vendor: str) -> int:
        tasks = [task for task in list(self.memory.tasks.values()) if task.vendor == vendor]
        return sum(self.view(task).phase not in _ENDED for task in tasks)

    def _has_finished(self, dialect: Dialect, task_id: str) -> bool:
        task = self.memory.task(task_id)
        return task is not None and task.vendor == dialect.name and self.view(task).phase is Phase.SUCCEEDED

    def _start(self, task: Task) -> None:
        wanted = [row for row in task.fetch if references.wanted(row[1], self.knobs.references)]
        if wanted:
            # As at a vendor, after the answer; the clip is drawn when all of it is there.
            threading.Thread(target=self._fetch, args=(task, wanted), daemon=True).start()
        else:
            self._order_clip(task)
        if "callback-first" in task.markers:
            self.clips.wait_for(task.media_name, seconds=20)
            self.deliver_now(task)
        else:
            self.on_accept(task)

    def _fetch(self, task: Task, wanted: list[list[str]]) -> None:
        rows = [references.fetch(field, url, clip=kind == "clip") for field, url, kind in wanted]
        self.memory.note_references(task, rows)
        self._order_clip(task)

    def _status(self, dialect: Dialect, route: Status) -> Answer:
        try:
            self._limit(dialect, "status", self.knobs.statuses_per_minute)
        except Refusal as refusal:
            return refusal.answer
        task = self.memory.task(route.task_id)
        if task is None or task.vendor != dialect.name or (route.model and route.model != task.model):
            return dialect.no_such_task()
        task.polls += 1
        if "forget" in task.markers:
            return dialect.no_such_task()
        answer = dialect.status(self.view(task))
        if task.polls > progress.FIRST_LOOKS:
            return answer
        if "fail-first" in task.markers:
            return dialect.status(progress.failed(self.view(task), time.time()))
        somebody_elses = progress.foreign(self.view(task), self.foreign_id(task), time.time())
        return answers.look(dialect, task.markers, answer, foreign=dialect.status(somebody_elses))

    # -- time ---------------------------------------------------------------------------------------------------------

    def view(self, task: Task) -> View:
        """Return the task as it stands now."""
        return progress.view(task, url=self.media_url(task), now=time.time(), clock=self.knobs.clock)

    def media_url(self, task: Task) -> str:
        """Return the public address of the task's file."""
        return f"{self.base_url}/media/{task.media_name}"

    def newest_besides(self, task: Task) -> str:
        """Return the id of the task that was ordered last from the same vendor, whoever was told; made up if none."""
        others = [other.task_id for other in list(self.memory.tasks.values()) if other.vendor == task.vendor]
        return next((other for other in reversed(others) if other != task.task_id), "task_of_somebody_else")

    def foreign_id(self, task: Task) -> str:
        """Return the id of another task of the same vendor whose owner was told it, made up when there is none."""
        others = [other for other in list(self.memory.tasks.values()) if other.vendor == task.vendor]
        told = (other.task_id for other in others if scenarios.UNTOLD.isdisjoint(other.markers))
        return next((other for other in told if other != task.task_id), "task_of_somebody_else")

    def _time_to_make(self, order: Order, marks: frozenset[str]) -> float:
        asked = scenarios.asked_wait(order.prompt)
        if "callback-first" in marks:
            return 0.0
        if asked is not None:
            return asked
        return self.knobs.seconds_to_make(order.seconds, factor=_SLOW if "slow" in marks else 1.0)

    def _next_serial(self, now: float) -> int:
        with self.memory.locked():
            self._serial = max(round(now * 1000), self._serial + 1)
            return self._serial

    # -- clips --------------------------------------------------------------------------------------------------------

    def _order_clip(self, task: Task) -> None:
        if progress.failure_of(task) or "never" in task.markers:
            return

        def done(error: str) -> None:
            task.clip_error = error
            task.clip_done_at = None if error else time.time()

        self.clips.order(
            ClipOrder(
                path=self.media / task.media_name,
                kind=task.clip_kind,
                caption=scenarios.without_markers(task.prompt),
                seconds=task.seconds,
                width=task.width,
                height=task.height,
                label=f"{task.vendor} / {task.model}",
                seed=task.seed,
            ),
            done,
        )

    # -- what tests read ----------------------------------------------------------------------------------------------

    def remembered(self) -> JsonObject:
        """Return `{"creates": […], "tasks": […]}`: every create call and every accepted task, oldest first."""
        with self.memory.locked():
            calls, tasks = list(self.memory.creates), list(self.memory.tasks.values())
        return {
            "creates": [asdict(call) for call in calls],
            "tasks": [self._shown(task) for task in tasks],
        }

    def _shown(self, task: Task) -> dict[str, Any]:
        seen = self.view(task)
        row = asdict(task) | {
            "state": seen.phase.name.lower(),
            "finished_at": None if seen.finished_at is None else seen.finished_at - self.knobs.clock,
            "media_url": self.media_url(task),
        }
        del row["params"], row["fetch"]
        return row


def dialect_named(name: str) -> Dialect | None:
    """Return the dialect served under `/name`, or None."""
    return DIALECTS.get(name)


def _json_object(body: bytes) -> JsonObject | None:
    try:
        value = json.loads(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
