"""Caption, SANDBOX badge, source and running time code, written into the planes of a frame at its full size."""

import textwrap
import unicodedata
from functools import cache

import av
from PIL import Image, ImageDraw, ImageFont

_WHITE, _NEUTRAL = 235, 128
_LONGEST = 400  # far more than three lines hold; measuring ten thousand signs would take seconds
_MISSING = "\uffff"
_PLAIN = {"\u00df": "ss", "\u00e6": "ae", "\u00f8": "o", "\u0142": "l", "\u2013": "-", "\u2014": "-", "\u2019": "'"}


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return Pillow's own font at a pixel size; it covers Latin script only."""
    return ImageFont.load_default(size)


class Words:
    """The words of one clip, drawn once as coverage; only the time code changes."""

    def __init__(self, caption: str, label: str, width: int, height: int, fps: int) -> None:
        self._fps = fps
        short = min(width, height)
        margin, small, large = round(short * 0.055), max(round(short * 0.031), 9), max(round(short * 0.046), 11)
        self._cover = Image.new("L", (width, height))
        pen = ImageDraw.Draw(self._cover)
        badge, source = " ".join("SANDBOX"), printable(label)
        left, _, right, bottom = pen.textbbox((margin + small * 0.8, margin + small * 0.3), badge, font=font(small))
        pen.rounded_rectangle((margin, margin, right + left - margin, bottom + small * 0.5), radius=small, fill=205)
        pen.text((left, margin + small * 0.3), badge, fill=20, font=font(small))
        pen.text((width - margin, margin + small * 0.3), source, fill=190, font=font(small), anchor="ra")
        self._code_at, self._face = (margin, height - margin - round(small * 1.3)), font(small)
        lines = wrapped(printable(caption) or "Untitled", large, width - 2 * margin, most=3 if height > width else 2)
        for up, line in enumerate(reversed(lines), start=1):
            at = self._code_at[1] - round(small * 0.6) - round(large * 1.28 * up)
            pen.text((margin, at), line, fill=250, font=font(large))

    def write(self, frame: av.VideoFrame, index: int) -> None:
        """Write the words for the frame with that index into a yuv420p frame."""
        seconds, rest = divmod(index, self._fps)
        cover = self._cover.copy()
        code = f"{seconds // 60:02d}:{seconds % 60:02d}:{rest:02d}"
        ImageDraw.Draw(cover).text(self._code_at, code, fill=225, font=self._face)
        for plane, ink in zip(frame.planes, (_WHITE, _NEUTRAL, _NEUTRAL), strict=True):
            size = (plane.width, plane.height)
            pixels = Image.frombytes("L", (plane.line_size, plane.height), bytes(plane))
            pixels.paste(ink, (0, 0), cover if cover.size == size else cover.resize(size, Image.Resampling.BOX))
            plane.update(pixels.tobytes())


@cache
def _drawable(sign: str) -> bool:
    face = font(24)
    return bytes(face.getmask(sign)) != bytes(face.getmask(_MISSING))


def _nearest(sign: str) -> str:
    """Return the sign if the font has it, else its plain letters (a for \u00e4), else a space."""
    if sign.isspace() or _drawable(sign):
        return sign
    plain = unicodedata.normalize("NFKD", _PLAIN.get(sign, sign))
    return "".join(part for part in plain if not unicodedata.combining(part) and _drawable(part)) or " "


def printable(text: str) -> str:
    """Return the text in signs the font has; a text mostly of other signs becomes a neutral sentence."""
    length, text = len(text), text[:_LONGEST]
    kept = " ".join("".join(_nearest(sign) for sign in text).split())
    letters = sum(not sign.isspace() for sign in text)
    if letters and sum(not sign.isspace() for sign in kept) * 2 < letters:
        return f"A prompt of {length} characters"
    return kept


def wrapped(text: str, size: int, width: int, *, most: int) -> list[str]:
    """Break the text into at most `most` lines of about `width` pixels; what does not fit ends in an ellipsis."""
    signs = int(width / (font(size).getlength(text) / max(len(text), 1) * 1.08))
    return textwrap.wrap(text, max(signs, 8), max_lines=most, placeholder=" …")
