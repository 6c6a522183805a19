"""The address under which a vendor may fetch one picture for a while: signed, so that nobody can guess or extend it."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

_signer = Signer(salt="sora_portal.references.links", sep=".")


def address(public_id: str, *, origin: str, now: datetime) -> str:
    """Return the address of a picture below `origin`, good for SORA_PORTAL_PICTURE_HOURS from `now`."""
    expires = now + timedelta(hours=settings.SORA_PORTAL_PICTURE_HOURS)
    token = _signer.sign(f"{public_id}.{int(expires.timestamp())}")
    return f"{origin}{reverse('references:public', args=[token])}"


def read(token: str, now: datetime) -> str:
    """Return the public id that a token of ours names, or "" when it is not ours or its time is over.

    The signature is compared in constant time, and before anything else is read.
    """
    try:
        public_id, expires = _signer.unsign(token).rsplit(".", 1)
    except BadSignature:
        return ""
    return public_id if now.timestamp() < int(expires) else ""
