"""Those outside: members who send the same form until somebody answers, and a stranger who forges callbacks."""

import contextlib
import http.client
import json
import random
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

TOKEN = "c" * 32  # a CSRF cookie and the field that matches it
SEVERAL = 4
PATIENCE = 20  # refusals of one form: a portal whose books are broken takes nothing, and nobody mends them here


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """Return the status of a POST; 0 when nobody answered."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=12) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except (OSError, http.client.HTTPException):
        return 0


@dataclass
class Members:
    """Submit videos through the web, each key again and again until it is answered with success.

    `turned_away` counts forms that were refused, properly, until their sender gave up.
    """

    origin: str
    session: str
    forms: list[dict[str, Any]]
    ended: threading.Event
    pause: float
    answered: list[str] = field(default_factory=list)
    again: int = 0
    errors: int = 0
    turned_away: int = 0

    def start(self) -> None:
        """Begin, in a few threads."""
        self._left = list(reversed(self.forms))
        for _ in range(SEVERAL):
            threading.Thread(target=self._submit_all, daemon=True).start()

    def submit_again(self, known: set[str]) -> None:
        """Send again the answered forms whose keys the portal does not know: it was restored from before them."""
        forgotten = [form for form in self.forms if form["submit_key"] in set(self.answered) - known]
        self.answered = [key for key in self.answered if key in known]
        self._left.extend(forgotten)
        for _ in range(SEVERAL):
            threading.Thread(target=self._submit_all, daemon=True).start()

    @property
    def finished(self) -> bool:
        """Whether every form has its answer."""
        return len(self.answered) + self.turned_away == len(self.forms)

    def _submit_all(self) -> None:
        headers = {"Cookie": f"sessionid={self.session}; csrftoken={TOKEN}", "HX-Request": "true"}
        while not self.ended.is_set():
            try:
                form = self._left.pop()
            except IndexError:
                return
            body = urlencode({**form, "csrfmiddlewaretoken": TOKEN}).encode()
            refused = 0
            while (status := post(f"{self.origin}/submit/", body, headers)) != 200 and refused < PATIENCE:
                self.errors += status >= 500
                refused += status == 409
                self.again += 1
                if self.ended.wait(0.3):
                    return
            if status == 200:
                self.answered.append(form["submit_key"])
            else:
                self.turned_away += 1
            self.ended.wait(self.pause * SEVERAL)


def forged(task: dict[str, Any]) -> bytes:
    """Return a body that says, in the vendor's words, that this task has failed."""
    if task["vendor"] == "ruxa":
        return json.dumps({"state": "fail", "failMsg": "forged"}).encode()
    if task["vendor"] == "apixo":
        data = {"taskId": task["task_id"], "state": "failed", "failCode": "GENERATION_FAILED", "failMsg": "forged"}
        return json.dumps({"code": 200, "message": "ok", "data": data}).encode()
    data = {"taskId": task["task_id"], "successFlag": 3, "errorCode": 501, "errorMessage": "forged"}
    return json.dumps({"code": 200, "msg": "forged", "data": data}).encode()


@dataclass
class Stranger:
    """Knows the callback address of every running task, and says that it has failed."""

    tasks: Callable[[], list[dict[str, Any]]]
    dice: random.Random
    ended: threading.Event
    sent: int = 0

    def start(self) -> None:
        """Begin, in a thread."""
        threading.Thread(target=self._forge, daemon=True).start()

    def _forge(self) -> None:
        while not self.ended.wait(1.0):
            with contextlib.suppress(OSError):  # the sandbox may not have begun yet, or ended already
                self._forge_some()

    def _forge_some(self) -> None:
        running = [task for task in self.tasks() if task["state"] in ("waiting", "queued", "running")]
        for task in self.dice.sample(running, min(3, len(running))):
            if task["callback_url"]:
                self.sent += post(task["callback_url"], forged(task), {"Content-Type": "application/json"}) == 200
