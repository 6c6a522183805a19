"""Words in the frame, drawn once as coverage and blended straight into the YUV planes, never in full-size RGB."""

import unicodedata
from functools import cache

import av
import numpy as np
from av.video.plane import VideoPlane
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

_WHITE, _NEUTRAL = 235, 128
_LONGEST = 400  # far more than three lines hold; measuring ten thousand signs would take seconds
_MISSING = "\uffff"
_PLAIN = {"\u00df": "ss", "\u00e6": "ae", "\u00f8": "o", "\u0142": "l", "\u2013": "-", "\u2014": "-", "\u2019": "'"}


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return Pillow's own font at a pixel size; it covers Latin script only."""
    return ImageFont.load_default(size)


class Stamp:
    """A patch of white with a coverage of 0-255, at a place in the frame (even coordinates and size)."""

    def __init__(self, cover: NDArray[np.uint8], x: int, y: int) -> None:
        cover = np.pad(cover, ((0, cover.shape[0] % 2), (0, cover.shape[1] % 2)))
        self.x, self.y = x // 2 * 2, y // 2 * 2
        self.luma = cover.astype(np.int16)
        half = cover.reshape(cover.shape[0] // 2, 2, cover.shape[1] // 2, 2).mean(axis=(1, 3))
        self.chroma = half.astype(np.int16)

    def press(self, planes: list[NDArray[np.uint8]]) -> None:
        """Blend the patch into the Y, U and V planes."""
        _blend(planes[0], self.luma, self.x, self.y, _WHITE)
        for plane in planes[1:]:
            _blend(plane, self.chroma, self.x // 2, self.y // 2, _NEUTRAL)


def _blend(plane: NDArray[np.uint8], cover: NDArray[np.int16], x: int, y: int, target: int) -> None:
    area = plane[y : y + cover.shape[0], x : x + cover.shape[1]]
    cover = cover[: area.shape[0], : area.shape[1]]
    under = area.astype(np.int16)
    area[:] = (under + ((target - under) * cover.astype(np.int32) >> 8)).astype(np.uint8)


class Overlay:
    """Caption, SANDBOX badge, source label and running time code of one clip."""

    def __init__(self, caption: str, label: str, width: int, height: int, fps: int) -> None:
        self._fps = fps
        short = min(width, height)
        margin = round(short * 0.055)
        small, large = max(round(short * 0.031), 9), max(round(short * 0.046), 11)
        badge = _badge("SANDBOX", small)
        source = text_cover(printable(label), small, 190)
        self._stamps = [Stamp(badge, margin, margin)]
        self._stamps.append(
            Stamp(source, width - margin - source.shape[1], margin + (badge.shape[0] - source.shape[0]) // 2)
        )
        self._digits = {sign: text_cover(sign, small, 225, box=True) for sign in "0123456789:"}
        code_height = self._digits["0"].shape[0]
        self._code_at = (margin, height - margin - code_height)
        lines = wrapped(printable(caption) or "Untitled", large, width - 2 * margin, most=3 if height > width else 2)
        bottom = height - margin - round(code_height * 1.5)
        for line in reversed(lines):
            cover = text_cover(line, large, 250)
            bottom -= round(large * 1.28)
            self._stamps.append(Stamp(cover, margin, bottom))

    def write(self, frame: av.VideoFrame, index: int) -> None:
        """Write the words for the frame with that index into a yuv420p frame."""
        planes = [_pixels(plane) for plane in frame.planes]
        for stamp in self._stamps:
            stamp.press(planes)
        seconds, rest = divmod(index, self._fps)
        code = f"{seconds // 60:02d}:{seconds % 60:02d}:{rest:02d}"
        Stamp(np.hstack([self._digits[sign] for sign in code]), *self._code_at).press(planes)


def _pixels(plane: VideoPlane) -> NDArray[np.uint8]:
    whole = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(plane.height, plane.line_size)
    pixels: NDArray[np.uint8] = whole[:, : plane.width]
    return pixels


def text_cover(text: str, size: int, strength: int, *, box: bool = False) -> NDArray[np.uint8]:
    """Return the coverage of one line of text; `box` gives every sign the width of a zero, for running digits."""
    face = font(size)
    width = round(face.getlength("0" if box else text)) + (1 if box else 4)
    if text == ":":
        width = round(width * 0.6)
    image = Image.new("L", (max(width, 2), round(size * 1.35)), 0)
    ImageDraw.Draw(image).text(
        (width / 2 if box else 0, 0), text, fill=strength, font=face, anchor="ma" if box else "la"
    )
    return np.asarray(image)


def _badge(text: str, size: int) -> NDArray[np.uint8]:
    """Return a filled pill with the text cut out of it."""
    inner = text_cover(" ".join(text), size, 255)
    pad_x, pad_y = round(size * 0.8), round(size * 0.3)
    height, width = inner.shape[0] + 2 * pad_y, inner.shape[1] + 2 * pad_x
    pill = Image.new("L", (width * 4, height * 4), 0)
    ImageDraw.Draw(pill).rounded_rectangle((0, 0, width * 4 - 1, height * 4 - 1), radius=height * 2, fill=205)
    cover = np.asarray(pill.resize((width, height), Image.Resampling.BOX)).astype(np.int16)
    cover[pad_y : pad_y + inner.shape[0], pad_x : pad_x + inner.shape[1]] -= inner
    return np.clip(cover, 0, 255).astype(np.uint8)


@cache
def _drawable(sign: str) -> bool:
    face = font(24)
    return bytes(face.getmask(sign)) != bytes(face.getmask(_MISSING))


def _nearest(sign: str) -> str:
    """Return the sign if the font has it, else its plain letters (a for \u00e4), else a space."""
    if sign.isspace() or _drawable(sign):
        return sign
    plain = unicodedata.normalize("NFKD", _PLAIN.get(sign, sign))
    kept = "".join(part for part in plain if not unicodedata.combining(part) and _drawable(part))
    return kept or " "


def printable(text: str) -> str:
    """Return the text in signs the font has; a text mostly of other signs becomes a neutral sentence."""
    length, text = len(text), text[:_LONGEST]
    kept = " ".join("".join(_nearest(sign) for sign in text).split())
    letters = sum(not sign.isspace() for sign in text)
    if letters and sum(not sign.isspace() for sign in kept) * 2 < letters:
        return f"A prompt of {length} characters"
    return kept


def wrapped(text: str, size: int, width: int, *, most: int) -> list[str]:
    """Break the text into at most `most` lines of `width` pixels, the last one ending in an ellipsis if it must."""
    face, lines, line = font(size), [], ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and face.getlength(longer) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    lines.append(line)
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1]} …"]
    return [_cut(line, size, width) for line in lines]


def _cut(line: str, size: int, width: int) -> str:
    face = font(size)
    if face.getlength(line) <= width:
        return line
    while line and face.getlength(f"{line} …") > width:
        line = line[:-1].rstrip(" …")
    return f"{line} …"
