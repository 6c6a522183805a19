"""What the frame of every page shows of safe mode."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from sora_portal.installation import safe_mode


def safe(request: HttpRequest) -> dict[str, Any]:
    """Return `safe_mode`: a `SafeMode`, false while there is none. Read only when rendered."""
    return {"safe_mode": SimpleLazyObject(lambda: safe_mode.on() or "")}
