"""From QUEUED to the vendor: claim, cross the point of no return, send once, record the answer.

Every function is safe to run twice, late, or never. The order of commits is the whole point:
attempt PREPARED is durable, then SENDING is durable, then the request is in the send journal, then the first byte
leaves, then the receipt is on disk, then the row says so. Whoever dies in between leaves a row from which the next
worker knows what may have happened.
"""

import logging
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

from django.db import connections
from django.urls import reverse

from sora_portal import clock, failpoints
from sora_portal.catalog.callback_origin import callback_origin
from sora_portal.catalog.models import Connection
from sora_portal.generations import admission
from sora_portal.generations.dispatch import journal
from sora_portal.generations.dispatch.claim import Claim, claim, claim_next, mark_sending
from sora_portal.generations.domain import SEND_WINDOW
from sora_portal.generations.models import Attempt
from sora_portal.generations.restored import check
from sora_portal.generations.transitions import Lost
from sora_portal.generations.vendor import receipts
from sora_portal.generations.vendor.client import endpoint_of
from sora_portal.generations.vendor.create_result import record_created
from sora_portal.generations.vendor.health import note_create
from sora_portal.generations.vendor.response_log import keep_create
from sora_portal.heartbeat import beat
from sora_portal.providers import http
from sora_portal.providers.base import Call, CreateRequest
from sora_portal.providers.registry import provider

log = logging.getLogger(__name__)

# A vendor that takes longer than this to say "accepted" has most likely accepted; the answer stays unknown.
CREATE_TIMEOUT = 60.0
# How many creates one worker has under way at once. As many are in doubt when it is killed, so few.
LANES = 6
# Seconds after which a worker leaves the rest to the next one: other work gets its turn, and what a stopped worker
# still sends has its answer before its cluster is ended.
SHIFT = 5.0
# One lane of this process at a time claims at a connection. All of them would wait for the same row lock, and if the
# process is frozen then, each of them in turn would get it and keep others from it until the server ends its session.
_claiming: defaultdict[int, threading.Lock] = defaultdict(threading.Lock)


def submit_step(generation_id: int) -> None:
    """Do whatever a QUEUED or SUBMITTING generation needs now: claim and send it, or clean up after a dead worker.

    Nothing in safe mode. Raises OSError, with nothing claimed, while the disk takes no receipts.
    """
    if check.closed(clock.now()):
        return
    receipts.check()
    try:
        held = claim(generation_id, clock.now())
        if held is not None:
            _step(held)
    except Lost as lost:
        log.info("nothing to submit: %s", lost)


def fill_step(connection_id: int) -> None:
    """Send whoever is next in turn at a connection, for as long as it takes more; several at once where it does.

    Nothing in safe mode. Raises OSError, with nothing claimed, while the disk takes no receipts.
    """
    admission.came(connection_id)
    if check.closed(clock.now()):
        return
    receipts.check()
    end = time.monotonic() + SHIFT
    connection = Connection.objects.get(pk=connection_id)
    now = clock.now()
    # Only as many as there is work for: a worker that called another to an empty line would be called by it in turn.
    lanes = min(admission.capacity(connection, now).free, admission.waiting(connection_id, now, most=LANES + 1))
    if lanes > LANES:
        admission.call(connection_id)
        lanes = LANES
    if lanes > 1:
        with ThreadPoolExecutor(lanes - 1, thread_name_prefix="send") as pool:
            for _ in range(lanes - 1):
                pool.submit(_lane_of_its_own, connection_id, end)
            _lane(connection_id, end)
    elif lanes:
        _lane(connection_id, end)


def _lane(connection_id: int, end: float) -> None:
    """Send one after the other until nobody may go, or until `end` (monotonic): then another worker is called."""
    while time.monotonic() < end:
        with _claiming[connection_id]:
            turn = claim_next(connection_id, clock.now())
        if turn is None:
            return
        beat()
        try:
            if turn.claim is not None:
                _step(turn.claim)
        except Lost as lost:
            log.info("nothing to submit: %s", lost)
    admission.call(connection_id)


def _lane_of_its_own(connection_id: int, end: float) -> None:
    try:
        _lane(connection_id, end)
    except Exception:
        log.exception("a lane to connection %s ended; what waits is sent by another", connection_id)
    finally:
        connections.close_all()


def _step(held: Claim) -> None:
    """Send what was claimed, once. Raises Lost."""
    failpoints.reach("claimed")
    # Whatever can go wrong with the words of the request does so before the point of no return.
    call = _call(held)
    if mark_sending(held):
        _send(held, call)


def callback_url(attempt: Attempt, token: str) -> str | None:
    """Return the address the vendor may report to, or None when it could not reach us or the connection says no."""
    origin = callback_origin(attempt.base_url) if attempt.connection.callbacks else ""
    return f"{origin}{reverse('generations:callback', args=[token])}" if origin else None


def _call(held: Claim) -> Call:
    """Return the one request of this claim, from the attempt's frozen data."""
    attempt = held.attempt
    request = CreateRequest(
        model=attempt.wire_model,
        fields=attempt.request["fields"],
        top=attempt.request["top"],
        callback_url=callback_url(attempt, held.token),
    )
    return provider(attempt.connection.vendor).create_call(endpoint_of(attempt), request)


def _send(held: Claim, call: Call) -> None:
    """Make the one call, unless this process slept since it was allowed to; then record what came of it."""
    attempt = held.attempt
    failpoints.reach("sending")
    if not journal.begin(held, clock.now()):
        return
    # A process that was frozen since it was allowed to send may have lost its lease: then not a byte may leave.
    slept = (clock.now() - (attempt.sending_at or clock.now())).total_seconds()
    answer = http.send(call, timeout=CREATE_TIMEOUT, first_byte_by=time.monotonic() + SEND_WINDOW - slept)
    failpoints.reach("answer-unread")
    created = provider(attempt.connection.vendor).read_create(answer, call)
    if created.task_id or created.named:
        _keep_receipt(receipts.Receipt(attempt.pk, created.task_id, created.named, attempt.token_hash))
    journal.learn(held, created, clock.now())
    failpoints.reach("receipt-written")
    # Before the row moves: what waits behind it is woken then, and must find the breaker as this answer left it.
    note_create(attempt, created, clock.now())
    record_created(attempt_id=attempt.pk, created=created)
    failpoints.reach("answer-recorded")
    receipts.discard(attempt.pk)
    keep_create(attempt, answer, created)


def _keep_receipt(receipt: receipts.Receipt) -> None:
    """Write the task id to disk before the database is asked; a disk that refuses leaves the database and the log."""
    try:
        receipts.write(receipt)
    except OSError:
        log.exception("no receipt could be written: attempt %s is task %s", receipt.attempt_id, receipt.task_id)
