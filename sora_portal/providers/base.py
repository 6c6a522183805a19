"""The vocabulary that the portal and its vendor adapters share. Nothing here does any I/O.

An adapter translates: our request to a vendor's `Call`, a vendor's `Reply` to our `Created`, `Job` or `CallbackNews`.
Whoever sends the call (`providers.http`) and whoever acts on the answer (the generations room) is somebody else, so
every translation can be tested with plain bytes. No method of an adapter raises because of what a vendor sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeAlias

Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None
"""Anything that `json.dumps` can write."""


class JobState(StrEnum):
    """Where a vendor's task stands. Only words listed in a vendor's contract become one of the two terminal states."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"

    @property
    def is_terminal(self) -> bool:
        """True when the vendor says that it will not work on the task any more."""
        return self in {JobState.SUCCEEDED, JobState.FAILED}


class ErrorKind(StrEnum):
    """What went wrong, in our words. `providers.taxonomy` is the one place that picks it."""

    BAD_KEY = "bad_key"
    """The vendor does not accept our key: an administrator's problem."""
    NO_BALANCE = "no_balance"
    """The account at the vendor is empty: an administrator's problem, never the member's credits."""
    INVALID_REQUEST = "invalid_request"
    """The vendor did not like a field of the request (prompt, image, size)."""
    CONTENT_POLICY = "content_policy"
    """The vendor refused the prompt, the image or the result for what it shows."""
    MODEL_UNAVAILABLE = "model_unavailable"
    """The model is unknown, paused, switched off or under maintenance at the vendor."""
    RATE_LIMITED = "rate_limited"
    TRANSIENT = "transient"
    """Network trouble or a broken server; asking again later may help."""
    GENERATION_FAILED = "generation_failed"
    """The vendor tried and did not manage."""
    NO_RESULT = "no_result"
    """The vendor says success and names no video. Adapters never decide this; the watcher does, after some polls."""
    TIMED_OUT = "timed_out"
    MISCONFIGURED = "misconfigured"
    """Wrong base URL, path prefix or method: an administrator's problem."""
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """What one create call came to: the only thing that may decide about sending again.

    Rule: never send again after `AMBIGUOUS`. A member sees a fault of theirs only for `REFUSED`.
    """

    NOT_SENT = "not_sent"
    """No byte of the request was written; sending again is safe."""
    ACCEPTED = "accepted"
    """`Created.task_id` is the vendor's id."""
    WAIT = "wait"
    """429: nothing was created; send again after `Created.retry_after`, or after our own back-off when that is None."""
    VENDOR_TROUBLE = "vendor_trouble"
    """Nothing was created and waiting will not mend it: key, balance, paused model. Latch off, tell the admins."""
    REFUSED = "refused"
    """Nothing was created, and this very request never will be: bad field or content policy."""
    CONFIGURATION = "configuration"
    """Nothing was created: the address of the endpoint is wrong (404, 405, redirect)."""
    AMBIGUOUS = "ambiguous"
    """A task may exist at the vendor. Everything that is not listed elsewhere lands here."""


@dataclass(frozen=True)
class Endpoint:
    """Where and as whom to talk to a vendor: data of one connection, frozen per attempt.

    `base_url` may carry a path (`http://127.0.0.1:8001/ruxa`); a trailing slash or `/api/v1` is ignored.
    `path_prefix` is read by Sora2API only ("sora2" when empty), `body_style` by Ruxa only ("nested" when empty, or
    "flat"). The key is never part of the repr.
    """

    base_url: str
    key: str = field(repr=False)
    path_prefix: str = ""
    body_style: str = ""


@dataclass(frozen=True)
class CreateRequest:
    """One generation to ask for, already in the vendor's words.

    `model` is the vendor's id, exact case. `fields` are the generation fields with wire names and wire types, built
    from catalog data; `top` are extra top-level fields (APIXO's `provider`). `callback_url` holds a secret token and is
    therefore kept out of the repr, as are the fields (the prompt).
    """

    model: str
    fields: Mapping[str, Json] = field(repr=False)
    top: Mapping[str, Json] = field(default_factory=dict)
    callback_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Call:
    """One HTTP request to make. Headers (the key) and body (prompt, callback token) are kept out of the repr."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    json: Json = field(default=None, repr=False)
    """The body; None means no body at all."""


@dataclass(frozen=True)
class Reply:
    """One HTTP answer. `headers` have lower-case names. `truncated`: the body is not whole (too long, or cut off)."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    truncated: bool = False


@dataclass(frozen=True)
class NoReply:
    """No usable HTTP answer came. `sent` False means: provably not one byte of the request was written."""

    sent: bool
    reason: str
    """For staff, without secrets: "ConnectError: connection refused"."""


@dataclass(frozen=True)
class Created:
    """What a create answer means. `kind` is None only for `ACCEPTED`.

    `task_id` is set only for `ACCEPTED` (1 to 512 printable characters). `message` is the vendor's own text for staff,
    cleaned and redacted; `code` is the body code or the HTTP status as text. `retry_after`: seconds, at most a day.
    `coded_kind` is the kind by status, code and failure word alone: what a sentence says must pause nothing. `named`
    are the ids in an `AMBIGUOUS` answer that may be a task's, the likeliest first.
    """

    verdict: Verdict
    task_id: str = ""
    kind: ErrorKind | None = None
    message: str = ""
    code: str = ""
    retry_after: float | None = None
    coded_kind: ErrorKind | None = None
    named: tuple[str, ...] = ()


