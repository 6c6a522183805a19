"""The one place that turns a vendor's code, failure word or text into an `ErrorKind`.

Code first, text second: texts may be Chinese, may change, and may quote a member's prompt. So a kind that came of a
text is for people to read; what acts (create verdicts, pauses) takes the kind without it. Sources: the vendors' pages
on errors (apixo.ai/docs/api-reference/errors and error-codes, docs.sora2api.ai, ruxa.ai's guide; read 2026-11-20) and,
for the Chinese texts, what public clients meet in the field.
"""

from __future__ import annotations

import re
from enum import StrEnum

from sora_portal.providers.base import ErrorKind


class Subject(StrEnum):
    """What of a request a refusal is about, where the vendor says it: it decides what a member is told to change."""

    IMAGE = "image"
    LENGTH = "length"


BY_CODE = {
    401: ErrorKind.BAD_KEY,
    402: ErrorKind.NO_BALANCE,
    404: ErrorKind.MODEL_UNAVAILABLE,
    405: ErrorKind.MISCONFIGURED,
    408: ErrorKind.TIMED_OUT,
    429: ErrorKind.RATE_LIMITED,
    455: ErrorKind.MODEL_UNAVAILABLE,
    503: ErrorKind.MODEL_UNAVAILABLE,
    504: ErrorKind.TIMED_OUT,
    505: ErrorKind.MODEL_UNAVAILABLE,
}
"""Codes whose meaning no text can change. 455 is maintenance, 505 a switched-off feature on Sora2API's platform."""

WHEN_TEXT_IS_SILENT = {
    400: ErrorKind.INVALID_REQUEST,
    403: ErrorKind.BAD_KEY,
    422: ErrorKind.INVALID_REQUEST,
    501: ErrorKind.GENERATION_FAILED,
}
"""Codes that several troubles share: APIXO answers 400 for an empty account and 403 for a refused prompt."""

_WORDS = (
    ("insufficientcredit", ErrorKind.NO_BALANCE),
    ("insufficientbalance", ErrorKind.NO_BALANCE),
    ("sensitivecontent", ErrorKind.CONTENT_POLICY),
    ("contentviolation", ErrorKind.CONTENT_POLICY),
    ("contentpolicy", ErrorKind.CONTENT_POLICY),
    ("prohibitedcontent", ErrorKind.CONTENT_POLICY),
    ("moderation", ErrorKind.CONTENT_POLICY),
    ("nsfw", ErrorKind.CONTENT_POLICY),
    ("prompttoolong", ErrorKind.INVALID_REQUEST),
    ("promptlengthexceeded", ErrorKind.INVALID_REQUEST),
    ("invalidprompt", ErrorKind.INVALID_REQUEST),
    ("invalidimage", ErrorKind.INVALID_REQUEST),
    ("imagetoolarge", ErrorKind.INVALID_REQUEST),
    ("unsupportedformat", ErrorKind.INVALID_REQUEST),
    ("imagedownloadfailed", ErrorKind.INVALID_REQUEST),
    ("invalidparameter", ErrorKind.INVALID_REQUEST),
    ("modelunavailable", ErrorKind.MODEL_UNAVAILABLE),
    ("timeout", ErrorKind.TIMED_OUT),
    ("generationfailed", ErrorKind.GENERATION_FAILED),
)
"""Failure words without case, dashes and underscores: APIXO alone has a SCREAMING_CASE and a PascalCase vocabulary."""

_BALANCE = (
    r"积分不足|余额不足|额度不足"
    r"|insufficient\s+(?:account\s+)?(?:credit|balance|fund)|(?:not|n't have)\s+enough\s+(?:credit|balance)"
    r"|\b(?:credits?|balance)\s+(?:is|are)\s+(?:insufficient|not\s+enough)"
)
_PAUSED = (
    r"渠道|未找到支持模型|模型不存在"
    r"|^\W*paused\b|\b(?:temporarily|currently|been|is|are)\s+paused\b"
    r"|\b(?:interface|service|model|api|endpoint|feature)\b[^.]{0,40}\bpaused\b"
)
_CONTENT = (
    r"content[\s_-]*(?:policy|violat|moderat|filter)|violat\w*[^.]{0,60}(?:polic|guideline|rule|safety)"
    r"|(?:safety|community)\s+(?:guideline|polic|system)|safety\s+check"
    r"|sensitive\s+(?:content|word|information|material)|prohibited\s+content|inappropriate|\bnsfw\b|moderation"
    r"|违规|敏感|内容审核|安全策略|不合规"
)
_TEXTS = (
    (re.compile(_BALANCE, re.IGNORECASE), ErrorKind.NO_BALANCE),
    (re.compile(_PAUSED, re.IGNORECASE), ErrorKind.MODEL_UNAVAILABLE),
    (re.compile(_CONTENT, re.IGNORECASE), ErrorKind.CONTENT_POLICY),
    (
        re.compile(
            r"model[^.]{0,60}(?:not\s+found|not\s+exist|unavailable|not\s+available)"
            r"|unknown\s+model|under\s+maintenance|维护",
            re.IGNORECASE,
        ),
        ErrorKind.MODEL_UNAVAILABLE,
    ),
    (re.compile(r"timed?[\s-]?out|超时", re.IGNORECASE), ErrorKind.TIMED_OUT),
)
_ABOUT_IMAGE = re.compile(r"\bimages?\b|image_?urls?\b|input_reference|图片|图像", re.IGNORECASE)
_ABOUT_LENGTH = re.compile(r"too\s+long|\b\d+\s+characters|提示词过长|超出长度", re.IGNORECASE)
_IMAGE_WORDS = ("image", "unsupportedformat")
_LENGTH_WORDS = ("prompttoolong", "promptlengthexceeded")
_NO_SUCH_TASK = re.compile(
    r"(?:task|record|recordinfo)\b[^.]{0,40}(?:not\s+found|not\s+exist|is\s+null)|任务不存在|找不到任务", re.IGNORECASE
)

