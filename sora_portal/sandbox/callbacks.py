"""Callbacks POSTed when a task ends, repeated as the vendor documents it."""

import heapq
import http.client
import json
import threading
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from sora_portal.sandbox import progress, scenarios
from sora_portal.sandbox.dialects import DIALECTS
from sora_portal.sandbox.dialects.base import JsonObject, Phase, View
from sora_portal.sandbox.engine import Engine
from sora_portal.sandbox.faults import garbage
from sora_portal.sandbox.journal import Delivery, Task

_LOOK_AGAIN = 0.2
_SENDERS = 8
_LATE = 60.0  # seconds of vendor time
_EARLY = 0.4  # the part of its time after which a task is said to be done too early
_SHOWN = 2_000


@dataclass(frozen=True)
class Post:
    """One callback to send: what it says, and the bytes that say it."""

    body: JsonObject | str
    payload: bytes
    kind: str = garbage.JSON


@dataclass(order=True)
class _Due:
    at: float
    serial: int
    task: Task = field(compare=False)
    attempt: int = field(compare=False, default=1)
    early: bool = field(compare=False, default=False)


class Callbacks:
    """One thread that waits for ends, a few that post."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._heap: list[_Due] = []
        self._serial = 0
        self._wake = threading.Condition()
        self._stopping = False
        self._senders = ThreadPoolExecutor(_SENDERS, thread_name_prefix="callback")
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Start waiting."""
        self._thread.start()

    def close(self) -> None:
        """Stop; what was not sent stays unsent."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        self._senders.shutdown(wait=False, cancel_futures=True)

    def watch(self, task: Task) -> None:
        """Send the task's callback once it has ended, if it asked for one."""
        end_at = progress.planned_end(task)
        if end_at is None or not _wants_callback(task):
            return
        if "callback-early" in task.markers:
            early = task.created_at + (end_at - task.created_at) * _EARLY
            self._put(_Due(early, 0, task, early=True))
        late = self._engine.knobs.scaled(_LATE) if "callback-late" in task.markers else 0.0
        self._put(_Due(end_at + late, 0, task))

    def send_now(self, task: Task) -> None:
        """Send the first callback at once and wait for its answer."""
        if _wants_callback(task):
            self._send(task, 1)

    def _put(self, due: _Due) -> None:
        with self._wake:
            self._serial += 1
            heapq.heappush(self._heap, replace(due, serial=self._serial))
            self._wake.notify()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._stopping and (not self._heap or self._heap[0].at > time.time()):
                    self._wake.wait(max(self._heap[0].at - time.time(), 0.001) if self._heap else None)
                if self._stopping:
                    return
                due = heapq.heappop(self._heap)
            if self._engine.memory.task(due.task.task_id) is not due.task:
                continue  # forgotten by a reset
            if due.early:
                self._senders.submit(self._send_early, due.task)
                continue
            if self._engine.view(due.task).phase not in (Phase.SUCCEEDED, Phase.FAILED):
                # The file may come later than planned.
                self._put(replace(due, at=time.time() + _LOOK_AGAIN))
                continue
            self._senders.submit(self._send, due.task, due.attempt)

    def _send_early(self, task: Task) -> None:
        """Claim an end that is not there yet."""
        self._deliver(task, 0, self._news(task, progress.succeeded(self._engine.view(task), time.time())))

    def _send(self, task: Task, attempt: int) -> None:
        dialect = DIALECTS[task.vendor]
        news = self._news(task, self._engine.view(task))
        status = None
        for _ in range(2 if "twice" in task.markers else 1):
            status = self._deliver(task, attempt, news)
        if "callback-disorder" in task.markers and attempt == 1:
            self._deliver(task, attempt, self._news(task, progress.running(self._engine.view(task))))
        taken = status is not None and dialect.callback_taken(status)
        if not taken and attempt <= len(dialect.callback_retries):
            delay = self._engine.knobs.scaled(dialect.callback_retries[attempt - 1])
            self._put(_Due(time.time() + delay, 0, task, attempt + 1))

    def _deliver(self, task: Task, attempt: int, news: Post) -> int | None:
        """Post once and remember it; return the HTTP status, None when nobody answered."""
        at = time.time()
        status, error = post(task.callback_url or "", news, timeout=DIALECTS[task.vendor].callback_timeout)
        self._engine.memory.note_delivery(Delivery(task.task_id, at, attempt, status, error, news.body))
        return status

    def _news(self, task: Task, seen: View) -> Post:
        """Return the callback about a task in its vendor's words, spoilt where a scenario spoils it."""
        dialect = DIALECTS[task.vendor]
        if "callback-foreign" in task.markers:
            seen = progress.foreign(seen, self._engine.foreign_id(task), time.time())
        if "lost-crossed" in task.markers:
            # In the shape that names a task, at every vendor.
            seen = replace(seen, task_id=self._engine.newest_besides(task), variant=True)
        body = dialect.callback(seen)
        if "callback-no-id" in task.markers:
            body = _without_id(body)
        return _packed(body, task.markers)


def _wants_callback(task: Task) -> bool:
    return bool(task.callback_url) and not scenarios.SILENT.intersection(task.markers)


def _without_id(body: JsonObject) -> JsonObject:
    return {
        name: _without_id(value) if isinstance(value, dict) else value
        for name, value in body.items()
        if name != "taskId"
    }


def _packed(body: JsonObject, marks: list[str]) -> Post:
    if "callback-html" in marks:
        page = garbage.page()
        return Post(page[:_SHOWN].decode(), page, garbage.HTML)
    if "callback-broken" in marks:
        raw = garbage.cut(body)
        return Post(raw.decode("utf-8", "replace"), raw)
    if "callback-odd" in marks:
        body = garbage.misspelt(body)
        return Post(body, json.dumps(body, ensure_ascii=False).encode(), garbage.PLAIN)
    return Post(body, json.dumps(body, ensure_ascii=False).encode())


def post(url: str, news: Post, *, timeout: float) -> tuple[int | None, str]:
    """POST a callback, following no redirect; return the HTTP status (None: no answer came) and the trouble met."""
    parts = urllib.parse.urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=timeout)
    except ValueError as error:
        return None, str(error)
    target = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
    try:
        connection.request("POST", target, news.payload, {"Content-Type": news.kind})
        return connection.getresponse().status, ""
    except (OSError, http.client.HTTPException, ValueError) as error:
        return None, type(error).__name__
    finally:
        connection.close()
