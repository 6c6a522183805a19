"""From an uploaded file to a picture that may be stored and shown: decoded, turned upright, and encoded anew.

What is kept is never a byte of what came in. Only the three formats' own decoders are asked, in a process of its own
(`python -m sora_portal.references.pictures < FILE`, started by `decoding.py`) with little memory and little time.
"""

import contextlib
import io
import json
import os
import resource
import struct
import sys
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageCms, ImageOps

from sora_portal.errors import Refused

BYTES_MOST = 10 * 1024 * 1024
# Telephones write JPEGs of up to 50 million pixels, which can be decoded at a fraction of their size. Of the others
# several whole copies stand in memory at once. Measured at these limits: 120, 380 and 380 MB for the whole process.
PIXELS_MOST = {"JPEG": 50_000_000, "PNG": 36_000_000, "WEBP": 20_000_000}
EDGE_LEAST = 64
# No model here makes videos of more than 1920 pixels; what is larger only takes longer to fetch.
EDGE_MOST = 2560
THUMB = 320
FORMATS = ("JPEG", "PNG", "WEBP")
QUALITIES = (92, 85, 75, 60)

# What people try most often, by the first bytes (from byte 0, or after the length of an ISO box).
FOREIGN = {
    b"GIF8": "a GIF",
    b"%PDF": "a PDF",
    b"BM": "a BMP",
    b"II*\x00": "a TIFF",
    b"MM\x00*": "a TIFF",
    b"<svg": "an SVG drawing",
    b"<?xml": "an SVG drawing",
    b"ftyphei": "an HEIC picture",
    b"ftyphev": "an HEIC picture",
    b"ftypmif1": "an HEIC picture",
    b"ftypavif": "an AVIF picture",
    b"ftyp": "a video",
}
# Whatever a decoder raises on bytes that were made to confuse it.
FAULTS = (
    *(OSError, ValueError, SyntaxError, TypeError, AttributeError, LookupError, ArithmeticError, MemoryError),
    *(EOFError, AssertionError, struct.error, Image.DecompressionBombError),
)
# What a picture is made of; the rest of a PNG is words, times and hints, and its own chunks for animations.
PNG_HEAD = b"\x89PNG\r\n\x1a\n"
PNG_CHUNKS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"eXIf", b"iCCP", b"acTL", b"fcTL", b"fdAT"})
PROFILE_MOST = 1024 * 1024
MEMORY = 1536 * 1024**2
CPU_SECONDS = 20
NICE = 10
DAMAGED = "This picture is damaged or was cut short. Save it again as JPG, PNG or WebP and add it once more."


class NotAPicture(Refused):
    """What was given cannot be used as a picture; the message says why and what would do."""

    status = 422


@dataclass(frozen=True)
class Picture:
    """A picture as it is kept: JPEG bytes, a small copy of it, its size in pixels, and what it was before."""

    data: bytes
    thumb: bytes
    width: int
    height: int
    source_format: str


def main() -> int:
    """Read the picture on standard input and write it, or the sentence that refuses it, to standard output."""
    for what, amount in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, CPU_SECONDS), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(what, (amount, amount))
    os.nice(NICE)
    try:
        answer = _pack(make(sys.stdin.buffer.read()))
    except NotAPicture as refusal:
        answer = json.dumps({"error": str(refusal)}).encode() + b"\n"
    sys.stdout.buffer.write(answer)
    return 0


def _pack(picture: Picture) -> bytes:
    head = {
        "sizes": [len(picture.data), len(picture.thumb)],
        "width": picture.width,
        "height": picture.height,
        "source_format": picture.source_format,
    }
    return json.dumps(head).encode() + b"\n" + picture.data + picture.thumb


def unpack(answer: bytes) -> Picture | None:
    """Return the picture that the reader's process wrote, None for half an answer; raises NotAPicture if it refused."""
    line, _, body = answer.partition(b"\n")
    try:
        head = json.loads(line)
    except ValueError:
        return None
    if "error" in head:
        raise NotAPicture(head["error"])
    size, thumb = head.pop("sizes")
    if len(body) != size + thumb:
        return None
    return Picture(data=body[:size], thumb=body[size:], **head)


def make(raw: bytes) -> Picture:
    """Return the picture in the file `raw`, made anew without its metadata; raises NotAPicture with a sentence."""
    with warnings.catch_warnings():
        # Pillow warns of broken metadata and of many pixels; the first is thrown away, the second refused below.
        warnings.simplefilter("ignore")
        return _read(b"".join(_bare(raw)) if raw.startswith(PNG_HEAD) else raw)


def _bare(png: bytes) -> Iterator[bytes]:
    """Yield a PNG without what is not picture: a text may expand to anything, and no text is kept.

    What is no chunk, and all behind the last one, is left as it is for the decoder to refuse.
    """
    yield png[: len(PNG_HEAD)]
    place = len(PNG_HEAD)
    while place + 8 <= len(png):
        length, kind = struct.unpack_from(">I4s", png, place)
        following = place + 12 + length
        # Lower case at first: a viewer that does not know this chunk leaves it out.
        unneeded = kind not in PNG_CHUNKS and kind.isalpha() and kind[:1].islower()
        if not unneeded and not (kind == b"iCCP" and not _usable(png[place + 8 : following - 4])):
            yield png[place:following]
        place = following
    yield png[place:]


