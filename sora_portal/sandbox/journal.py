"""What the sandbox remembers: every create call and every accepted task, kept in a JSONL journal across restarts."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any


@dataclass
class CreateCall:
    """One create call as received; `at` is Unix seconds, `task_id` None when nothing was accepted."""

    number: int
    vendor: str
    at: float
    path: str
    body: Any
    prompt: str
    http_status: int | None = None
    code: int | None = None
    task_id: str | None = None
    answered: bool = False
    markers: list[str] = field(default_factory=list)


@dataclass
class Task:
    """One accepted task. Times are Unix seconds; `clip_done_at` stays None until its file is there.

    `fetch` is what the vendor has to fetch, each [field, address, "picture" or "clip"], `references` what came of it.
    """

    number: int
    vendor: str
    task_id: str
    model: str
    prompt: str
    params: str
    callback_url: str | None
    markers: list[str]
    seconds: float
    width: int
    height: int
    media_name: str
    created_at: float
    ready_at: float
    clip_kind: str = "full"
    seed: int = 0
    clip_done_at: float | None = None
    clip_error: str = ""
    polls: int = 0
    fetch: list[list[str]] = field(default_factory=list)
    character: bool = False
    from_task: str = ""
    references: list[dict[str, Any]] = field(default_factory=list)
    callbacks: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Delivery:
    """One callback sent: `status` None when no answer came."""

    task_id: str
    at: float
    attempt: int
    status: int | None
    error: str
    body: Any


class Journal:
    """Create calls and tasks behind one lock, written to `journal` line by line and read back from it."""

    def __init__(self, journal: Path) -> None:
        self._lock = threading.RLock()
        self._path = journal
        self.creates: list[CreateCall] = []
        self.tasks: dict[str, Task] = {}
        self._last_number = 0
        self._replay()
        self._file = journal.open("a", encoding="utf-8")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the memory still, for a step that reads and writes."""
        with self._lock:
            yield

    def open_create(self, *, vendor: str, at: float, path: str, body: Any, prompt: str) -> CreateCall:
        """Note a create call before anything is decided about it and return its row."""
        with self._lock:
            self._last_number += 1
            call = CreateCall(self._last_number, vendor, at, path, body, prompt)
            self.creates.append(call)
            return call

    def close_create(self, call: CreateCall) -> None:
        """Write a decided create call to the journal; a second line with the same number replaces the first."""
        self._write("create", asdict(call))

    def add_task(self, task: Task) -> None:
        """Remember an accepted task."""
        with self._lock:
            self.tasks[task.task_id] = task
            self._write("task", asdict(task))

    def task(self, task_id: str) -> Task | None:
        """Return the task with that id, or None."""
        return self.tasks.get(task_id)

    def task_of_media(self, name: str) -> Task | None:
        """Return the task whose file is called `name`, or None."""
        with self._lock:
            return next((task for task in self.tasks.values() if task.media_name == name), None)

    def earlier(self, call: CreateCall) -> int:
        """Return how many earlier create calls with the same prompt the same vendor got."""
        with self._lock:
            return sum(
                other.vendor == call.vendor and other.prompt == call.prompt and other.number < call.number
                for other in self.creates
            )

    def note_references(self, task: Task, rows: list[dict[str, Any]]) -> None:
        """Remember what a task's reference images and clips turned out to be."""
        with self._lock:
            task.references = rows
            self._write("references", {"task_id": task.task_id, "rows": rows})

    def note_delivery(self, delivery: Delivery) -> None:
        """Remember one callback attempt beside its task."""
        line = asdict(delivery)
        with self._lock:
            task = self.tasks.get(delivery.task_id)
            if task is not None:
                task.callbacks.append(line)
                self._write("callback", line)

    def clear(self) -> list[Task]:
        """Forget everything, journal included, and return the tasks that were known."""
        with self._lock:
            forgotten = list(self.tasks.values())
            self.creates, self.tasks, self._last_number = [], {}, 0
            self._file.close()
            self._file = self._path.open("w", encoding="utf-8")
            return forgotten

    def close(self) -> None:
        """Close the journal."""
        with self._lock:
            self._file.close()

    def _write(self, kind: str, row: dict[str, Any]) -> None:
        with self._lock:
            if not self._file.closed:
                self._file.write(json.dumps({"kind": kind, **row}) + "\n")
                self._file.flush()

    def _replay(self) -> None:
        if not self._path.exists():
            return
        calls: dict[int, CreateCall] = {}
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue  # the last line of a killed process may be cut
            kind = row.pop("kind", "")
            if kind == "create":
                calls[row["number"]] = CreateCall(**_known(CreateCall, row))
            elif kind == "task":
                # Whether the file is there is looked up again: the process may have died while rendering.
                task = Task(**_known(Task, row | {"clip_done_at": None}))
                self.tasks[task.task_id] = task
            elif kind == "references" and row["task_id"] in self.tasks:
                self.tasks[row["task_id"]].references = row["rows"]
            elif kind == "callback" and row["task_id"] in self.tasks:
                self.tasks[row["task_id"]].callbacks.append(row)
        self.creates = [calls[number] for number in sorted(calls)]
        self._last_number = max(calls, default=0)


def _known(kind: type[CreateCall] | type[Task], row: dict[str, Any]) -> dict[str, Any]:
    names = {item.name for item in fields(kind)}
    return {name: value for name, value in row.items() if name in names}
