"""What the board says of the traffic at each connection: what waits, what went well and wrong, what rests.

A constant number of queries, however many connections and models there are.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Min, OuterRef, Q, Subquery
from django.urls import reverse

from sora_portal.catalog.circuit_breaker import Operation, Position
from sora_portal.catalog.models import Breaker, Connection
from sora_portal.generations.domain import State
from sora_portal.generations.models import Answer, Generation
from sora_portal.providers.base import ErrorKind

# What a vendor did, for those who look after the connections; members read `domain.SENTENCES`.
KINDS: dict[str, str] = {
    ErrorKind.BAD_KEY: "It did not accept our key",
    ErrorKind.NO_BALANCE: "Our account there was empty",
    ErrorKind.INVALID_REQUEST: "It did not accept a request",
    ErrorKind.CONTENT_POLICY: "It refused a prompt for its content",
    ErrorKind.MODEL_UNAVAILABLE: "It did not serve a model",
    ErrorKind.RATE_LIMITED: "It told us to slow down",
    ErrorKind.TRANSIENT: "It could not be reached, or was broken",
    ErrorKind.GENERATION_FAILED: "It could not make a video",
    ErrorKind.NO_RESULT: "It named no file",
    ErrorKind.TIMED_OUT: "It took too long",
    ErrorKind.MISCONFIGURED: "Nothing of its kind answered at the address",
    ErrorKind.UNKNOWN: "It gave an answer that we do not understand",
}
NO_TASK = "It did not know a video that it had taken"
COOLDOWNS = {
    Operation.CREATE.value: "New videos",
    Operation.QUERY.value: "Questions how videos stand",
    Operation.DOWNLOAD.value: "Downloads",
}
AT_THE_VENDOR = [State.SUBMITTING.value, State.UNCONFIRMED.value, State.RUNNING.value, State.FETCHING.value]


@dataclass
class Load:
    """How many videos wait and are under way at a connection; `by_model` counts those that wait."""

    queued: int = 0
    in_flight: int = 0
    oldest_at: datetime | None = None
    by_model: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Trouble:
    """The last error: what it was, the vendor's words for a tooltip's length, when, and where all of it can be read."""

    what: str
    text: str
    at: datetime
    url: str


@dataclass(frozen=True)
class Cooldown:
    """An operation that the portal has stopped for a while: what rests, since when, and until when at least."""

    what: str
    since: datetime
    until: datetime | None
    trial: bool


@dataclass(frozen=True)
class Traffic:
    """Everything that the card of one connection says of its traffic."""

    load: Load
    last_success_at: datetime | None
    trouble: Trouble | None
    rests: tuple[Cooldown, ...]


def traffic(connections: Iterable[Connection]) -> dict[int, Traffic]:
    """Return what there is to say of each of these connections, by its id."""
    connections = list(connections)
    ids = [connection.pk for connection in connections]
    loads, answers = _loads(ids), _answers(ids)
    rows: dict[int, list[Breaker]] = {pk: [] for pk in ids}
    for row in Breaker.objects.filter(connection__in=ids):
        rows[row.connection_id].append(row)
    return {
        pk: Traffic(
            load=loads.get(pk, Load()),
            last_success_at=max((row.last_success_at for row in rows[pk] if row.last_success_at), default=None),
            trouble=max(_troubles(rows[pk], answers.get(pk)), key=lambda trouble: trouble.at, default=None),
            rests=tuple(_rests(rows[pk])),
        )
        for pk in ids
    }


def _loads(ids: list[int]) -> dict[int, Load]:
    queued = Q(state=State.QUEUED.value)
    counted = (
        Generation.objects.filter(connection__in=ids, due_at__isnull=False)
        .values("connection", "model")
        .annotate(
            waiting=Count("pk", filter=queued),
            flying=Count("pk", filter=Q(state__in=AT_THE_VENDOR)),
            oldest=Min("created_at", filter=queued),
        )
        .order_by()
    )
    loads: dict[int, Load] = {}
    for row in counted:
        load = loads.setdefault(row["connection"], Load())
        load.queued += row["waiting"]
        load.in_flight += row["flying"]
        load.by_model[row["model"]] = row["waiting"]
        oldest = [at for at in (load.oldest_at, row["oldest"]) if at]
        load.oldest_at = min(oldest, default=None)
    return loads


def _answers(ids: list[int]) -> dict[int, Answer]:
    """Return the newest answer that was kept of each connection."""
    newest = Answer.objects.filter(connection=OuterRef("pk")).order_by("-at", "-pk").values("pk")[:1]
    wanted = Connection.objects.filter(pk__in=ids).values(newest=Subquery(newest))
    rows = Answer.objects.filter(pk__in=wanted).select_related("attempt__generation")
    return {row.connection_id: row for row in rows.defer("text", "attempt__request")}


def _troubles(rows: list[Breaker], answer: Answer | None) -> Iterator[Trouble]:
    """Yield what is known of errors: a breaker counts those of the vendor itself, an answer may be about one video."""
    if answer is not None:
        url = f"{reverse('outputs:video', args=[answer.attempt.generation.public_id])}#{answer.anchor}"
        status = f"HTTP {answer.status}" if answer.status else "No answer came."
        yield Trouble(KINDS.get(answer.kind, NO_TASK), status, answer.at, url)
    for row in rows:
        same = answer is not None and row.last_error_at is not None and row.last_error_at <= answer.at
        if row.last_error_at and not same:
            yield Trouble(
                KINDS.get(row.last_error_kind, "Something failed"), row.last_error_text, row.last_error_at, ""
            )


def _rests(rows: list[Breaker]) -> Iterator[Cooldown]:
    for row in rows:
        if row.opened_at is not None:
            trial = row.rules.position is Position.HALF_OPEN
            yield Cooldown(COOLDOWNS[row.operation], row.opened_at, None if trial else row.next_try_at, trial)