@dataclass(frozen=True)
class Address:
    """An address that stood somewhere in an answer; `rank` says how likely it is the video, see `addresses`."""

    url: str = field(repr=False)
    rank: int


@dataclass(frozen=True)
class Job:
    """What a status answer means.

    `state` is None when the vendor used an unknown word, or the answer was of no use: treat as "still running".
    `usable` False: the answer told nothing about the task (429, 5xx, not JSON, bad key, network); never a task failure.
    `found` False: the vendor says that there is no such task (then `usable` is True and `state` None).
    `urls` are the result addresses (http or https, without duplicates); SUCCEEDED with no URL means "ask again".
    `addresses` are all that stood anywhere in the answer, likeliest first; some may lack their host.
    `kind`, `code` and `message` explain a FAILED state, or why the answer was not usable; otherwise None and empty.
    `vendor_state` is the vendor's own word, kept for staff; `task_id` the task that the record names, "" for none.
    `callback_url`, `metadata` and `prompt` are what the record repeats of the request, "" for none; the address holds a
    secret of ours.
    """

    state: JobState | None = None
    urls: tuple[str, ...] = ()
    kind: ErrorKind | None = None
    code: str = ""
    message: str = ""
    found: bool = True
    usable: bool = True
    retry_after: float | None = None
    vendor_state: str = ""
    task_id: str = ""
    callback_url: str = field(default="", repr=False)
    metadata: str = ""
    prompt: str = field(default="", repr=False)
    addresses: tuple[Address, ...] = ()

    @property
    def has_record(self) -> bool:
        """Whether the vendor showed anything of the task: some answer 200 with nothing for whatever is asked about."""
        return self.usable and self.found and bool(self.state or self.vendor_state or self.task_id)

    def of(self, task_id: str) -> Job:
        """Return this answer, or one of no use when the record is about another task than the one asked about."""
        if self.task_id in {"", task_id}:
            return self
        message = f"asked about {task_id}, the vendor spoke of {self.task_id}"
        return Job(usable=False, kind=ErrorKind.UNKNOWN, message=message, vendor_state=self.vendor_state)


@dataclass(frozen=True)
class CallbackNews:
    """What a callback body claims: a hint, never a proof. Empty and None when the body says nothing readable."""

    task_id: str = ""
    state: JobState | None = None


class CheckResult(StrEnum):
    """What the harmless question of an administrator's test came to."""

    OK = "ok"
    """The vendor answered, in its own form, as somebody who knows our key."""
    BAD_KEY = "bad_key"
    NO_BALANCE = "no_balance"
    WRONG_ADDRESS = "wrong_address"
    """Somebody answers there, but nothing of this vendor's kind: base URL or path prefix."""
    NO_HOST = "no_host"
    """The name of the host leads nowhere (DNS)."""
    NO_TLS = "no_tls"
    """Somebody is there, but no trusted encrypted connection came about."""
    UNREACHABLE = "unreachable"
    """Refused, or broken off without an answer."""
    TIMED_OUT = "timed_out"
    NOT_JSON = "not_json"
    RATE_LIMITED = "rate_limited"
    VENDOR_TROUBLE = "vendor_trouble"
    """A 5xx, or the vendor's own word for maintenance."""
    ODD = "odd"
    """An answer that fits nothing listed; `Check.message` has the vendor's words."""


@dataclass(frozen=True)
class Check:
    """What the answer to `check_call` means. `code` and `message` are the vendor's own words for staff, redacted."""

    result: CheckResult
    code: str = ""
    message: str = ""


@dataclass(frozen=True)
class Balance:
    """What is left on the account at the vendor: thousandths of `unit` ("USD"). It may be below zero."""

    milli: int
    unit: str


class Provider(Protocol):
    """The functions of an adapter. All are pure; the readers never raise, whatever the bytes."""

    @property
    def name(self) -> str:
        """The word that stands for this vendor in the catalog and in settings."""

    def create_call(self, endpoint: Endpoint, request: CreateRequest) -> Call:
        """The HTTP request that asks the vendor for one generation."""

    def other_style(self, style: str) -> str:
        """The other body style in which `create_call` can write the same request; "" where there is only one."""

    def read_create(self, answer: Reply | NoReply, call: Call | None = None) -> Created:
        """Judge the answer to `call` by the create-answer table; anything unlisted is AMBIGUOUS.

        `call` tells what the answer may repeat of it.
        """

    def status_call(self, endpoint: Endpoint, model: str, task_id: str) -> Call:
        """The HTTP request that asks how one task stands. `model` is the vendor's id it was created with."""

    def read_status(self, answer: Reply | NoReply) -> Job:
        """Read the answer to `status_call`; an unknown word or a useless answer never ends a task."""

    def read_callback(self, body: bytes) -> CallbackNews:
        """Read the body that the vendor POSTed to our callback address."""

    def check_call(self, endpoint: Endpoint) -> Call:
        """The cheapest request that shows whether address and key are right; it makes nothing and costs nothing."""

    def read_check(self, answer: Reply | NoReply) -> Check:
        """Judge the answer to `check_call`."""

    def balance_call(self, endpoint: Endpoint) -> Call | None:
        """The request that asks for the account's balance; None for a vendor that documents none."""

    def read_balance(self, answer: Reply | NoReply) -> Balance | None:
        """Read the answer to `balance_call`; None when it holds no number."""
