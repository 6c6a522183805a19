"""Real files of every kind that people, and people with bad intentions, hand to an upload field."""

import io
import random
import struct
import zlib
from typing import Any

from PIL import Image, ImageDraw

from sora_portal.references.pictures import BYTES_MOST


def scene(width: int = 320, height: int = 200, mode: str = "RGB") -> Image.Image:
    """Return a picture whose top left quarter is red and whose rest is blue."""
    image = Image.new("RGB", (width, height), (20, 40, 200))
    ImageDraw.Draw(image).rectangle((0, 0, width // 2, height // 2), fill=(220, 20, 20))
    return image.convert(mode)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Return `image` as a file of this kind."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def jpeg(width: int = 320, height: int = 200, **options: Any) -> bytes:
    return saved(scene(width, height), "JPEG", **options)


def png(width: int = 320, height: int = 200, **options: Any) -> bytes:
    return saved(scene(width, height), "PNG", **options)


def webp(width: int = 320, height: int = 200, **options: Any) -> bytes:
    return saved(scene(width, height), "WEBP", **options)


def telling_jpeg(orientation: int = 6) -> bytes:
    """Return a photograph that lies on its side and says where it was taken, by whom, and with what words."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SECRETCAMERA"
    exif[0x8825] = {1: "N", 2: (48.0, 51.0, 29.0)}
    return jpeg(exif=exif, comment=b"SECRETCOMMENT", xmp=b"<x>SECRETXMP</x>")


def telling_png() -> bytes:
    from PIL.PngImagePlugin import PngInfo

    words = PngInfo()
    words.add_text("Author", "SECRETAUTHOR")
    words.add_itxt("Comment", "SECRETITXT")
    return png(pnginfo=words)


def see_through_png() -> bytes:
    """Return a picture of which the right half cannot be seen."""
    image = scene(mode="RGBA")
    image.paste((0, 0, 0, 0), (160, 0, 320, 200))
    return saved(image, "PNG")


def grey_16_bit_png() -> bytes:
    return saved(Image.new("I;16", (200, 200), 0x8000), "PNG")


def animated(kind: str) -> bytes:
    frames = [scene(), scene().rotate(90), scene().rotate(180)]
    return saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=100, loop=0)


def telephone_jpeg() -> bytes:
    """Return a photograph with a second picture behind it (MPO), as telephones take them."""
    return saved(scene(), "MPO", save_all=True, append_images=[scene().rotate(90)])


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return one part of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def chunked(kind: bytes, data: bytes, *, before: bytes = b"IDAT", times: int = 1) -> bytes:
    """Return a PNG of the scene with a further part in front of the first one that is called `before`."""
    whole = png()
    place = whole.index(before) - 4
    return whole[:place] + chunk(kind, data) * times + whole[place:]


def swollen() -> bytes:
    """Return a few bytes that unpack to twenty million."""
    return zlib.compress(b"A" * 20_000_000, 9)


def bomb_png(width: int = 40_000, height: int = 40_000) -> bytes:
    """Return a few bytes that claim to be a huge picture."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 9999))
        + chunk(b"IEND", b"")
    )


def noise_png(size: int) -> bytes:
    """Return a square of noise, which nothing can make small."""
    return saved(Image.frombytes("RGB", (size, size), random.Random(1).randbytes(size * size * 3)), "PNG")


def too_large() -> bytes:
    return jpeg() + b"\0" * BYTES_MOST


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PLAIN_SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="200" height="200"></svg>'
HTML = b"<!doctype html><html><body><script>alert(1)</script></body></html>"
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 200
MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 200
