"""Whose request is answered next: no visitor gets every thread, however many requests they have at once."""

import re
from collections import deque
from collections.abc import Callable
from typing import Protocol

from waitress.task import ThreadedTaskDispatcher

_SESSION = re.compile(r"sessionid=([^;\s]+)")


class Request(Protocol):
    """What is known of a request before a thread has it."""

    path: str
    headers: dict[str, str]


def visitor(request: Request, address: str) -> str:
    """Return who asks: a session, an address where there is none, or the one who asks whether we live."""
    # A request that could not be read has no path.
    if getattr(request, "path", "") in ("/healthz", "/readyz"):
        return "health"
    session = _SESSION.search(request.headers.get("COOKIE", ""))
    return f"session {session[1]}" if session else f"address {address}"


class Task(Protocol):
    """A request that waits for a thread."""

    visitor: str

    def service(self) -> None:
        """Answer it."""

    def cancel(self) -> None:
        """Forget it."""


class _Taken:
    """A task that a thread has; its visitor's place is free again when it is done."""

    def __init__(self, task: Task, name: str, done: Callable[[str], None]) -> None:
        self._task, self._visitor, self._done = task, name, done
        self.cancel = task.cancel

    def service(self) -> None:
        try:
            self._task.service()
        finally:
            self._done(self._visitor)


class Turns:
    """A queue for waitress's dispatcher in which visitors take turns, and each has at most `most` threads at once.

    It is true while there is a task that may start. The dispatcher calls it under its lock.
    """

    def __init__(self, most: int, done: Callable[[str], None]) -> None:
        self._most, self._done = most, done
        self._waiting: dict[str, deque[Task]] = {}
        self._running: dict[str, int] = {}

    def append(self, task: Task) -> None:
        """Put a task at the end of its visitor's."""
        self._waiting.setdefault(task.visitor, deque()).append(task)

    def popleft(self) -> _Taken:
        """Take a task of the visitor whose turn it is, who then waits behind all others; IndexError if none may."""
        name = self._next()
        if name is None:
            raise IndexError("nothing may start")
        tasks = self._waiting.pop(name)
        task = tasks.popleft()
        if tasks:
            self._waiting[name] = tasks
        self._running[name] = self._running.get(name, 0) + 1
        return _Taken(task, name, self._done)

    def end(self, name: str) -> None:
        """Note that one of a visitor's tasks is done."""
        self._running[name] -= 1
        if not self._running[name]:
            del self._running[name]

    def _next(self) -> str | None:
        return next((name for name in self._waiting if self._running.get(name, 0) < self._most), None)

    def __bool__(self) -> bool:
        return self._next() is not None

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))


class Dispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]  # waitress ships no types
    """Threads that let visitors take turns; one thread is always left for others."""

    def __init__(self, threads: int) -> None:
        super().__init__()
        self.queue = Turns(max(1, threads - 1), self._end)
        self.set_thread_count(threads)

    def _end(self, name: str) -> None:
        with self.lock:
            self.queue.end(name)
            # A task that had to wait for this may start now.
            self.queue_cv.notify()
