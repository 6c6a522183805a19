"""Where an attempt is asked about, and with which key: the pair that it was sent with.

No key goes to a host that it was not set for: neither the present key to an old host, nor an old key to a new one.
"""

from datetime import datetime

from django.conf import settings

from sora_portal.catalog import actions as catalog
from sora_portal.catalog.credentials import Closed, KeyState, state_of
from sora_portal.generations.models import Attempt
from sora_portal.providers.base import Call, Endpoint, ErrorKind, Job, NoReply
from sora_portal.providers.registry import provider

PRACTICE = "sandbox"
"""Stands where a key would; stand-ins ask for none."""


def endpoint_of(attempt: Attempt) -> Endpoint:
    """Return where this attempt was and is, with the key that belongs there; raises Closed when none is known.

    For an event loop, fetch the attempt with its connection and credential.
    """
    return Endpoint(
        base_url=attempt.base_url,
        key=_key(attempt),
        path_prefix=attempt.path_prefix,
        body_style=attempt.body_style,
    )


def _key(attempt: Attempt) -> str:
    pinned, connection = attempt.credential, attempt.connection
    state = state_of(pinned.secret_key) if pinned is not None else KeyState.NONE
    if pinned is not None and state is KeyState.SET:
        return pinned.secret_key
    if attempt.base_url == connection.url and not connection.is_closed:
        return connection.key or PRACTICE
    without = state is KeyState.NONE and not connection.key and not connection.is_closed
    if without or attempt.base_url.startswith(f"{settings.SORA_PORTAL_SANDBOX_URL}/"):
        return PRACTICE
    raise Closed(f"{connection.label} cannot be asked at {attempt.base_url}: the key for that address cannot be read.")


def keys_of(attempt: Attempt) -> tuple[str, ...]:
    """Return every key that an answer about this attempt could repeat, to be masked."""
    pinned = attempt.credential.secret_key if attempt.credential else ""
    return tuple(key for key in (pinned, attempt.connection.key) if key)


def status_call(attempt: Attempt, task_id: str, endpoint: Endpoint | None = None) -> Call:
    """Return the status query for a task of this attempt; raises Closed."""
    where = endpoint or endpoint_of(attempt)
    return provider(attempt.connection.vendor).status_call(where, attempt.wire_model, task_id)


def unasked(closed: Closed) -> tuple[NoReply, Job]:
    """Return what a question comes to that may not be asked."""
    return NoReply(False, str(closed)), Job(usable=False, kind=ErrorKind.BAD_KEY, message=str(closed))


def is_at_home(attempt: Attempt) -> bool:
    """Return whether the attempt was sent with the address and key that its connection has now."""
    if attempt.credential is None:
        return attempt.base_url == attempt.connection.url
    return attempt.credential.is_present(attempt.connection)


def renewed(attempt: Attempt) -> Endpoint | None:
    """Return the attempt's own address with the connection's present key, where that is another one; None otherwise.

    Of a key that was replaced at the vendor: whoever was refused with the old one may ask once with the new.
    """
    connection = attempt.connection
    if is_at_home(attempt) or connection.is_closed or attempt.base_url != connection.url:
        return None
    return Endpoint(connection.url, connection.key, attempt.path_prefix, attempt.body_style)


def repin(attempt: Attempt, now: datetime) -> None:
    """Ask about the attempt with its connection's present address and key from now on."""
    attempt.credential = catalog.pin_credential(connection=attempt.connection, now=now)
    attempt.base_url, attempt.path_prefix = attempt.connection.url, attempt.connection.path_prefix
    attempt.save(update_fields=["credential", "base_url", "path_prefix"])
