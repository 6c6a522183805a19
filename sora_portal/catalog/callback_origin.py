"""Whether a vendor could reach this portal."""

from django.conf import settings

from sora_portal import hosts


def callback_origin(vendor_url: str) -> str:
    """Return the origin that a vendor at `vendor_url` may report to, or "" when it could not reach us there.

    A vendor outside is given https addresses only: APIXO's documents ask for that, and none could reach the loopback
    address that `make run` uses with the sandbox, or a name of the private network.
    """
    origin: str = settings.SORA_PORTAL_PUBLIC_URL
    public = origin.startswith("https://") and not is_near(origin)
    return origin if public or is_near(vendor_url) else ""


def is_near(url: str) -> bool:
    """Return whether `url` names this machine or its private network, where stand-ins for vendors live."""
    host = hosts.of(url)
    return hosts.is_internal(host) or (hosts.is_number(host) and not hosts.is_public(host))
