"""What must hold when the shooting is over: I1 to I9 (docs/architecture.md), from tables and the vendor's memory."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from sora_portal.generations.domain import IN_DOUBT, LIVE_PHASES, TERMINAL, Phase, State
from sora_portal.generations.models import Attempt, Generation
from sora_portal.ledger import verify
from sora_portal.ledger.models import Journal
from sora_portal.operations.reconciliation import checks
from sora_portal.outputs.media import storage
from sora_portal.outputs.models import Output

Memory = dict[str, list[dict[str, Any]]]
ENDS = ("capture", "release")
# Attempts of which the portal says itself that the vendor may have made something.
VISIBLE = (Phase.SENDING, Phase.UNKNOWN, Phase.WRITTEN_OFF)


@dataclass(frozen=True)
class Broken:
    """One thing that does not hold: under which heading it counts, and where."""

    heading: str
    where: str


def broken(memory: Memory, *, keys: Collection[str] = (), quiet: bool = True) -> list[Broken]:
    """Return everything that does not hold; nothing, if all is well.

    `memory` is the sandbox's. Every video must have had a prompt of its own: by that the vendor's tasks are told apart.
    `keys` are the submit keys that people were told to be taken. With `quiet`, every row must have come to rest.
    """
    rows = {row.prompt: row for row in Generation.objects.select_related("hold")}
    return [
        *_ledger(),
        *_lost(rows, keys),
        *_settled(rows),
        *_attempts(),
        *_paid(rows, memory),
        *(_stuck(rows) if quiet else ()),
    ]


def _ledger() -> Iterator[Broken]:
    """I1 to I4, I7, I8, and that no constraint is missing: one that nobody ran into was still to be there."""
    for difference in (*verify.differences(), *checks.missing_constraints()):
        yield Broken(f"ledger {difference.invariant}", f"{difference.where}: {difference.text}")


def _lost(rows: dict[str, Generation], keys: Collection[str]) -> Iterator[Broken]:
    """A submit that was answered has its video, and one only."""
    found = Counter(row.submit_key for row in rows.values())
    for key in keys:
        if found[key] != 1:
            yield Broken("lost", f"submit {key} has {found[key]} videos")


def _settled(rows: dict[str, Generation]) -> Iterator[Broken]:
    """I4, I5: ended exactly if settled, once; finished exactly if captured and the file is there."""
    ends = Counter(Journal.objects.filter(kind__in=ENDS).values_list("ref", flat=True))
    captured = set(Journal.objects.filter(kind="capture").values_list("ref", flat=True))
    outputs = {output.generation_id: output for output in Output.objects.all()}
    for row in rows.values():
        ended = row.state in TERMINAL
        if ends[row.public_id] > 1:
            yield Broken("settled twice", f"{row} has {ends[row.public_id]} ends")
        if ended != row.hold.is_settled or ended != bool(ends[row.public_id]):
            yield Broken("wrongly settled", f"{row} is {row.state}, its hold {row.hold.state}")
        if (row.state == State.SUCCEEDED) != (row.public_id in captured):
            yield Broken("wrongly settled", f"{row} is {row.state}, captured: {row.public_id in captured}")
        if row.has_a_file and not _has_file(outputs.get(row.pk)):
            yield Broken("lost", f"{row} is {row.state} without its file")


def _has_file(output: Output | None) -> bool:
    if output is None:
        return False
    path = storage.video_path(output.sha256, output.mime)
    return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == output.sha256


def _attempts() -> Iterator[Broken]:
    """I6: at most one live attempt for each video; a vendor's task belongs to one attempt."""
    live = Attempt.objects.filter(phase__in=[phase.value for phase in LIVE_PHASES]).values("generation__public_id")
    for row in live.annotate(count=Count("pk")).filter(count__gt=1):
        yield Broken("two live attempts", f"{row['generation__public_id']} has {row['count']}")
    bound = Attempt.objects.exclude(vendor_task_id=None).values("connection", "vendor_task_id")
    for task in bound.annotate(count=Count("pk")).filter(count__gt=1):
        yield Broken("two owners", f"task {task['vendor_task_id']}")


def _paid(rows: dict[str, Generation], memory: Memory) -> Iterator[Broken]:
    """I9: the vendor has one task at most for each video, it is known here or visibly in doubt, and ended as it did."""
    tasks = {task["task_id"]: task for task in memory["tasks"]}
    for prompt, count in Counter(task["prompt"] for task in tasks.values()).items():
        if count > 1:
            yield Broken("double-paid", f"{rows.get(prompt)} has {count} tasks at the vendor")
    attempts = list(Attempt.objects.select_related("generation"))
    bound = {attempt.vendor_task_id: attempt for attempt in attempts}
    visible = {attempt.generation.prompt for attempt in attempts if attempt.phase in VISIBLE}
    for task_id, task in tasks.items():
        owner = bound.get(task_id)
        if owner is None:
            if task["prompt"] not in visible:
                yield Broken("lost", f"task {task_id} of {rows.get(task['prompt'])} is known to the vendor only")
        elif owner.generation.prompt != task["prompt"]:
            yield Broken("two owners", f"task {task_id} is bound to {owner.generation}, but is another video's")
        elif owner.phase == Phase.WRITTEN_OFF or owner.generation.recovered_at:
            continue  # what the vendor makes after a decision is kept and not charged
        elif (owner.generation.state, task["state"]) in (("failed", "succeeded"), ("succeeded", "failed")):
            yield Broken("wrongly settled", f"{owner.generation} is {owner.generation.state}, its task {task['state']}")


def _stuck(rows: dict[str, Generation]) -> Iterator[Broken]:
    """Every row has ended or waits for a person, who sees it."""
    for row in rows.values():
        if row.state not in TERMINAL and row.state not in IN_DOUBT:
            yield Broken("stuck", f"{row} is {row.state}: {row.waiting_for}")
