"""Small, consistent rows for tests: people, a project with money, and generations in any state.

Personas: ada (member), rae (reviewer), mo (admin), eve (a stranger: signed in, member of nothing).
"""

import copy
import hashlib
import itertools
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from sora_portal.accounts.models import User
from sora_portal.catalog import actions as catalog
from sora_portal.catalog.models import Connection, VideoModel
from sora_portal.generations import actions
from sora_portal.generations.domain import Phase, State
from sora_portal.generations.ids import token_hash
from sora_portal.generations.models import Attempt, Generation
from sora_portal.generations.transitions import move, move_attempt
from sora_portal.ledger import actions as credits
from sora_portal.projects.models import Membership, Project

PASSWORD = "only-for-tests"
_numbers = itertools.count(1)
_shipped: list[list[Any]] = []


def user(username: str, role: str = "member", **values: Any) -> User:
    """Return the person with this user name, made on first use with PASSWORD."""
    found = User.objects.filter(username=username).first()
    return found or User.objects.create_user(username, password=PASSWORD, role=role, **values)


def ada() -> User:
    """A member."""
    return user("ada", name="Ada Moreau")


def rae() -> User:
    """A reviewer."""
    return user("rae", "reviewer", name="Rae Okafor")


def mo() -> User:
    """An admin."""
    return user("mo", "admin", name="Mo Lindqvist")


def eve() -> User:
    """A stranger: may sign in, belongs to no project."""
    return user("eve", name="Eve Stranger")


def project(name: str = "Autumn launch", members: tuple[User, ...] | None = None) -> Project:
    """Return the project of that name; its members are ada, rae and mo unless named."""
    found, created = Project.objects.get_or_create(name=name, defaults={"slug": name.lower().replace(" ", "-")})
    if created:
        for person in (ada(), rae(), mo()) if members is None else members:
            Membership.objects.create(project=found, user=person)
    return found


def money(credits_a_month: int = 10_000) -> None:
    """Give the organisation a monthly budget, in credits, unless it has one."""
    scope = credits.organisation_scope()
    if scope.quota is None:
        credits.set_quota(by=mo(), scope=scope, monthly=credits_a_month * 1000, now=timezone.now())


def offered_model(slug: str = "ruxa-sora-2") -> VideoModel:
    """Return one of the shipped models."""
    if not VideoModel.objects.exists():
        _ship()
    return VideoModel.objects.select_related("connection").get(slug=slug)


def _ship() -> None:
    """Load the shipped catalog; after the first time in this process, put in the rows that the first time made.

    A copy takes a fifth of the time, and two thousand tests want the rows and not the loading.
    """
    if not _shipped:
        catalog.load_shipped()
        _shipped.extend([list(Connection.objects.order_by("pk")), list(VideoModel.objects.order_by("pk"))])
        return
    for rows in _shipped:
        type(rows[0])._default_manager.bulk_create([copy.copy(row) for row in rows])


def generation(
    *,
    state: State = State.QUEUED,
    author: User | None = None,
    in_project: Project | None = None,
    model: VideoModel | None = None,
    prompt: str = "Ocean waves crashing against rocky cliffs",
    review: str = "",
    task_id: str = "",
    now: datetime | None = None,
    **choices: str,
) -> Generation:
    """Return a generation that reached `state` by the moves of the table, with its hold, attempt and events.

    `review` is shown on a SUCCEEDED one ("to_review" unless given); `task_id` is the vendor's; `now` is when it was
    submitted, and every further step happens one second later.
    """
    money()
    moment = now or timezone.now()
    used = model or offered_model()
    submitted = actions.submit(
        by=author or ada(),
        project=in_project or project(),
        model=used,
        prompt=prompt,
        choices={**used.rules.defaults(), **choices},
        submit_key=f"test-{next(_numbers)}",
        now=moment,
    )
    row = submitted.generation
    for target in _path(state):
        moment += timedelta(seconds=1)
        _step(row, target, moment, task_id)
    if state is State.SUCCEEDED:
        Generation.objects.filter(pk=row.pk).update(review=review or "to_review")
    return Generation.objects.for_rows().get(pk=row.pk)


def _path(state: State) -> tuple[State, ...]:
    running = (State.SUBMITTING, State.RUNNING)
    paths = {
        State.QUEUED: (),
        State.CANCELLED: (State.CANCELLED,),
        State.SUBMITTING: (State.SUBMITTING,),
        State.UNCONFIRMED: (State.SUBMITTING, State.UNCONFIRMED),
        State.NEEDS_DECISION: (*running, State.NEEDS_DECISION),
        State.RUNNING: running,
        State.FAILED: (*running, State.FAILED),
        State.FETCHING: (*running, State.FETCHING),
        State.SUCCEEDED: (*running, State.FETCHING, State.SUCCEEDED),
    }
    return paths[state]


def _step(row: Generation, target: State, now: datetime, task_id: str) -> None:
    due = None if target in (State.SUCCEEDED, State.FAILED, State.CANCELLED) else now
    values: dict[str, Any] = {}
    if target is State.SUCCEEDED:
        number = f"{row.pk}".encode()
        values = {"sha256": hashlib.sha256(number).hexdigest(), "duration_ms": 10_000, "width": 1280, "height": 720}
    if target is State.FAILED:
        values = {"failure_kind": "content_policy", "failure_text": "The vendor refused this prompt for its content."}
    if target is State.SUBMITTING:
        attempt(row, now)
    if target in (State.RUNNING, State.UNCONFIRMED):
        live = row.attempts.get(phase=Phase.SENDING.value)
        if target is State.RUNNING:
            move_attempt(live, Phase.ACCEPTED, vendor_task_id=task_id or f"task-{row.public_id}")
            values["started_at"] = now
        else:
            move_attempt(live, Phase.UNKNOWN)
    move(row, target, now=now, due_at=due, **values)


def attempt(row: Generation, now: datetime) -> Attempt:
    """Return an attempt of `row` that has just been sent."""
    encoded = row.model.rules.encode(row.choices, prompt=row.prompt, attempt=f"{row.public_id}-1")
    endpoint = row.connection.endpoint()
    return Attempt.objects.create(
        generation=row,
        number=row.attempts.count() + 1,
        phase=Phase.SENDING.value,
        connection=row.connection,
        base_url=endpoint.base_url,
        path_prefix=endpoint.path_prefix,
        body_style=endpoint.body_style,
        wire_model=row.model.wire_id,
        request={"fields": encoded.fields, "top": encoded.top},
        token_hash=token_hash(f"token-{row.public_id}"),
        prepared_at=now,
        sending_at=now,
        interval=row.model.rules.interval,
    )
