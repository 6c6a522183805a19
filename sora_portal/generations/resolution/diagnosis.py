"""A video in doubt in words: what the portal knows of it, for the admin who decides."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sora_portal.generations.callbacks import inbox
from sora_portal.generations.domain import WRITE_OFF_AFTER, BoundBy, Phase
from sora_portal.generations.models import Attempt, CallbackInbox, Generation
from sora_portal.generations.resolution.actions import Resolution, live_attempt, resolution_of
from sora_portal.generations.vendor import task_binding
from sora_portal.providers.redaction import redact
from sora_portal.time_scale import scaled
from sora_portal.web.words import credits_text

LOST = (
    "The request went out and its answer was lost: the vendor may be making this video, or may never have heard of it."
    " Nothing is sent again by itself. If the vendor's site lists the task, enter its id."
)
LEADS = {
    None: LOST,
    Resolution.DOWNLOAD: (
        "The vendor finished this video, but its file cannot be had. The portal keeps asking for a new link."
    ),
    Resolution.WATCH: "The vendor took this video and the portal sees no end of it. It keeps asking, slowly.",
    Resolution.QUEUE: "Sending failed on our side before anything left. The vendor knows nothing of this video.",
}
NAMELESS = (
    "The vendor says that this video is finished and names no address that the portal understands. It keeps asking,"
    " slowly. Read what the vendor answered; if the address of the video is in it, or on the vendor's site, take it."
)
BOUND_BY = {
    BoundBy.NAMED.value: "named by an unclear answer",
    BoundBy.ADMIN.value: "entered by an admin",
    BoundBy.CALLBACK.value: "named by a callback alone",
}
BUTTONS = {
    Resolution.DOWNLOAD: "Try the download again",
    Resolution.WATCH: "Keep watching",
    Resolution.QUEUE: "Put it back in the queue",
}


@dataclass(frozen=True)
class Evidence:
    """One thing that is known: a term, words, and when it was, if that says anything."""

    term: str
    words: str
    at: datetime | None = None


@dataclass(frozen=True)
class Diagnosis:
    """What the card "Decide" shows. `answer`: the vendor's last words when asked.

    `ends_at`: when the policy writes it off; `way` and `button`: how it may go on.
    """

    lead: str
    evidence: list[Evidence]
    ends_at: datetime | None
    takes_task_id: bool
    way: Resolution | None
    button: str
    vendor: str
    takes_address: bool
    answer: str


def diagnose(generation: Generation) -> Diagnosis:
    """Return what is known of a generation that is in doubt (fetched with its hold and connection)."""
    attempt = live_attempt(generation)
    way = resolution_of(generation, attempt)
    unknown = attempt is not None and attempt.phase == Phase.UNKNOWN
    return Diagnosis(
        lead=NAMELESS if attempt is not None and attempt.no_result and way is Resolution.WATCH else LEADS[way],
        evidence=list(_evidence(generation, attempt, way)),
        ends_at=_ends_at(attempt) if unknown else None,
        takes_task_id=unknown,
        way=way,
        button=BUTTONS[way] if way else "",
        vendor=generation.connection.label,
        takes_address=way in (Resolution.DOWNLOAD, Resolution.WATCH),
        answer=getattr(attempt, "said", None) or "",
    )


def _evidence(generation: Generation, attempt: Attempt | None, way: Resolution | None) -> Iterator[Evidence]:
    if attempt is None:
        yield Evidence("Sent", "never")
    else:
        yield _dated("Sent", f"to {attempt.connection.label}", attempt.sending_at)
        yield _answer(attempt)
        if attempt.vendor_task_id:
            word = BOUND_BY.get(attempt.bound_by, "")
            yield Evidence("Vendor's task", f"{attempt.vendor_task_id}, {word}" if word else attempt.vendor_task_id)
            yield _status(attempt)
        for url in attempt.result_urls:
            yield Evidence("Address named", redact(str(url)))
    yield Evidence("Attempts", str(generation.attempts.count()))
    if way is Resolution.DOWNLOAD:
        yield Evidence("Downloads tried", str(generation.tries))
    if attempt is not None:
        yield _callbacks(attempt)
    if attempt is not None and not attempt.vendor_task_id:
        yield from _named(attempt)
    yield Evidence("Reserved", f"{credits_text(generation.hold.amount)} credits")
    if generation.cancel_wanted_at:
        yield _dated("Asked to cancel", "by its author or an admin", generation.cancel_wanted_at)


def _ends_at(attempt: Attempt | None) -> datetime | None:
    """Return when the policy writes it off; never while the vendor may have its task."""
    if attempt is None or attempt.sending_at is None or task_binding.may_exist(attempt):
        return None
    return attempt.sending_at + scaled(WRITE_OFF_AFTER)


def _named(attempt: Attempt) -> Iterator[Evidence]:
    """Yield the tasks that an unclear answer or a callback named and that nobody could say are this request's."""
    for row in CallbackInbox.objects.filter(attempt=attempt).select_related("attempt__connection").order_by("pk"):
        for task_id in inbox.read(row).named:
            by = "the answer" if row.source == "answer" else "a callback"
            if task_binding.taken(attempt, task_id):
                why = "another video has it"
            elif row.due_at and (others := task_binding.rivals(attempt).count()):
                why = f"it may be that of another request without an answer ({others} at this vendor)"
            else:
                why = "the vendor did not say that it is this one's"
            yield _dated("Names a task", f"{by} named {task_id}; {why}", row.received_at)


def _dated(term: str, words: str, at: datetime | None) -> Evidence:
    return Evidence(term, f"{words}," if at else words, at)


def _answer(attempt: Attempt) -> Evidence:
    """Return what the vendor said to the request."""
    if attempt.phase == Phase.ACCEPTED:
        return _dated("Answer", "accepted", attempt.answered_at)
    said = redact(" ".join(f"{attempt.vendor_code} {attempt.vendor_message}".split()))[:300]
    return _dated("Answer", f"unclear: {said}" if said else "none came", attempt.answered_at)


def _status(attempt: Attempt) -> Evidence:
    """Return what the vendor said when the portal asked about the task."""
    if attempt.not_found:
        return Evidence("When asked", f"knows no such task, {attempt.not_found} × since", attempt.not_found_since)
    if attempt.errors:
        return Evidence("When asked", f"no usable answer, {attempt.errors} × in a row")
    if attempt.no_result:
        return Evidence("When asked", f"finished, no address, {attempt.no_result} × since", attempt.no_result_since)
    if attempt.result_urls:
        return _dated("When asked", "finished", attempt.result_seen_at)
    return Evidence("When asked", "still at it")


def _callbacks(attempt: Attempt) -> Evidence:
    rows = CallbackInbox.objects.filter(attempt=attempt, source="callback")
    newest = rows.order_by("-received_at").first()
    if newest is None:
        return Evidence("Callback", "none has come")
    return Evidence("Callback", f"{rows.count()} received, the last", newest.received_at)
