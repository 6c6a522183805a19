"""Whose task it is: on what word a vendor's task is bound to an attempt, and when it is taken back.

Only the plain yes to a request says by itself that the task is this request's. A callback may have been delivered to
the wrong address, and an admin may mistype, so what they name counts while no other request could have begun it.
"""

import json
import re
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from sora_portal.generations.domain import UNKNOWN_GRACE, WEAK, WRITE_OFF_AFTER, BoundBy, Phase, State
from sora_portal.generations.feed import counter
from sora_portal.generations.ids import token_hash
from sora_portal.generations.models import Attempt, CallbackInbox, Generation, LateTask
from sora_portal.generations.transitions import lock, move, move_attempt, note
from sora_portal.providers.base import Job
from sora_portal.time_scale import scaled

OPEN = (Phase.SENDING, Phase.UNKNOWN)
_YES = re.compile(r"2[0-9]{2}|0|ok|success|succeeded|true|accepted|created", re.IGNORECASE)
NO_LONGER: dict[str, Any] = {
    "bound_by": "",
    "vendor_task_id": None,
    "result_urls": [],
    "result_seen_at": None,
    "errors": 0,
    "not_found": 0,
    "not_found_since": None,
    "no_result": 0,
    "no_result_since": None,
}
ROBBED = (
    "The vendor says that the task we watched is another video's. The credits stay reserved until we know what became"
    " of this one; nothing is sent twice."
)


def taken(attempt: Attempt, task_id: str) -> bool:
    """Return whether another attempt at this place has the task."""
    return _neighbours(attempt).filter(vendor_task_id=task_id).exists()


def rivals(attempt: Attempt) -> QuerySet[Attempt]:
    """Return the other requests to this place whose task nobody knows: what a callback names may be theirs.

    Of those that were written off, the ones sent up to three days before this one: both times were written when the
    requests left, so a clock that is set later changes nothing.
    """
    since = (attempt.sending_at or attempt.prepared_at) - scaled(WRITE_OFF_AFTER)
    unanswered = Q(phase__in=OPEN) | Q(phase=Phase.WRITTEN_OFF, sending_at__gte=since)
    return _neighbours(attempt).filter(unanswered, vendor_task_id=None)


def _neighbours(attempt: Attempt) -> QuerySet[Attempt]:
    place = Q(connection=attempt.connection_id) | Q(base_url=attempt.base_url)
    return Attempt.objects.filter(place).exclude(pk=attempt.pk)


def echoed(attempt: Attempt, job: Job) -> bool | None:
    """Return whether the task's record says that `attempt` ordered it (True) or another did (False); None if neither.

    Only what members cannot write counts by itself; a prompt counts where it is that of one unanswered request alone.
    """
    token = job.callback_url.rstrip("/").rpartition("/")[2]
    public_id, _, number = job.metadata.strip().rpartition("-")
    ours = Q(token_hash=token_hash(token)) if token else Q(pk=None)
    if number.isdecimal() and len(number) < 5:
        ours |= Q(generation__public_id=public_id, number=int(number))
    owner = Attempt.objects.filter(ours).first()
    if owner is not None:
        return owner.pk == attempt.pk
    if not job.prompt:
        return None
    alike = [one.pk for one in (attempt, *rivals(attempt)) if _plain(_prompt(one)) == _plain(job.prompt)]
    return alike == [attempt.pk] if len(alike) == 1 or (alike and attempt.pk not in alike) else None


def _prompt(attempt: Attempt) -> str:
    return str(attempt.request.get("fields", {}).get("prompt", ""))


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def wrote(attempt: Attempt, task_id: str) -> bool:
    """Return whether the request itself holds this text: an answer that names it may only repeat a member's words."""
    return json.dumps(task_id, ensure_ascii=False)[1:-1] in json.dumps(attempt.request, ensure_ascii=False)


def word_for(attempt: Attempt, job: Job, *, source: str) -> BoundBy | None:
    """Return on whose word a task that the vendor knows may be bound to `attempt`; None while it may be another's."""
    if (says := echoed(attempt, job)) is not None:
        return BoundBy.ECHO if says else None
    if source == "answer":
        return BoundBy.NAMED
    return None if rivals(attempt).exists() else BoundBy.CALLBACK


def leads(attempt: Attempt) -> QuerySet[CallbackInbox]:
    """Return the news from which a person may find the task of `attempt`."""
    named = Q(source="answer") | Q(due_at__isnull=False)
    return CallbackInbox.objects.filter(named, attempt=attempt)


def may_exist(attempt: Attempt) -> bool:
    """Return whether the vendor said yes without a usable id, or a task was named: time alone writes neither off."""
    return bool(_YES.fullmatch(attempt.vendor_code)) or leads(attempt).exists()


def take_back(attempt_id: int, task_id: str, now: datetime) -> None:
    """Free `task_id`, which is the task of `attempt_id` by the vendor's plain yes, from what holds it on a weaker word.

    To be called inside a transaction, before either row is locked. What has a file or has ended is left to people.
    """
    weak = [word.value for word in WEAK]
    attempt = Attempt.objects.get(pk=attempt_id)
    holders = Attempt.objects.filter(connection=attempt.connection_id, vendor_task_id=task_id, bound_by__in=weak)
    wrong = Attempt.objects.filter(pk=attempt_id, bound_by__in=weak).exclude(vendor_task_id=task_id)
    found = list((holders.exclude(pk=attempt_id) | wrong).order_by("generation_id").values_list("pk", "generation_id"))
    # Always in this order, so that two answers that take from each other do not wait in a circle.
    rows = Generation.objects.filter(pk__in=[attempt.generation_id, *(row for _, row in found)]).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk"))
    for pk, _ in found:
        _release(pk, attempt, task_id, now)


def _release(holder_id: int, owner: Attempt, task_id: str, now: datetime) -> None:
    generation, holder = lock(holder_id)
    said = f"{holder.vendor_task_id}, held on the word of: {holder.bound_by}"
    if generation.is_live and holder.phase == Phase.ACCEPTED:
        staff_text = f"the answer to {owner.generation.public_id}-{owner.number} names task {task_id}; this had {said}"
        move_attempt(holder, Phase.UNKNOWN, **NO_LONGER)
        move(
            generation,
            State.UNCONFIRMED,
            now=now,
            due_at=now + scaled(UNKNOWN_GRACE),
            text=ROBBED,
            staff_text=staff_text,
            failure_text="",
            tries=0,
            fence=generation.fence + 1,
        )
        # Which of the callbacks named its own task is worth another look.
        CallbackInbox.objects.filter(attempt=holder).update(due_at=now + timedelta(seconds=1), tries=0)
    elif not generation.has_a_file and holder.phase in (Phase.REJECTED, Phase.WRITTEN_OFF):
        Attempt.objects.filter(pk=holder.pk).update(**NO_LONGER)
        LateTask.objects.filter(pk=holder.pk).update(due_at=None, busy=False, outcome="the task is another video's")
        note(generation, now=now, kind="late", text="The task that was watched is another video's", staff_text=said)
    else:
        text = "The vendor says that the task of this video is another's. An admin has to look at both."
        note(
            generation, now=now, kind="late", text=text, staff_text=f"{said}; now named by {owner.generation.public_id}"
        )
    counter.publish(generation)