_NO_SUCH_ADDRESS = re.compile(r"/api/|\b(?:path|endpoint|route|url)\b", re.IGNORECASE)


def classify(*, http: int | None = None, code: int | None = None, word: str = "", text: str = "") -> ErrorKind:
    """Pick the kind of a trouble from an HTTP status, a body code, a failure word such as "NSFW_DETECTED" and a text.

    The body code speaks before the HTTP status, except when it is 200. UNKNOWN when nothing is recognised.
    """
    leading = code if code is not None and code != 200 else http
    if leading in BY_CODE:
        return BY_CODE[leading]
    if kind := kind_of_word(word):
        return kind
    kind = kind_of_text(text)
    # "400: your image could not be downloaded, timed out" is about the request, not about a slow vendor.
    if kind and not (kind is ErrorKind.TIMED_OUT and leading in {400, 422}):
        return kind
    if leading in WHEN_TEXT_IS_SILENT:
        return WHEN_TEXT_IS_SILENT[leading]
    if leading is not None and 300 <= leading < 400:
        return ErrorKind.MISCONFIGURED
    if leading is not None and 500 <= leading < 600:
        return ErrorKind.TRANSIENT
    return ErrorKind.UNKNOWN


def failure(*, code: int | None = None, word: str = "", text: str = "") -> ErrorKind:
    """Pick the kind of a task that a vendor accepted and then failed; GENERATION_FAILED when nothing says more."""
    kind = classify(code=code, word=word, text=text)
    vague = {ErrorKind.UNKNOWN, ErrorKind.TRANSIENT}
    return ErrorKind.GENERATION_FAILED if kind in vague else kind


def by_code(code: str) -> ErrorKind:
    """Pick the kind of a trouble by its code or failure word alone, as an answer is kept ("402", "NSFW_DETECTED")."""
    return classify(code=int(code) if re.fullmatch(r"[0-9]{1,6}", code, re.ASCII) else None, word=code)


def subject(kind: ErrorKind, *, word: str = "", text: str = "") -> Subject | None:
    """Return what a refused request should change: its image, its length, or (None) what the kind alone says.

    A sentence about refused content may quote the prompt, so there only a failure word counts.
    """
    if kind not in {ErrorKind.INVALID_REQUEST, ErrorKind.CONTENT_POLICY}:
        return None
    plain = _plain(word)
    if any(part in plain for part in _IMAGE_WORDS) and "inputoutput" not in plain:
        return Subject.IMAGE
    if kind is ErrorKind.CONTENT_POLICY:
        return None
    if any(part in plain for part in _LENGTH_WORDS) or _ABOUT_LENGTH.search(text):
        return Subject.LENGTH
    return Subject.IMAGE if _ABOUT_IMAGE.search(text) else None


def _plain(word: str) -> str:
    return re.sub(r"[^a-z]", "", word.lower())


def kind_of_word(word: str) -> ErrorKind | None:
    """The kind that a documented failure word stands for, None for a word that no page lists."""
    plain = _plain(word)
    return next((kind for part, kind in _WORDS if part in plain), None)


def kind_of_text(text: str) -> ErrorKind | None:
    """The kind that a vendor's sentence clearly speaks of, English or Chinese."""
    return next((kind for pattern, kind in _TEXTS if pattern.search(text)), None)


def says_no_such_address(text: str) -> bool:
    """True when a "not found" speaks of the address rather than of a model."""
    return bool(_NO_SUCH_ADDRESS.search(text))


def says_no_such_task(text: str) -> bool:
    """True when a sentence says that the vendor knows no task of this id."""
    return bool(_NO_SUCH_TASK.search(text))
