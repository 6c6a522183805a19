"""Masking of secrets in text that goes to logs, staff pages or the database."""

from __future__ import annotations

import re
from urllib.parse import quote

MASK = "[redacted]"

# A slash as it stands in a plain text, in JSON, in JSON within JSON, and in a query, once or twice encoded.
_SLASHES = r"(?:\\*/|\\+u002f|%(?:25)*2F)+"
_PATTERNS = (
    # Authorization headers, however they got into a text.
    re.compile(r"(?i)(\bbearer(?:\s|%20|\+)+)[^\s\"'\\,;<>&]+"),
    re.compile(r"(?i)(\bauthorization[\"']?\s*[:=]\s*[\"']?)(?!bearer\b)[^\s\"'\\,;<>&]+"),
    # Keys of the "sk-" family, which vendors like to quote back.
    re.compile(r"()\bsk-[A-Za-z0-9_\-]{4,}"),
    # The token in our callback addresses; Sora2API echoes the address inside `paramJson`, with escaped slashes.
    re.compile(rf"(?i)(callbacks{_SLASHES})[A-Za-z0-9_~.%\-]{{8,}}"),
    # The signed part of the address that a vendor was given for an uploaded picture.
    re.compile(rf"(?i)({_SLASHES}r{_SLASHES})[0-9a-f]{{32}}\.\d+\.[A-Za-z0-9_\-]+"),
    # What makes a signed address work: whoever has it can fetch the file.
    re.compile(
        r"(?i)((?:[?&]|%3F|%26|\\u0026|&amp;)(?:x-(?:amz|goog|oss|cos)-(?:signature|credential|security-token)|signature|sig"
        r"|sign|token|policy|auth_?key|access_?key(?:_?id)?|ossaccesskeyid|googleaccessid|key-pair-id|security-token"
        r")(?:=|%3D))[^\s&\"'\\<>]+"
    ),
)


def redact(text: str, *secrets: str) -> str:
    """Return `text` with bearer and "sk-" keys, callback and picture tokens and the given secrets masked.

    A given secret of less than 4 characters masks nothing.
    """
    for secret in sorted({form for given in secrets for form in _forms(given)}, key=len, reverse=True):
        text = text.replace(secret, MASK)
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\g<1>{MASK}", text)
    return text


def _forms(secret: str) -> set[str]:
    secret = secret.strip()
    return {secret, quote(secret, safe="", errors="replace")} if len(secret) >= 4 else set()
