"""What the three dialects share: the vocabulary between an HTTP request and the engine."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from sora_portal.sandbox.config import Config

JsonObject = dict[str, Any]


class Phase(Enum):
    """Where a task stands, in no vendor's words."""

    WAITING = auto()  # accepted, not looked at yet
    QUEUED = auto()
    RUNNING = auto()
    ODD = auto()  # a state no page names
    SUCCEEDED = auto()
    FAILED = auto()


class Failure(Enum):
    """Why a task failed."""

    POLICY = auto()
    GENERATION = auto()
    START = auto()
    IMAGE = auto()  # a reference image or clip could not be had


class Result(Enum):
    """What a success carries."""

    GOOD = auto()
    BROKEN = auto()
    NO_URL = auto()
    MOVED = auto()  # the address stands where no page says


@dataclass(frozen=True)
class Ask:
    """An HTTP request with the vendor's prefix taken off its path."""

    method: str
    path: str
    query: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """An HTTP answer: status, JSON body, extra headers. `raw` are other bytes in the place of the body."""

    status: int
    body: JsonObject
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    kind: str = "application/json; charset=utf-8"


class Refusal(Exception):
    """A create call that the vendor turns down; carries the answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body)
        self.answer = answer


@dataclass(frozen=True)
class Order:
    """A valid create call: what to make, and where to report.

    `params` is the request echoed as JSON text; one prompt and `seed` make one picture. `images` and `clips` are the
    addresses that the vendor has to fetch, each with the name of its field. `character` is the wish to make one from
    the result, `from_task` the finished task that one is to be taken from.
    """

    model: str
    prompt: str
    seconds: float
    width: int
    height: int
    callback_url: str | None
    params: str
    seed: int = 0
    images: tuple[tuple[str, str], ...] = ()
    clips: tuple[tuple[str, str], ...] = ()
    character: bool = False
    from_task: str = ""


@dataclass(frozen=True)
class View:
    """A task at one moment, as a dialect needs it to answer. Times are Unix seconds."""

    task_id: str
    model: str
    phase: Phase
    created_at: float
    finished_at: float | None
    params: str
    failure: Failure | None = None
    result: Result = Result.GOOD
    url: str = ""
    variant: bool = False
    fail_word: str = ""
    fail_text: str = ""
    character_id: str = ""


@dataclass(frozen=True)
class Status:
    """A status call: which task, and which model the path named ("" when it names none)."""

    task_id: str
    model: str = ""


@dataclass(frozen=True)
class Create:
    """A create call: the model its path names ("" when the body names it)."""

    model: str = ""


@dataclass(frozen=True)
class Balance:
    """A balance call."""


Route = Create | Status | Balance


class Dialect(ABC):
    """One vendor's HTTP interface in both directions; holds no state."""

    name: str
    # The delays in vendor seconds before each repeated callback; empty where no page documents a repeat.
    callback_retries: tuple[float, ...] = ()
    callback_timeout: float = 15.0

    @abstractmethod
    def route(self, ask: Ask) -> Route | None:
        """Return what the request wants, or None when this vendor has no such address."""

    @abstractmethod
    def read_create(self, route: Create, body: JsonObject, knobs: Config) -> Order:
        """Return the order in a create body; raise Refusal when the vendor would refuse it."""

    @abstractmethod
    def prompt_of(self, body: JsonObject) -> str:
        """Return the prompt of a create body, or "" when it has none."""

    @abstractmethod
    def new_task_id(self, model: str, serial: int) -> str:
        """Return a task id in the vendor's style; `serial` is a millisecond time, never the same twice."""

    @abstractmethod
    def accepted(self, task_id: str) -> Answer:
        """Return the answer to an accepted create call."""

    @abstractmethod
    def unauthorised(self) -> Answer:
        """Return the answer to a missing or wrong key."""

    @abstractmethod
    def malformed(self) -> Answer:
        """Return the answer to a create body that is no JSON object."""

    @abstractmethod
    def no_such_address(self, ask: Ask) -> Answer:
        """Return the answer to a path or method the vendor does not have."""

    @abstractmethod
    def no_such_task(self) -> Answer:
        """Return the status answer for an id the vendor does not know."""

    @abstractmethod
    def coded(self, code: int, text: str = "", *, in_body: bool = False) -> Answer:
        """Return an error answer with this code: where the vendor puts codes, or (`in_body`) as HTTP 200.

        `text` replaces the vendor's own words for the code.
        """

    def limited(self, seconds: str) -> Answer:
        """Return the answer to a call too many; `seconds` is the Retry-After."""
        answer = self.coded(429)
        return Answer(429, answer.body, {"Retry-After": seconds})

    def paused(self, model: str) -> Answer:
        """Return the create answer of a model that is paused at the vendor."""
        return self.turned_down("paused", model)

    @abstractmethod
    def turned_down(self, scenario: str, model: str) -> Answer:
        """Return the create answer of a scenario that accepts nothing."""

    @abstractmethod
    def status(self, view: View) -> Answer:
        """Return the status answer for a task."""

    @abstractmethod
    def callback(self, view: View) -> JsonObject:
        """Return the callback body for a finished task."""

    def callback_taken(self, status: int) -> bool:
        """Tell whether the receiver's HTTP status counts as delivered."""
        return 200 <= status < 300

    def balance(self, amount: float) -> Answer:
        """Return the balance answer; only for vendors whose `route` yields Balance."""
        raise NotImplementedError


def json_text(value: object) -> str:
    """Return compact JSON text, as the vendors put into their string fields."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def result_text(view: View) -> str:
    """Return the `resultJson` string of a success: addresses, none, or text that breaks off."""
    if view.result is Result.BROKEN:
        return json_text({"resultUrls": [view.url]})[:-12]
    if view.result is Result.MOVED:
        return json_text(moved(view))
    made = {"character_id_list": [view.character_id]} if view.character_id else {}
    return json_text({"resultUrls": [] if view.result is Result.NO_URL else [view.url]} | made)


def moved(view: View) -> JsonObject:
    """Return a result that names its address under a name of its own, beside that of a poster."""
    return {"works": [{"cover": {"src": f"{view.url}.jpg"}, "resource": {"resource": view.url}}]}


def addresses(fields: JsonObject, *names: str) -> tuple[tuple[str, str], ...]:
    """Return (field, address) for every address in these fields, each an address or a list of them."""
    found: list[tuple[str, str]] = []
    for name in names:
        value = fields.get(name)
        found += [(name, str(url)) for url in (value if isinstance(value, list) else [value]) if is_web_address(url)]
    return tuple(found)


def is_web_address(value: object) -> bool:
    """Tell whether a value is an http(s) address with a host, the only form an image may have."""
    if not isinstance(value, str):
        return False
    scheme, found, rest = value.partition("://")
    return bool(found) and scheme.lower() in {"http", "https"} and bool(rest.strip("/")) and " " not in value
