"""Every address in a vendor's answer, and how likely each is the video. Nothing here raises, whatever was sent.

A documented place is read first (`reading.urls_in`). Vendors rename fields, nest them, put JSON into a text, leave the
scheme out or a space in: a paid video must not be lost to that. What is found here is only ever fetched, under the same
guards as any other address, so a wrong guess costs a download.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, unquote, urljoin, urlsplit

from sora_portal.providers import reading
from sora_portal.providers.base import Address

DEPTH = 10
NODES = 5000
FOUND_CAP = 64

DOCUMENTED, LIKELY, POSSIBLE, UNLIKELY, NEVER = 4, 3, 2, 1, 0
"""Ranks: a place of the contract; a video by its name; nothing speaks against it; a preview; a picture or a page."""

_VIDEO = re.compile(r"\.(mp4|m4v|mov|webm|mkv|avi)(?![a-z0-9])", re.IGNORECASE)
_VIDEO_END = re.compile(r"\.(mp4|m4v|mov|webm|mkv|avi)([?#]\S*)?$", re.IGNORECASE)
_OTHER = re.compile(
    r"\.(jpe?g|png|gif|webp|avif|svg|bmp|heic|ico|json|html?|txt|srt|vtt|css|js|mp3|wav|m4a|aac|ogg|pdf|zip|xml)$",
    re.IGNORECASE,
)
# Where a record repeats the request. What we gave must not come back as the result.
_ECHO = re.compile(r"^(param|prompt|input|request|callback|webhook|reference|negativeprompt)")
_ASIDE = re.compile(
    r"thumb|cover|poster|preview|image|picture|photo|snapshot|sample|frame|audio|subtitle|avatar|logo|icon|gif"
    r"|doc|help|support|terms|message|msg|reason|error|link"
)
_RESULT = re.compile(r"video|result|output|media|download|file|asset|clip|movie|mp4")
_SPLIT = re.compile(r"(?:^|[\s,;|\"'<>(\[{]+)(?=https?://)", re.IGNORECASE)
_WEB = re.compile(r"(https?://)([^/?#\s]*)(.*)", re.IGNORECASE | re.DOTALL)
_BARE_HOST = re.compile(r"([a-z0-9-]+\.)+[a-z]{2,}(:\d+)?/\S", re.IGNORECASE)
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060\ufeff]")


def found(body: object, documented: Iterable[str]) -> tuple[Address, ...]:
    """Return the addresses in an answer's JSON, the likeliest first, each once.

    `documented` are those that stood where the vendor's pages say. An address without a host is kept as it came, for
    `joined`.
    """
    ranked: dict[str, int] = {}
    for url in (tidy(url) or url for url in documented):
        ranked[url] = UNLIKELY if _OTHER.search(_path(url)) else DOCUMENTED + bool(_VIDEO.search(url))
    for url, names in _everything(body):
        ranked.setdefault(url, _rank(url, names))
    best = sorted(ranked, key=lambda url: -ranked[url])
    return tuple(Address(url, ranked[url]) for url in best[:FOUND_CAP])


def chosen(addresses: Iterable[Address], *, least: int = LIKELY) -> tuple[str, ...]:
    """Return those to fetch: all that stand in a documented place, or else those of the best rank from `least` on."""
    ranks = [address.rank for address in addresses]
    best = max(ranks, default=NEVER)
    floor = max(min(best, DOCUMENTED), least)
    return tuple(address.url for address in addresses if address.rank >= floor)[: reading.URLS_CAP]


def joined(url: str, base_url: str) -> str:
    """Return an address that came without a host as one at the vendor; "" when nothing usable comes of it."""
    if is_absolute(url):
        return url
    return tidy(urljoin(f"{base_url.rstrip('/')}/", url))


def is_absolute(url: str) -> bool:
    """Return whether an address names its host."""
    return bool(re.match(r"https?://", url, re.IGNORECASE))


def same(url: str) -> str:
    """Return what is equal for two spellings of one address: no scheme, no quoting, no fragment, no last slash."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    query = f"?{unquote(parts.query)}" if parts.query else ""
    return f"{parts.netloc.lower().removesuffix(':443').removesuffix(':80')}{unquote(parts.path).rstrip('/')}{query}"


