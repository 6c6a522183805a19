"""The send journal played again: each try that the database forgot goes the ordinary way to where it had come.

What the vendor answered is recorded as if it came now; a try without a known answer is in doubt. Nothing is sent.
"""

import logging
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from sora_portal.accounts.models import User
from sora_portal.catalog.models import Connection, VideoModel
from sora_portal.errors import Refused
from sora_portal.generations.domain import LEASE, TERMINAL, Phase, State
from sora_portal.generations.feed import counter
from sora_portal.generations.ids import token_hash
from sora_portal.generations.models import Attempt, Event, Generation
from sora_portal.generations.transitions import move, move_attempt, note
from sora_portal.generations.vendor import late_tasks
from sora_portal.generations.vendor.create_result import give_up_waiting, record_created
from sora_portal.installation import journal
from sora_portal.installation.journal import Entry
from sora_portal.ledger import actions as credits
from sora_portal.projects.models import Project
from sora_portal.providers.base import Created, ErrorKind, Verdict
from sora_portal.time_scale import scaled

log = logging.getLogger(__name__)
TEXT = "Taken up from the send journal after a restore; it is not sent again"


class CannotAdopt(Exception):
    """The video cannot be made again in this database; the message says why."""


@dataclass(frozen=True)
class Outcome:
    """What became of one try; `state` is where its video is now, empty where it could not be taken up, and `why`.

    `may_later`: it can be taken up once an admin has made room, in a budget say.
    """

    entry: Entry
    state: str
    why: str = ""
    may_later: bool = False


def catch_up() -> None:
    """Record the answers that the journal has and the database still waits for; harmless beside who is sending."""
    waiting = Attempt.objects.filter(phase__in=[Phase.SENDING.value, Phase.UNKNOWN.value], answered_at=None)
    for attempt_id, public_id, number in list(waiting.values_list("pk", "generation__public_id", "number")):
        entry = journal.read(journal.name_of(public_id, number))
        try:
            if entry.answer:
                record_created(attempt_id=attempt_id, created=created_of(entry.answer))
        except Exception:
            # It stays in the journal; the answers behind it must not wait for that.
            log.exception("the journal's answer to attempt %s could not be recorded", attempt_id)


def created_of(answer: dict[str, Any]) -> Created:
    """Return what an answer in the journal meant; what cannot be read is an unclear one."""
    verdict = Verdict.AMBIGUOUS
    with suppress(ValueError):
        verdict = Verdict(str(answer.get("verdict")))
    kind = None
    with suppress(ValueError):
        kind = ErrorKind(str(answer.get("kind")))
    task_id = str(answer.get("task_id") or "")
    if task_id:
        verdict = Verdict.ACCEPTED
    elif verdict is Verdict.ACCEPTED:
        verdict = Verdict.AMBIGUOUS
    message, code = str(answer.get("message") or ""), str(answer.get("code") or "")
    named = answer.get("named")
    ids = tuple(map(str, named)) if isinstance(named, list) else ()
    return Created(verdict, task_id=task_id, kind=kind, message=message, code=code, named=ids)


def replay(entry: Entry, *, by: User | None, now: datetime) -> Outcome:
    """Bring the video of `entry` to where the journal says that it was; all or nothing."""
    try:
        with transaction.atomic():
            _replay(entry, by, now)
    except Refused as problem:
        return Outcome(entry, "", str(problem), may_later=True)
    except (CannotAdopt, IntegrityError) as problem:
        return Outcome(entry, "", str(problem))
    return Outcome(entry, Generation.objects.values_list("state", flat=True).get(public_id=entry.public_id))