def _usable(profile: bytes) -> bool:
    """Return whether the colour profile in this chunk can be unpacked and stays small."""
    _, _, packed = profile.partition(b"\0")
    inflating = zlib.decompressobj()
    try:
        inflating.decompress(packed[1:], PROFILE_MOST)
    except zlib.error:
        return False
    return packed[:1] == b"\0" and inflating.eof


def too_large() -> str:
    """Return the sentence for a file above the limit."""
    return f"This file is larger than {BYTES_MOST // 1024 // 1024} MB. Make the picture smaller and add it again."


def _read(raw: bytes) -> Picture:
    try:
        opened = Image.open(io.BytesIO(raw), formats=FORMATS)
    except Image.DecompressionBombError as bomb:
        raise NotAPicture(_too_many_pixels(max(PIXELS_MOST.values()))) from bomb
    except FAULTS as fault:
        raise NotAPicture(_foreign(raw)) from fault
    with opened:
        # A telephone's JPEG with further pictures behind the photograph (depth, brightness) is "MPO".
        source = opened.format if opened.format in PIXELS_MOST else "JPEG"
        _check(opened, source)
        try:
            return _made_anew(opened, source)
        except FAULTS as fault:
            raise NotAPicture(DAMAGED) from fault


def _check(opened: Image.Image, source: str) -> None:
    """Refuse by the header alone, before a pixel is decoded; raises NotAPicture."""
    width, height = opened.size
    if width * height > PIXELS_MOST[source]:
        raise NotAPicture(_too_many_pixels(PIXELS_MOST[source]))
    if min(width, height) < EDGE_LEAST:
        raise NotAPicture(
            f"This picture has only {width} × {height} pixels. It needs at least {EDGE_LEAST} on each side."
        )
    try:
        moving = source != "JPEG" and getattr(opened, "n_frames", 1) > 1
    except FAULTS as fault:
        raise NotAPicture(DAMAGED) from fault
    if moving:
        raise NotAPicture("This picture is animated. Save one frame of it as JPG or PNG and add that.")


def _too_many_pixels(most: int) -> str:
    return f"This picture has more than {most // 1_000_000} million pixels. Make it smaller and add it again."


def _foreign(raw: bytes) -> str:
    if raw.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or (raw[:4] == b"RIFF" and raw[8:12] == b"WEBP"):
        return DAMAGED
    head = raw[:256].lstrip(b"\xef\xbb\xbf \t\r\n")
    for start, name in FOREIGN.items():
        if head.startswith(start) or (start.startswith(b"ftyp") and head[4:].startswith(start)):
            return f"This is {name}. Save it as JPG, PNG or WebP and add that."
    return "This is not a JPG, PNG or WebP picture, whatever its name says."


def _made_anew(opened: Image.Image, source: str) -> Picture:
    opened.draft("RGB", (EDGE_MOST, EDGE_MOST))  # a JPEG is decoded at a half or a quarter where that is enough
    image = _plain(opened)
    # Made smaller first: every later step makes a copy.
    image.thumbnail((EDGE_MOST, EDGE_MOST), Image.Resampling.LANCZOS)
    image = _flat(_in_srgb(_upright(image)))
    # Onto a fresh canvas: encoders copy comments and profiles from the picture that they are given.
    clean = Image.new("RGB", image.size)
    clean.paste(image)
    data = next((data for quality in QUALITIES if len(data := _jpeg(clean, quality)) <= BYTES_MOST), b"")
    if not data:
        raise NotAPicture(too_large())
    small = clean.copy()
    small.thumbnail((THUMB, THUMB), Image.Resampling.LANCZOS)
    return Picture(data, _jpeg(small, 82), clean.width, clean.height, source)


def _upright(image: Image.Image) -> Image.Image:
    """Return the picture as a viewer would show it; an orientation that cannot be read is none."""
    with contextlib.suppress(*FAULTS):
        ImageOps.exif_transpose(image, in_place=True)
    return image


def _in_srgb(image: Image.Image) -> Image.Image:
    """Return the picture in the colours that everybody assumes when the profile is gone; a broken profile is none."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA", "CMYK", "L"):
        return image
    try:
        target = "RGBA" if image.mode == "RGBA" else "RGB"
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, own, ImageCms.createProfile("sRGB"), outputMode=target)
    except (ImageCms.PyCMSError, *FAULTS):
        return image
    return converted or image


def _plain(image: Image.Image) -> Image.Image:
    """Return the picture in a mode that can be made smaller well: palettes and 16 bits of grey cannot."""
    image.load()
    if image.mode.startswith("I"):  # a plain conversion would clip it to white
        return image.convert("I").point(lambda level: level / 256).convert("L")
    if image.mode in ("RGB", "RGBA", "L", "CMYK") and "transparency" not in image.info:
        return image
    see_through = "A" in image.mode or "a" in image.mode or "transparency" in image.info
    return image.convert("RGBA" if see_through else "RGB")


def _flat(image: Image.Image) -> Image.Image:
    """Return the picture in RGB; what is transparent becomes white."""
    if image.mode != "RGBA":
        return image.convert("RGB")
    canvas = Image.new("RGB", image.size, "white")
    canvas.paste(image, mask=image.getchannel("A"))
    return canvas


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, subsampling=0)
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(main())