def tidy(text: str) -> str:
    """Return `text` as an http(s) address that can be asked for, or "" when it is none.

    Blanks and signs that cannot stand in an address are quoted, "//host/…" and "host/….mp4" get https.
    """
    text = _INVISIBLE.sub("", text).strip().strip("\"'<>").strip()
    text = html.unescape(text) if "&amp;" in text else text
    text = text.replace("\\/", "/")
    text = unquote(text) if re.match(r"https?%3A%2F%2F", text, re.IGNORECASE) else text
    if text.startswith("//") or (_BARE_HOST.match(text) and _VIDEO.search(text)):
        text = f"https://{text.removeprefix('//')}"
    parts = _WEB.fullmatch(text)
    if parts is None or len(text) > reading.URL_CAP:
        return ""
    rest = re.sub(r"[\s\"<>\\^`{|}\xa0]", lambda sign: quote(sign.group()), parts.group(3))
    url = f"{parts.group(1)}{parts.group(2)}{rest}"
    return url if reading.is_web_url(url) else ""


def in_text(text: str) -> list[str]:
    """Return the addresses that stand anywhere in a text."""
    text = text.strip()
    if not text or len(text) > reading.URL_CAP * reading.URLS_CAP:
        return []
    pieces = _SPLIT.split(text)
    alone = len(pieces) == 2 and not pieces[0]
    urls = []
    for piece in pieces[1:]:
        token = re.split(r"[\s\"'<>`]", piece, maxsplit=1)[0]
        token = token if alone and token == piece else token.rstrip(".,;:)]}")
        # A file's name may hold blanks; a sentence that goes on after an address does not end like a file.
        whole = piece if alone and " " in piece else ""
        urls += [whole] if _VIDEO_END.search(whole) else [token, whole]
    if not urls:
        urls = [text]
    return [url for url in dict.fromkeys(map(tidy, filter(None, urls))) if url]


def _everything(body: object) -> Iterator[tuple[str, str]]:
    """Yield each address with the names under which it stands, joined by slashes."""
    left = [NODES]
    yield from _walk(body, "", DEPTH, left)


def _walk(value: object, names: str, depth: int, left: list[int]) -> Iterator[tuple[str, str]]:
    left[0] -= 1
    if depth == 0 or left[0] < 0:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            plain = re.sub(r"[^a-z0-9]", "", str(name)[:100].lower())
            if not _ECHO.match(plain):
                # A map of addresses: {"https://…": "hd"}.
                yield from ((url, names) for url in (in_text(str(name)) if "//" in str(name) else ()))
                yield from _walk(inner, f"{names}/{plain}", depth - 1, left)
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner, names, depth - 1, left)
    elif isinstance(value, str):
        yield from _read(value, names, depth, left)


def _read(text: str, names: str, depth: int, left: list[int]) -> Iterator[tuple[str, str]]:
    text = text.strip()
    if text[:1] in {"{", "[", '"'}:
        parsed = reading.parse(text)
        if parsed is not None:
            yield from _walk(parsed, names, depth - 1, left)
            return
        # JSON that breaks off: only what its closing quote shows to be whole.
        for piece in re.findall(r"\"(https?:[^\"]+)\"", text.replace("\\/", "/").replace("\\u0026", "&")):
            yield from ((url, names) for url in in_text(piece))
        return
    urls = in_text(text)
    yield from ((url, names) for url in urls)
    if not urls and _is_path(text, names):
        yield text, names


def _is_path(text: str, names: str) -> bool:
    """Return whether a text without a host names a file at the vendor."""
    if not _VIDEO_END.search(text) or len(text) > reading.URL_CAP or "\n" in text or ":" in text.partition("/")[0]:
        return False
    return text.startswith(("/", "./")) or ("/" in text and " " not in text) or bool(_RESULT.search(names))


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def _rank(url: str, names: str) -> int:
    if _OTHER.search(_path(url)):
        return NEVER
    if _ASIDE.search(names):
        return LIKELY if _VIDEO.search(url) and not re.search(r"preview|sample|gif", names) else UNLIKELY
    return LIKELY if _VIDEO.search(url) or _RESULT.search(names) else POSSIBLE
