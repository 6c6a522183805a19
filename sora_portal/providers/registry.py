"""From a vendor's name to its adapter."""

from __future__ import annotations

from sora_portal.providers.apixo import Apixo
from sora_portal.providers.base import Provider
from sora_portal.providers.ruxa import Ruxa
from sora_portal.providers.sora2api import Sora2Api

_PROVIDERS: dict[str, Provider] = {adapter.name: adapter for adapter in (Ruxa(), Apixo(), Sora2Api())}


class UnknownProviderError(LookupError):
    """No adapter has this name."""


def names() -> tuple[str, ...]:
    """The names of all adapters, in the order in which a list should show them."""
    return tuple(_PROVIDERS)


def provider(name: str) -> Provider:
    """Return the adapter of this name; raises `UnknownProviderError`, which names those that exist."""
    try:
        return _PROVIDERS[name]
    except KeyError:
        raise UnknownProviderError(f"no adapter is called {name!r}; there are {', '.join(names())}") from None
