"""What text counts as: blank, how long, the same in a search. One set of rules for forms, actions and pages. Pure."""

import re
import unicodedata

# Letters and signs of a category of their own that show nothing all the same: Hangul fillers, the braille cell without
# dots, a place kept for an object, a note without a head.
_UNSEEN = frozenset("\u115f\u1160\u2800\u3164\uffa0\ufffc\U0001d159")
# Separators, controls, formats (zero width, direction, byte order mark, soft hyphen), surrogates; and marks, which need
# a letter to stand on. What is unassigned today may be a picture tomorrow: it counts as seen.
_NOTHING = ("Z", "Cc", "Cf", "Cs", "M")
# Ignored by every font whether assigned or not.
_IGNORED = range(0xE0000, 0xE1000)
# Variation selectors.
_VARIANTS = frozenset([*range(0xFE00, 0xFE10), 0x180B, 0x180C, 0x180D, 0x180F, 0x034F])
_LINES = re.compile("\r\n|\r|\u2028|\u2029|\u0085")
_HALVES = re.compile("[\ud800-\udfff]")
_DROPPED = dict.fromkeys(map(ord, "\0"))


def clean(text: str) -> str:
    """Return `text` as a database can hold it: without zero bytes, a half of a surrogate pair as U+FFFD."""
    return _HALVES.sub("\ufffd", text.translate(_DROPPED))


def one_line_end(text: str) -> str:
    """Return `text` with one kind of line end: a browser sends two characters for what it counts as one."""
    return _LINES.sub("\n", text)


def _is_seen(sign: str) -> bool:
    return not (unicodedata.category(sign).startswith(_NOTHING) or sign in _UNSEEN or ord(sign) in _IGNORED)


def _is_hidden(sign: str) -> bool:
    """Return whether a sign in the middle of a word makes no other word of it."""
    code = ord(sign)
    return sign in _UNSEEN or code in _IGNORED or code in _VARIANTS or unicodedata.category(sign) in ("Cc", "Cf")


def seen(text: str) -> int:
    """Return how many signs of `text` a reader sees; accents and joiners belong to the sign before them."""
    return sum(map(_is_seen, text))


def is_blank(text: str) -> bool:
    """Return whether nothing of `text` can be seen."""
    return not any(map(_is_seen, text))


def stripped(text: str) -> str:
    """Return `text` without white space around it; nothing at all if nothing of it can be seen."""
    return "" if is_blank(text) else text.strip()


# What letters are folded to that Unicode does not take apart itself.
_ALIKE = str.maketrans({"ı": "i", "ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "æ": "ae", "œ": "oe"})


def folded(text: str) -> str:
    """Return `text` as a search compares it: no case, accents, widths or invisible signs, one space between words.

    Two texts that differ in nothing else fold to the same on every database: "ЛИСА" and "лиса", "Café" and "CAFE".
    """
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", clean(text)).casefold()).translate(_ALIKE)
    kept = (
        " " if sign.isspace() else sign
        for sign in apart
        if sign.isspace() or not (unicodedata.combining(sign) or _is_hidden(sign))
    )
    return " ".join(unicodedata.normalize("NFC", "".join(kept)).split())
