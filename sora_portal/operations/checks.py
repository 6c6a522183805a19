"""What `manage.py check --deploy` holds against a production installation, beyond Django's own list."""

from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security, deploy=True)
def switches_of_tests_are_off(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Refuse what exists for tests only."""
    found: list[CheckMessage] = []
    if settings.SORA_PORTAL_TEST_MODE:
        found.append(
            Error(
                "SORA_PORTAL_TEST_MODE is on: videos may be fetched from this machine's own network.",
                hint="Unset it. It exists for tests that serve videos from loopback.",
                id="operations.E001",
            )
        )
    if settings.SORA_PORTAL_TIME_SCALE != 1:
        found.append(
            checks.Warning(
                f"SORA_PORTAL_TIME_SCALE is {settings.SORA_PORTAL_TIME_SCALE:g}: vendors are not asked at the pace they"
                " want to be asked at.",
                hint="Unset it. Faster than 1 earns refusals for asking too often.",
                id="operations.W001",
            )
        )
    return found


@register(Tags.security, deploy=True)
def field_keys_can_encrypt(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Find a mistyped key before the first vendor key has to be stored with it."""
    found: list[CheckMessage] = []
    for position, key in enumerate(settings.SORA_PORTAL_FIELD_KEYS, start=1):
        try:
            Fernet(key)
        except ValueError:
            found.append(
                Error(
                    f"Key {position} in SORA_PORTAL_FIELD_KEYS is no Fernet key (32 bytes in URL-safe base64).",
                    hint="docs/settings.md says how to make one.",
                    id="operations.E002",
                )
            )
    return found
