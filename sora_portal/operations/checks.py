"""What `manage.py check --deploy` holds against a production installation, beyond Django's own list."""

from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register

from sora_portal import hosts
from sora_portal.accounts import letters


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


@register(Tags.security, deploy=True)
def letters_can_be_sent(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Refuse mail that ends in a log, has no sender, or has links that no setting stands for."""
    if not letters.leave():
        hint = "Set EMAIL_URL if people shall set a forgotten password anew by themselves."
        return [checks.Info("No mail leaves this portal.", hint=hint, id="operations.I001")]
    found: list[CheckMessage] = []
    kind = settings.EMAIL_BACKEND.split(".")[-2]
    if kind == "locmem":  # where tests look for letters
        return found
    if kind in ("console", "filebased"):
        text = "Mail is printed or written to files, with its links for a new password."
        found.append(Error(text, hint="Set EMAIL_URL to a mail server, or unset it.", id="operations.E003"))
    if not settings.SORA_PORTAL_MAIL_FROM:
        hint = "Set SORA_PORTAL_MAIL_FROM, for example to Sora Portal <portal@portal.example>."
        found.append(Error("Mail has no sender of your domain.", hint=hint, id="operations.E004"))
    if not settings.SORA_PORTAL_PUBLIC_URL:
        text = f"Links in mail begin with {letters.origin()}, a guess from the allowed hosts."
        found.append(checks.Warning(text, hint="Set SORA_PORTAL_PUBLIC_URL.", id="operations.W002"))
    return found


@register(Tags.security, deploy=True)
def addresses_can_be_used(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Find an address in the settings that no request could go to, or that has a password in it."""
    named = {f"SORA_PORTAL_{vendor.upper()}_URL": row["url"] for vendor, row in settings.SORA_PORTAL_VENDORS.items()}
    named["SORA_PORTAL_PUBLIC_URL"] = settings.SORA_PORTAL_PUBLIC_URL
    bad = [name for name, address in named.items() if address and (not hosts.of(address) or "@" in address)]
    return [Error(f"{name} is not an address that can be used.", id="operations.E006") for name in bad]


@register(Tags.security, deploy=True)
def hosts_are_named(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a portal that answers under any name that a request makes up."""
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    hint = "Name the hosts under which people reach it."
    return [Error("SORA_PORTAL_ALLOWED_HOSTS allows every host.", hint=hint, id="operations.E005")]
