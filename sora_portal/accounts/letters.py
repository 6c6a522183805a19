"""The few letters that the portal sends: a link for a new password, and news of a change to how a person signs in."""

import logging
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string

log = logging.getLogger(__name__)

NO_MAIL = "django.core.mail.backends.dummy.EmailBackend"


def leave() -> bool:
    """Return whether letters leave this portal at all: EMAIL_URL names a mail server."""
    return bool(settings.EMAIL_BACKEND != NO_MAIL)


def origin() -> str:
    """Return where the portal is, as its settings say and no request does: "https://portal.example"."""
    hosts = [host.lstrip(".") for host in settings.ALLOWED_HOSTS if host != "*"]
    scheme = "https" if settings.HTTPS else "http"
    return settings.SORA_PORTAL_PUBLIC_URL or f"{scheme}://{hosts[0] if hosts else 'localhost'}"


def sender() -> str:
    """Return the From of every letter."""
    host = urlsplit(origin()).hostname
    return settings.SORA_PORTAL_MAIL_FROM or f"Sora Portal <no-reply@{host}>"


def send(template_prefix: str, email: str, context: dict[str, Any]) -> None:
    """Send the letter `<template_prefix>_subject.txt` and `_message.txt` to `email`; nothing when that is empty.

    A mail server in trouble is noted without the letter's text and fails nothing: what the letter is about stands.
    """
    if not email:
        return
    told = {**context, "email": email, "origin": origin(), "organisation": settings.SORA_PORTAL_ORGANISATION}
    subject = " ".join(render_to_string(f"{template_prefix}_subject.txt", told).split())
    text = render_to_string(f"{template_prefix}_message.txt", told).strip()
    try:
        send_mail(f"[Sora Portal] {subject}", f"{text}\n", sender(), [email])
    except OSError as error:  # smtplib's errors are OSErrors
        log.error("a letter (%s) could not be sent: %s", template_prefix.rpartition("/")[2], type(error).__name__)
