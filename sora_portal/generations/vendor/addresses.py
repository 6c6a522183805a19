"""Which of the addresses in a vendor's answer may be the video of this attempt: never one that we gave the vendor."""

from collections.abc import Iterator

from django.conf import settings

from sora_portal.generations.models import Attempt
from sora_portal.providers import addresses
from sora_portal.providers.base import Address, Job


def to_fetch(attempt: Attempt, job: Job, *, least: int = addresses.LIKELY) -> list[str]:
    """Return the addresses to fetch the video from, the likeliest first; `least` is the lowest rank that will do."""
    return list(addresses.chosen(_others(attempt, job), least=least))


def named(attempt: Attempt, job: Job) -> list[str]:
    """Return every address in the answer that we did not give the vendor, for a person to choose from."""
    return [address.url for address in _others(attempt, job)]


def is_ours(attempt: Attempt, url: str) -> bool:
    """Return whether the vendor had this address from us: a picture, a callback, anything of the request."""
    return _is_ours(url, _given(attempt))


def _given(attempt: Attempt) -> set[str]:
    return {addresses.same(url) for text in _texts(attempt.request) for url in addresses.in_text(text)}


def _others(attempt: Attempt, job: Job) -> list[Address]:
    found = job.addresses or tuple(Address(url, addresses.DOCUMENTED) for url in job.urls)
    absolute = [Address(addresses.joined(one.url, attempt.base_url), one.rank) for one in found]
    given = _given(attempt)
    return [one for one in absolute if one.url and not _is_ours(one.url, given)]


def _is_ours(url: str, given: set[str]) -> bool:
    known = addresses.same(url)
    portal = settings.SORA_PORTAL_PUBLIC_URL
    return known in given or known.partition("?")[0] in given or bool(portal and _origin(url) == _origin(portal))


def _origin(url: str) -> str:
    return addresses.same(url).partition("/")[0]


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
