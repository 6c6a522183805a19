"""Taking an address by hand: the vendor says that a video is finished, and only a person can tell where it lies."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from django.db import transaction

from sora_portal import hosts
from sora_portal.accounts.models import User
from sora_portal.accounts.policies import require_admin
from sora_portal.catalog import actions as catalog
from sora_portal.errors import Refused
from sora_portal.generations.callbacks.inbox import ask
from sora_portal.generations.domain import Phase, State
from sora_portal.generations.models import Attempt, Generation
from sora_portal.generations.resolution import actions
from sora_portal.generations.resolution.actions import NotPossible, VendorAway
from sora_portal.generations.transitions import Lost, move
from sora_portal.generations.vendor.addresses import is_ours, named
from sora_portal.outputs.domain import SENTENCES, Gate, Trouble
from sora_portal.outputs.fetching.download import Resolve, resolve_host, vet
from sora_portal.outputs.fetching.fetch import Claim, finish
from sora_portal.outputs.fetching.ingest import gate_of, take_in
from sora_portal.providers.addresses import joined, tidy
from sora_portal.providers.redaction import MASK, redact


class NotAnAddress(Refused):
    """What was typed cannot be the address of the video."""

    status = 422


class NotAVideo(Refused):
    """What was given is no video that can be kept."""

    status = 422


class HostNotAllowed(Refused):
    """The address leads to a host that is not on the connection's list."""

    status = 422


def take_address(
    *,
    by: User,
    generation: Generation,
    typed: str,
    reason: str,
    allow_host: bool,
    now: datetime,
    resolve: Resolve = resolve_host,
) -> None:
    """Have the file fetched from the address that an admin names; `allow_host` puts its host on the connection's list.

    Raises NotAllowed, NotAnAddress, HostNotAllowed, VendorAway, NotPossible, Overtaken; then nothing has changed. Never
    call it inside a transaction: a masked address is looked up in a fresh answer of the vendor.
    """
    require_admin(by)
    attempt = actions.live_attempt(generation)
    if generation.state != State.NEEDS_DECISION or attempt is None or attempt.phase != Phase.ACCEPTED:
        raise NotPossible("The vendor has no finished task of this video that waits for an address.")
    url = _whole(attempt, typed.strip())
    if is_ours(attempt, url):
        raise NotAnAddress("The vendor had this address from us, so it cannot be the video that it made.")
    gate, host = gate_of(attempt), hosts.of(url)
    is_new = not gate.lists(host) and hosts.is_named(host)
    try:
        vet(url, replace(gate, hosts=(*gate.hosts, host)) if is_new else gate, resolve)
    except Trouble as trouble:
        raise NotAnAddress(f"{SENTENCES[trouble.reason]} ({trouble.detail}.)") from trouble
    if is_new and not _is_open(url, gate, resolve):
        if not allow_host:
            label = attempt.connection.label
            raise HostNotAllowed(
                f"{host} is not among the hosts of {label}. Tick “Allow its host” if it is the vendor's."
            )
        catalog.allow_host(by=by, connection=attempt.connection, host=host)
    actions.fetch_from(by=by, generation=generation, address=url, reason=reason, staff_text=redact(url), now=now)


def take_file(*, by: User, generation: Generation, file: Path, reason: str, now: datetime) -> None:
    """Keep a file of this machine as the finished video, as an admin who has it by another way says, and charge for it.

    It is examined like one from the vendor. Raises NotAllowed, NotAVideo, NotPossible; then nothing has changed.
    """
    require_admin(by)
    attempt = actions.live_attempt(generation)
    if generation.state != State.NEEDS_DECISION or attempt is None or attempt.phase != Phase.ACCEPTED:
        raise NotPossible("The vendor has no finished task of this video that waits for a file.")
    try:
        stored = take_in(file)
    except Trouble as trouble:
        raise NotAVideo(f"This file cannot be kept: {trouble.detail}.") from trouble
    text = f"The file was given by hand: {reason}"
    try:
        with transaction.atomic():
            move(generation, State.FETCHING, now=now, by=by, due_at=now, text=text)
            finish(Claim(generation, attempt), stored, now)
    except Lost as lost:
        raise NotPossible("The video has changed meanwhile. Look how it stands now.") from lost


def _is_open(url: str, gate: Gate, resolve: Resolve) -> bool:
    try:
        vet(url, gate, resolve)
    except Trouble:
        return False
    return True


def _whole(attempt: Attempt, typed: str) -> str:
    """Return the address that is meant: what was masked for the page is looked up where it stands in full."""
    if MASK not in typed:
        url = tidy(typed) or (joined(typed, attempt.base_url) if typed.startswith("/") else "")
        if not url:
            raise NotAnAddress(
                "This is no http or https address. Copy it from the vendor's answer, from its first letter."
            )
        return url
    if found := _unmasked(typed, attempt.result_urls):
        return found
    job = ask(attempt, attempt.vendor_task_id or "").of(attempt.vendor_task_id or "")
    if not job.usable:
        raise VendorAway(f"{attempt.connection.label} cannot be asked for the masked part now. Try again in a minute.")
    if found := _unmasked(typed, named(attempt, job)):
        return found
    raise NotAnAddress("The vendor's answer has no such address any more. Look at the newest answer.")


def _unmasked(typed: str, urls: Iterable[object]) -> str:
    return next((str(url) for url in urls if redact(str(url)) == typed), "")
