"""Videos that are shown otherwise than they are coded: turned, trimmed, uneven, with several tracks, in rare codecs."""

import functools
import struct
import tempfile
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

HOLDERS = (b"moov", b"trak", b"edts", b"mdia")
UPRIGHT = (1, 0, 0, 1)


def pixels(number: int, width: int, height: int) -> Any:
    """Return a picture with a white top left corner, whose grey tells its number."""
    made = np.full((height, width, 3), 40 + number * 5 % 160, np.uint8)
    made[: height // 3, : width // 3] = 255
    return made


@functools.cache
def made(
    *,
    suffix: str = ".mp4",
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    size: tuple[int, int] = (96, 64),
    times: tuple[int, ...] = tuple(range(0, 2400, 100)),
    tracks: int = 1,
    sar: Fraction | int | None = None,
    sound: str = "",
    options: tuple[tuple[str, str], ...] = (("bf", "0"), ("g", "12")),
    container: tuple[tuple[str, str], ...] = (),
) -> bytes:
    """Return a video with a picture at each of `times` (in 1/1200 s); a second track shows other greys, backwards."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"clip{suffix}"
        with av.open(str(path), "w", options=dict(container)) as opened:
            streams = [_stream(opened, codec, pix_fmt, size, sar, dict(options)) for _ in range(tracks)]
            heard: Any = opened.add_stream(sound, rate=48000) if sound else None
            for number, time in enumerate(times):
                for track, stream in enumerate(streams):
                    frame = av.VideoFrame.from_ndarray(
                        pixels(2 * len(times) - number if track else number, *size), format="rgb24"
                    ).reformat(format=pix_fmt)
                    frame.pts, frame.time_base = time, Fraction(1, 1200)
                    opened.mux(stream.encode(frame))
            for stream in streams:
                opened.mux(stream.encode())
            if heard:
                _hum(opened, heard, times[-1] / 1200)
        return path.read_bytes()


def _stream(
    opened: Any, codec: str, pix_fmt: str, size: tuple[int, int], sar: Fraction | int | None, options: dict[str, str]
) -> Any:
    stream: Any = opened.add_stream(codec, rate=12, options=options)
    stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
    stream.codec_context.time_base = Fraction(1, 1200)
    if sar:
        stream.codec_context.sample_aspect_ratio = sar
    return stream


def _hum(opened: Any, stream: Any, seconds: float) -> None:
    for number in range(int(seconds * 48000 / 1024)):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48000, number * 1024, Fraction(1, 48000)
        opened.mux(stream.encode(frame))
    opened.mux(stream.encode())


# --- the boxes of an MP4 whose index stands at the end, so that it may grow ---------------------------------------


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    while place < len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        yield kind, data[place + 8 : place + size]
        place += size


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body) + 8, kind) + body


def changed(data: bytes, wanted: bytes, change: Callable[[bytes], bytes], *, track: int | None = None) -> bytes:
    """Return an MP4 with `change` applied to the body of every box `wanted`, or only to that of one track."""
    out, seen = b"", 0
    for kind, body in _boxes(data):
        if kind == b"trak" and track is not None:
            body = changed(body, wanted, change) if seen == track else body
            seen += 1
        elif kind == wanted:
            body = change(body)
        elif kind in HOLDERS:
            body = changed(body, wanted, change, track=track)
        out += _box(kind, body)
    return out


def turned(matrix: tuple[int, int, int, int], data: bytes | None = None) -> bytes:
    """Return a clip that is shown under `matrix` (a, b, c, d of the display matrix)."""
    a, b, c, d = (part * 65536 for part in matrix)
    packed = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    return changed(data or made(), b"tkhd", lambda body: body[:40] + packed + body[76:])


def edited(*edits: tuple[int, int], data: bytes | None = None) -> bytes:
    """Return a clip of which these pieces are shown: milliseconds, and where they begin in units of the track."""
    listed = struct.pack(">II", 0, len(edits)) + b"".join(struct.pack(">IiI", *edit, 1 << 16) for edit in edits)

    length = struct.pack(">I", sum(duration for duration, _ in edits))

    def put(trak: bytes) -> bytes:
        out = b""
        for kind, body in _boxes(trak):
            if kind == b"tkhd":
                out += _box(kind, body[:20] + length + body[24:]) + _box(b"edts", _box(b"elst", listed))
            elif kind != b"edts":
                out += _box(kind, body)
        return out

    whole = changed(data or made(), b"mvhd", lambda body: body[:16] + length + body[20:])
    return changed(whole, b"trak", put)


def switched(data: bytes, *on: bool) -> bytes:
    """Return `data` with each of its tracks marked as to be shown or not."""
    for track, flag in enumerate(on):
        data = changed(
            data, b"tkhd", lambda body, flag=flag: body[:3] + bytes([body[3] & ~1 | flag]) + body[4:], track=track
        )
    return data