def _replay(entry: Entry, by: User | None, now: datetime) -> None:
    rows = Generation.objects.select_for_update(no_key=True, of=("self",)).select_related("model")
    generation = rows.filter(public_id=entry.public_id).first() or _made_again(entry, by, now)
    if generation.state in TERMINAL:
        _watch_beside(generation, entry, now)
        return
    if generation.state == State.QUEUED:
        values: dict[str, Any] = {"fence": generation.fence + 1, "held_until": None, "waiting_for": ""}
        move(generation, State.SUBMITTING, now=now, by=by, text=TEXT, due_at=now + scaled(LEASE), **values)
    elif generation.state != State.SUBMITTING:
        raise CannotAdopt(f"The video is {generation.state} here, with another request under way.")
    attempt = generation.attempts.filter(number=entry.number).first()
    if attempt is None:
        attempt = _attempt(generation, entry, now, Phase.SENDING)
    elif attempt.phase == Phase.PREPARED:
        sent = {"token_hash": entry.request["token_hash"]} if entry.request.get("token_hash") else {}
        move_attempt(attempt, Phase.SENDING, sending_at=now, **sent)
    if entry.answer:
        record_created(attempt_id=attempt.pk, created=created_of(entry.answer))
    else:
        give_up_waiting(generation, attempt, now, "the send journal has the request and no answer")


def _watch_beside(generation: Generation, entry: Entry, now: datetime) -> None:
    """What a vendor makes of a video that has ended here is kept beside its end."""
    if not entry.task_id:
        raise CannotAdopt(f"The video has ended here ({generation.state}), and no task of it is known.")
    attempt = _attempt(generation, entry, now, Phase.WRITTEN_OFF, vendor_task_id=entry.task_id, bound_by="answer")
    note(generation, now=now, kind="late", text="A task of it is known from the send journal and is watched")
    late_tasks.watch(generation=generation, attempt=attempt, now=now)


def _attempt(generation: Generation, entry: Entry, now: datetime, phase: Phase, **values: Any) -> Attempt:
    said = entry.request
    connection = Connection.objects.filter(slug=said.get("connection")).first() or generation.connection
    return Attempt.objects.create(
        generation=generation,
        number=entry.number,
        phase=phase.value,
        connection=connection,
        base_url=said.get("base_url") or connection.url,
        path_prefix=said.get("path_prefix", connection.path_prefix),
        body_style=said.get("body_style", connection.body_style),
        wire_model=said.get("wire_model") or generation.model.wire_id,
        request=said.get("request") or {"fields": {}, "top": {}},
        pace=float(said.get("pace") or connection.pace),
        interval=float(said.get("interval") or generation.model.rules.interval),
        token_hash=said.get("token_hash") or token_hash(secrets.token_hex(16)),
        prepared_at=now,
        sending_at=now,
        **{**said.get("vendor_cost", {}), **values},
    )


def _made_again(entry: Entry, by: User | None, now: datetime) -> Generation:
    """Make the row of a video submitted after the backup again, and hold its credits. Raises CannotAdopt, Refused."""
    said = entry.request
    if not said:
        raise CannotAdopt("The journal has its name only, and the database has no such video.")
    author = User.objects.filter(username=said.get("author")).first() or by
    project = Project.objects.filter(slug=said.get("project")).first()
    model = VideoModel.objects.select_related("connection").filter(slug=said.get("model")).first()
    if author is None or project is None or model is None:
        raise CannotAdopt("Its person, project or model is not in this database.")
    amount = int(said.get("price_milli") or 0)
    taken = said.get("submit_key") or f"journal-{entry.public_id}"
    if Generation.objects.filter(author=author, submit_key=taken).exists():
        taken = f"journal-{entry.public_id}"
    hold = credits.hold(
        ref=entry.public_id, amount=amount, project=project, member=author, connection=model.connection, now=now
    )
    generation = Generation.objects.create(
        public_id=entry.public_id,
        project=project,
        author=author,
        model=model,
        connection=model.connection,
        prompt=str(said.get("prompt") or ""),
        choices=dict(said.get("choices") or {}),
        submit_key=taken,
        hold=hold,
        price_milli=amount,
        due_at=now,
        created_at=now,
    )
    Event.objects.create(generation=generation, at=now, by=by, kind="state", target=State.QUEUED.value, text=TEXT)
    counter.publish(generation, born=True)
    return generation
