"""What the send journal is told of a create call: all that it takes to make the video's row again, and the answer."""

import logging
from datetime import datetime
from typing import Any

from sora_portal.generations.dispatch.claim import Claim
from sora_portal.generations.vendor.create_result import record_created, withhold
from sora_portal.installation import journal
from sora_portal.installation.models import Installation
from sora_portal.providers.base import Created, ErrorKind, Verdict

log = logging.getLogger(__name__)


def begin(held: Claim, now: datetime) -> bool:
    """Write down that the attempt is about to leave; False, and it must not, when the journal does not take it.

    A journal that has this try already knows more than the database: then the video is in doubt.
    """
    attempt = held.attempt
    try:
        journal.begin(_name(held), _request(held, now))
    except journal.AlreadySent:
        withhold(attempt.pk, "the send journal says that this request had left before", now)
        return False
    except OSError as error:
        log.exception("the send journal cannot be written, so attempt %s is not sent", attempt.pk)
        nothing = Created(Verdict.NOT_SENT, kind=ErrorKind.TRANSIENT, message=f"our send journal: {error.strerror}")
        record_created(attempt_id=attempt.pk, created=nothing)
        return False
    return True


def learn(held: Claim, created: Created, now: datetime) -> None:
    """Add what the answer meant. Trouble with it costs nothing but this line: the receipt and the row have the task."""
    answer = {
        "at": now.isoformat(),
        "verdict": created.verdict.value,
        "task_id": created.task_id,
        "named": created.named,
        "kind": created.kind.value if created.kind else "",
        "code": created.code[:80],
        "message": created.message[:1000],
    }
    try:
        journal.learn(_name(held), {"answer": answer})
    except OSError:
        log.exception("the send journal does not take the answer to attempt %s", held.attempt.pk)


def _name(held: Claim) -> str:
    return journal.name_of(held.generation.public_id, held.attempt.number)


def _request(held: Claim, now: datetime) -> dict[str, Any]:
    generation, attempt, connection = held.generation, held.attempt, held.attempt.connection
    live = bool(connection.key) or not connection.is_sandbox
    row = Installation.objects.filter(pk=1).first()
    if live and row and not row.live:
        Installation.objects.filter(pk=1).update(live=True)
    return {
        **({"installation": row.uid, "epoch": row.epoch} if row else {}),
        "at": now.isoformat(),
        "live": live,
        "video": generation.public_id,
        "author": generation.author.username,
        "project": generation.project.slug,
        "model": generation.model.slug,
        "prompt": generation.prompt,
        "choices": generation.choices,
        "price_milli": generation.price_milli,
        "submit_key": generation.submit_key,
        "connection": connection.slug,
        "base_url": attempt.base_url,
        "path_prefix": attempt.path_prefix,
        "body_style": attempt.body_style,
        "wire_model": attempt.wire_model,
        "request": attempt.request,
        "pace": attempt.pace,
        "interval": attempt.interval,
        "token_hash": attempt.token_hash,
        "vendor_cost": {
            "vendor_cost_micro": attempt.vendor_cost_micro,
            "vendor_currency": attempt.vendor_currency,
            "vendor_charges_failures": attempt.vendor_charges_failures,
        },
    }
