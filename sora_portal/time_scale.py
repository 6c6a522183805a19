"""How fast the portal's clock of intervals runs.

Every interval of the lifecycle (poll, lease, grace, back-off) goes through `scaled`, so that one setting,
SORA_PORTAL_TIME_SCALE, makes a day of waiting a matter of seconds in a test. Wall-clock facts such as a budget's
month are never scaled.
"""

from datetime import timedelta

from django.conf import settings


def scaled(seconds: float) -> timedelta:
    """Return `seconds` of lifecycle time as a real duration: multiplied by SORA_PORTAL_TIME_SCALE."""
    return timedelta(seconds=seconds * settings.SORA_PORTAL_TIME_SCALE)
