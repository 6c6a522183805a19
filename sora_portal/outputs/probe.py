"""Look into a file that a stranger sent: `python -m sora_portal.outputs.probe FILE --poster OUT`.

Runs in a process of its own with little memory and little time, because decoders are where hostile files do harm.
Prints one line of JSON: the facts, or {"error": …} with exit status 1. Imports nothing of the portal and no Django.
"""

import argparse
import json
import math
import resource
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

MEMORY = 1536 * 1024**2
CPU_SECONDS = 120
POSTER_BYTES = 16 * 1024**2
POSTER_WIDTH = 640
LARGEST_SIDE = 8192
LONGEST = 4 * 3600
CODECS = frozenset({"h264", "hevc", "av1", "vp8", "vp9", "mpeg4", "prores"})
STILL_BRANDS = frozenset({b"avif", b"avis", b"heic", b"heix", b"heim", b"mif1", b"msf1", b"M4A ", b"M4B "})


class Unfit(Exception):
    """The file is not a video that we keep; the message says why, for staff."""


@dataclass(frozen=True)
class Found:
    """What the file is; the same names as `outputs.domain.Facts`."""

    mime: str
    width: int
    height: int
    duration_ms: int
    fps: float
    codec: str
    has_audio: bool


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


def confine() -> None:
    """Give up what a decoder does not need: memory, processor time, large files, open files."""
    for what, amount in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, POSTER_BYTES),
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
    if head[4:8] == b"ftyp":
        if head[8:12] in STILL_BRANDS:
            raise Unfit(f"a still picture or sound alone ({head[8:12].decode('ascii')})")
        return "mov", "video/quicktime" if head[8:12] == b"qt  " else "video/mp4"
    if head.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in head:
        return "matroska", "video/webm"
    raise Unfit(f"neither MP4 nor WebM: the file begins with {head[:12]!r}")


def examine(file: Path, poster: Path) -> Found:
    """Return what `file` is, having decoded pictures at its start, middle and end; the middle one goes to `poster`."""
    import av

    av.logging.set_level(av.logging.PANIC)
    demuxer, mime = container_of(file)
    with av.open(str(file), format=demuxer, options={"protocol_whitelist": "file"}) as container:
        stream = _only_video(container)
        # The codec itself, not the decoder at work: AV1 comes from "libdav1d".
        codec = stream.codec_context.codec.canonical_name
        width, height = stream.codec_context.width, stream.codec_context.height
        if codec not in CODECS:
            raise Unfit(f"codec {codec} is not one that we know")
        if not (16 <= width <= LARGEST_SIDE and 16 <= height <= LARGEST_SIDE):
            raise Unfit(f"{width}x{height} pictures")
        stream.thread_count = 1
        frames, seconds = _walk(container, stream)
        fps = float(stream.average_rate or 0) or frames / seconds
        if not math.isfinite(fps) or not 1 <= fps <= 240:
            raise Unfit(f"{fps} pictures a second")
        has_audio = len(container.streams.audio) > 0
        for place in (0.0, max(0.0, seconds - 0.5), seconds / 2):
            picture = _picture(container, stream, place)
        _write_poster(picture, poster)
    return Found(mime, width, height, round(seconds * 1000), round(fps, 4), codec, has_audio)


def _only_video(container: Any) -> Any:
    import av.stream

    cover = av.stream.Disposition.attached_pic
    streams = [stream for stream in container.streams.video if not stream.disposition & cover]
    if len(streams) != 1:
        raise Unfit(f"{len(streams)} video streams")
    return streams[0]


def _walk(container: Any, stream: Any) -> tuple[int, float]:
    """Return the number of pictures and the seconds really there, going over the whole file without decoding.

    A file that was cut off promises more in its head than follows.
    """
    frames = 0
    end = 0.0
    start = float((stream.start_time or 0) * stream.time_base)
    for packet in container.demux(stream):
        if packet.size == 0:
            continue
        if packet.is_corrupt:
            raise Unfit(f"picture {frames} is cut off")
        frames += 1
        if packet.pts is not None:
            end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base) - start)
    promised = float(stream.duration * stream.time_base) if stream.duration else (container.duration or 0) / 1e6
    if frames < 2 or end <= 0:
        raise Unfit(f"only {frames} pictures")
    if stream.frames and frames < stream.frames:
        raise Unfit(f"{frames} of {stream.frames} pictures are there")
    if end < 0.9 * promised - 0.5:
        raise Unfit(f"{end:.1f} of {promised:.1f} s are there")
    if end > LONGEST:
        raise Unfit(f"{end:.0f} s long")
    return frames, end


def _picture(container: Any, stream: Any, seconds: float) -> Any:
    """Return the decoded picture shown at `seconds`; raises Unfit when nothing can be decoded there."""
    start = stream.start_time or 0
    wanted = start + round(seconds / float(stream.time_base))
    container.seek(wanted, stream=stream, backward=True)
    last = None
    for frame in container.decode(stream):
        last = frame
        if frame.pts is not None and frame.pts >= wanted:
            break
    if last is None:
        raise Unfit(f"no picture can be decoded at {seconds:.1f} s")
    return last


def _write_poster(frame: Any, poster: Path) -> None:
    image = frame.to_image()
    if image.width > POSTER_WIDTH:
        image = image.resize((POSTER_WIDTH, max(1, round(image.height * POSTER_WIDTH / image.width))))
    image.save(poster, format="WEBP", quality=80, method=4)


if __name__ == "__main__":
    sys.exit(main())
