"""Look into a file that a stranger sent: `python -m sora_portal.outputs.media.probe FILE --poster OUT`.

Runs in a process of its own with little memory and little time, because decoders are where hostile files do harm.
Prints one line of JSON: the facts, or {"error": …} with exit status 1. Imports no Django.

The facts are what a player shows, not what is coded: under the track's display matrix, with pixels that are square,
without what an edit list hides, and of the one track that players show. Chromium's own demuxer is the same library, and
`tests/outputs/media/test_shown.py` holds the two against one another.
"""

import argparse
import json
import math
import resource
import struct
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sora_portal.outputs.domain import FIRST_BOXES

MEMORY = 1536 * 1024**2
CPU_SECONDS = 120
POSTER_BYTES = 16 * 1024**2
POSTER_WIDTH = 640
LARGEST_SIDE = 8192
LONGEST = 4 * 3600
CODECS = frozenset({"h264", "hevc", "av1", "vp8", "vp9", "mpeg4", "prores"})
STILL_BRANDS = frozenset({b"avif", b"avis", b"heic", b"heix", b"heim", b"mif1", b"msf1"})
# What every browser plays, with or without decoders of the machine. All else gets a preview.
PLAYED = frozenset({"Constrained Baseline", "Baseline", "Main", "Constrained High", "High", "Progressive High"})
HEARD = frozenset({"aac", "mp3"})
# Longer lists of uneven frames would make a page heavy; such a file is stepped through by its average rate.
FRAMES_LISTED = 20_000
# A display matrix (a, b, c, d without its scale) as a turn or flip of Pillow's Transpose; anything else is upright.
TURNS = {
    (-1, 0, 0, 1): "FLIP_LEFT_RIGHT",
    (1, 0, 0, -1): "FLIP_TOP_BOTTOM",
    (-1, 0, 0, -1): "ROTATE_180",
    (0, 1, -1, 0): "ROTATE_270",
    (0, -1, 1, 0): "ROTATE_90",
    (0, 1, 1, 0): "TRANSPOSE",
    (0, -1, -1, 0): "TRANSVERSE",
}
ON_ITS_SIDE = frozenset({"ROTATE_270", "ROTATE_90", "TRANSPOSE", "TRANSVERSE"})


class Unfit(Exception):
    """The file is not a video that we keep; the message says why, for staff."""


@dataclass(frozen=True)
class Found:
    """What the file shows; the same names as `outputs.domain.Facts`."""

    mime: str
    width: int
    height: int
    duration_ms: int
    fps: float
    codec: str
    has_audio: bool
    frames: int
    frame_times: list[int]
    plays_everywhere: bool


@dataclass(frozen=True)
class Span:
    """The pictures that are shown: when each begins, and when the last one ends. Seconds on the player's clock."""

    times: list[float]
    end: float

    @property
    def rate(self) -> float:
        """Pictures a second, on average."""
        first, last = self.times[0], self.times[-1]
        return (len(self.times) - 1) / (last - first) if last > first else len(self.times) / max(self.end, 1e-6)

    @property
    def is_even(self) -> bool:
        """Whether picture n is shown from n / rate on, as nearly as a time code needs."""
        step = 1 / self.rate
        return all(abs(time - number * step) < step / 4 for number, time in enumerate(self.times))


