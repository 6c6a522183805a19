"""What the queue may run: functions marked with `task`, with ids as arguments, and nothing else.

django-q2 imports and calls any dotted name that a schedule, a hook or a signed row of its table holds, and unpickles
what it finds there. Every entry passes its serializer twice, when it is queued and before it is run. So the gate is
there: an entry is JSON, `["name", argument, ...]`, and a name or an argument that is not ours is refused at both ends.
"""

import inspect
import json
import uuid
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, TypeVar

from django.apps import apps
from django.db.models.signals import post_save
from django.utils import timezone
from django.utils.module_loading import module_has_submodule
from django_q import signals, signing
from django_q.models import Task
from django_q.status import Stat

Function = TypeVar("Function", bound=Callable[..., None])
# All that `async_task` may say about a task; `cluster` only chooses the queue, `ack_failure` is in the settings.
SAID = {"id", "name", "func", "args", "kwargs", "started", "cluster", "ack_failure"}

_tasks: dict[str, Callable[..., None]] = {}


class NotOurs(signing.BadSignature):  # type: ignore[misc]  # django-q2 drops an entry with a bad signature
    """An entry names no task of the portal, or has arguments that the task does not take."""


def task(function: Function) -> Function:
    """Let the queue run `function`, of a room's `tasks` module. Its parameters are positional, each an int or a str."""
    _tasks[f"{function.__module__}.{function.__name__}"] = function
    return function


@cache
def _load_tasks() -> None:
    """Import the `tasks` module of every room, where the marks are."""
    for room in apps.get_app_configs():
        if room.name.startswith("sora_portal.") and room.module and module_has_submodule(room.module, "tasks"):
            import_module(f"{room.name}.tasks")


def check(name: object, arguments: list[Any]) -> None:
    """Raise NotOurs unless `name` is a task of ours and takes `arguments`, each of exactly the type it asks for."""
    _load_tasks()
    function = _tasks.get(name) if isinstance(name, str) else None
    if function is None:
        raise NotOurs(f"{str(name)[:200]!r} is no task of the portal")
    wanted = [parameter.annotation for parameter in inspect.signature(function, eval_str=True).parameters.values()]
    if [type(argument) for argument in arguments] != wanted:
        raise NotOurs(f"{name} does not take these arguments")


class Entries:
    """django-q2's serializer, for entries that are JSON and name a task of ours."""

    @staticmethod
    def dumps(entry: dict[str, Any] | Stat) -> bytes:
        """Return the bytes of what `async_task` was told; raises NotOurs for anything that may not be queued."""
        if isinstance(entry, Stat):
            # A cluster notes its statistics twice a second, pickled, and nobody here reads them.
            return b"null"
        if entry["kwargs"] or set(entry) - SAID:
            raise NotOurs("a task takes ids by position, and has no hook, group, chain or option of its own")
        check(entry["func"], list(entry["args"]))
        return json.dumps([entry["func"], *entry["args"]]).encode()

    @staticmethod
    def loads(data: bytes) -> dict[str, Any]:
        """Return the task that an entry asks for; raises NotOurs for anything that may not be run."""
        try:
            name, *arguments = json.loads(data)
        except (TypeError, ValueError) as error:
            raise NotOurs("an entry of the queue cannot be read") from error
        check(name, arguments)
        return {
            "id": uuid.uuid4().hex,
            "name": name,
            "func": name,
            "args": tuple(arguments),
            "kwargs": {},
            "started": timezone.now(),
            "ack_failure": True,
        }


def guard() -> None:
    """Put the gate in; called once in every process, before anything can be queued or run."""
    signing.PickleSerializer = Entries
    # A row of the table of results that names a hook would have it called as soon as it is saved.
    post_save.disconnect(signals.call_hook, sender=Task)