def main() -> int:
    """Examine the file named on the command line; return the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--poster", type=Path, required=True)
    given = parser.parse_args()
    confine()
    answer: dict[str, Any]
    try:
        answer = asdict(examine(given.file, given.poster))
    except Unfit as unfit:
        answer = {"error": str(unfit)}
    except (MemoryError, ArithmeticError, LookupError, OSError, RuntimeError, TypeError, ValueError) as error:
        # PyAV's own errors are built on these; a file that breaks the decoder is an unfit file.
        answer = {"error": f"{type(error).__name__}: {error}"[:500]}
    sys.stdout.write(json.dumps(answer) + "\n")
    return 1 if "error" in answer else 0


def confine(*, file_bytes: int = POSTER_BYTES) -> None:
    """Give up what a decoder does not need: memory, processor time, files of more than `file_bytes`, open files."""
    for what, amount in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (amount, amount))


def container_of(file: Path) -> tuple[str, str]:
    """Return the demuxer and the media type for the first bytes of `file`; raises Unfit for anything but MP4 and WebM.

    The demuxer is named and never guessed: a playlist format would make the library open further addresses.
    """
    with file.open("rb") as opened:
        head = opened.read(64)
    if head[4:8] in FIRST_BOXES:
        if head[8:12] in STILL_BRANDS:
            raise Unfit(f"a still picture ({head[8:12].decode('ascii')})")
        return "mov", "video/quicktime" if head[8:12] == b"qt  " or head[4:8] != b"ftyp" else "video/mp4"
    if head.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in head:
        return "matroska", "video/webm"
    raise Unfit(f"neither MP4 nor WebM: the file begins with {head[:12]!r}")


def examine(file: Path, poster: Path) -> Found:
    """Return what `file` is, having decoded pictures at its start, middle and end; the middle one goes to `poster`."""
    import av

    av.logging.set_level(av.logging.PANIC)
    demuxer, mime = container_of(file)
    with av.open(str(file), format=demuxer, options={"protocol_whitelist": "file"}) as container:
        stream = shown_stream(container)
        # The codec itself, not the decoder at work: AV1 comes from "libdav1d".
        codec = stream.codec_context.codec.canonical_name
        if codec not in CODECS:
            raise Unfit(f"codec {codec} is not one that we know")
        stream.thread_count = 1
        _check_size(stream.codec_context.width, stream.codec_context.height)
        span = _walk(container, stream, in_index=demuxer == "mov")
        fps = _rate(stream, span)
        for place in (span.times[0], span.times[-1], span.times[len(span.times) // 2]):
            picture = _picture(container, stream, place)
        width, height = shown_size(picture, stream)
        _check_size(width, height)
        _write_poster(picture, (width, height), poster)
        sounds = [sound.codec_context.codec.canonical_name for sound in container.streams.audio]
        return Found(
            mime,
            width,
            height,
            round(_length(stream, span) * 1000),
            round(fps, 4),
            codec,
            has_audio=bool(sounds),
            frames=len(span.times),
            frame_times=_listed(span, fps),
            plays_everywhere=mime == "video/mp4"
            and codec == "h264"
            and stream.codec_context.profile in PLAYED
            and picture.format.name in ("yuv420p", "yuvj420p")
            and HEARD.issuperset(sounds[:1]),
        )


def _check_size(width: int, height: int) -> None:
    if not (16 <= width <= LARGEST_SIDE and 16 <= height <= LARGEST_SIDE):
        raise Unfit(f"{width}x{height} pictures")


def shown_stream(container: Any) -> Any:
    """Return the video track that players show: the first, but neither a cover picture nor one that is switched off."""
    import av.stream

    cover = av.stream.Disposition.attached_pic
    streams = [stream for stream in container.streams.video if not stream.disposition & cover]
    if not streams:
        raise Unfit("sound alone, no video" if container.streams.audio else "no video in it")
    on = [stream for stream in streams if stream.disposition & av.stream.Disposition.default]
    return (on or streams)[0]


def _walk(container: Any, stream: Any, *, in_index: bool) -> Span:
    """Return the pictures that are really there, going over the whole file without decoding.

    A file that was cut off promises more in its head than follows; `in_index` says that the head lists every picture.
    """
    packets = 0
    shown: list[tuple[float, float]] = []
    for packet in container.demux(stream):
        if packet.size == 0:
            continue
        if packet.is_corrupt:
            raise Unfit(f"picture {packets} is cut off")
        packets += 1
        if packet.pts is not None and not packet.is_discard and not _hidden(packet, stream):
            start = float(packet.pts * packet.time_base)
            shown.append((start, start + float((packet.duration or 0) * packet.time_base)))
    if len(shown) < 2:
        raise Unfit(f"only {len(shown)} pictures")
    if in_index and packets < len(stream.index_entries):
        raise Unfit(f"{packets} of {len(stream.index_entries)} pictures are there")
    span = Span(sorted({max(0.0, start) for start, _ in shown}), max(end for _, end in shown))
    promised = _promised(stream) or (container.duration or 0) / 1e6
    if span.end <= 0 or span.end < 0.9 * promised - 0.5:
        raise Unfit(f"{span.end:.1f} of {promised:.1f} s are there")
    if span.end > LONGEST:
        raise Unfit(f"{span.end:.0f} s long")
    return span


def _hidden(packet: Any, stream: Any) -> bool:
    """Return whether this is a picture of VP8 that only others are made from."""
    return bool(stream.codec_context.codec.canonical_name == "vp8" and not bytes(packet)[0] & 0x10)


def _promised(stream: Any) -> float:
    """Return when the head says that the track ends, in seconds; 0 when it does not say."""
    return float(((stream.start_time or 0) + stream.duration) * stream.time_base) if stream.duration else 0.0


def _length(stream: Any, span: Span) -> float:
    """Return the seconds that a player shows: what the head says, as far as it agrees with the pictures."""
    return min(span.end, max(_promised(stream) or span.end, span.times[-1]))


def _rate(stream: Any, span: Span) -> float:
    """Return the pictures a second: the exact fraction that the file names, where its pictures keep to it."""
    named, measured = float(stream.average_rate or 0), span.rate
    fps = named if abs(named - measured) < 0.01 * measured else measured
    if not math.isfinite(fps) or not 1 <= fps <= 240:
        raise Unfit(f"{fps} pictures a second")
    return fps


def _listed(span: Span, fps: float) -> list[int]:
    """Return when each picture begins, in microseconds; nothing where its number and the rate say it."""
    if span.is_even or len(span.times) > FRAMES_LISTED:
        return []
    return [round(time * 1e6) for time in span.times]


def _picture(container: Any, stream: Any, seconds: float) -> Any:
    """Return the decoded picture shown at `seconds`; raises Unfit when nothing can be decoded there."""
    wanted = round(seconds / float(stream.time_base))
    container.seek(wanted, stream=stream, backward=True)
    last = None
    for frame in container.decode(stream):
        last = frame
        if frame.pts is not None and frame.pts >= wanted:
            break
    if last is None:
        raise Unfit(f"no picture can be decoded at {seconds:.1f} s")
    return last


def turn_of(frame: Any) -> str:
    """Return by which key of Pillow's Transpose a decoded picture becomes what is shown; empty for none."""
    for data in frame.side_data:
        if data.type.name == "DISPLAYMATRIX":
            a, b, _, c, d = struct.unpack_from("<5i", bytes(data))
            scale = max(abs(part) for part in (a, b, c, d)) or 1
            return TURNS.get(tuple(round(part / scale) for part in (a, b, c, d)), "")
    return ""


def shown_size(frame: Any, stream: Any) -> tuple[int, int]:
    """Return the size in square pixels at which a decoded picture is shown, turned upright."""
    width, height = frame.width, frame.height
    aspect = float(stream.sample_aspect_ratio or 1)
    if not 0.01 < aspect < 100:
        aspect = 1.0
    # As Chromium does: nothing is made smaller.
    width, height = (round(width * aspect), height) if aspect >= 1 else (width, round(height / aspect))
    return (height, width) if turn_of(frame) in ON_ITS_SIDE else (width, height)


def _write_poster(frame: Any, size: tuple[int, int], poster: Path) -> None:
    from PIL import Image

    image = frame.to_image()
    if turn := turn_of(frame):
        image = image.transpose(Image.Transpose[turn])
    width, height = size
    share = min(1.0, POSTER_WIDTH / width)
    image = image.resize((max(1, round(width * share)), max(1, round(height * share))))
    image.save(poster, format="WEBP", quality=80, method=4)


if __name__ == "__main__":
    sys.exit(main())
