"""Make what every browser plays of a video: `python -m sora_portal.outputs.media.preview FILE --out OUT`.

The same pictures at the same times, upright and in square pixels, as H.264 and AAC in an MP4. It is for those videos
that not every browser plays; the original stays what is kept, downloaded and decided on. Runs in a process of its own,
like the probe, and imports no Django.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from sora_portal.outputs.media.probe import Unfit, confine, container_of, shown_size, shown_stream, turn_of

LONGEST_SIDE = 1280
BYTES_MOST = 512 * 1024**2
SOUND_RATE = 48_000
# The same turns and flips as Pillow's, as filters.
FILTERS = {
    "FLIP_LEFT_RIGHT": ("hflip", ""),
    "FLIP_TOP_BOTTOM": ("vflip", ""),
    "ROTATE_270": ("transpose", "clock"),
    "ROTATE_90": ("transpose", "cclock"),
    "TRANSPOSE": ("transpose", "cclock_flip"),
    "TRANSVERSE": ("transpose", "clock_flip"),
}


def main() -> int:
    """Make the preview of the file named on the command line; return the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    confine(file_bytes=BYTES_MOST)
    os.nice(10)
    try:
        make(given.file, given.out, sound=True)
    except (ArithmeticError, LookupError, OSError, RuntimeError, TypeError, ValueError):
        # Sound that cannot be read is no reason to see nothing.
        make(given.file, given.out, sound=False)
    return 0


def make(file: Path, out: Path, *, sound: bool) -> None:
    """Write the preview of `file` to `out`; raises what PyAV raises, and Unfit."""
    import av

    av.logging.set_level(av.logging.PANIC)
    demuxer, _ = container_of(file)
    with (
        av.open(str(file), format=demuxer, options={"protocol_whitelist": "file"}) as source,
        av.open(str(out), "w", format="mp4", options={"movflags": "+faststart"}) as target,
    ):
        stream = shown_stream(source)
        tracks: list[Any] = [_Pictures(stream, target)]
        if sound and source.streams.audio:
            tracks.append(_Sound(source.streams.audio[0], target))
        for packet in source.demux(*(track.stream for track in tracks)):
            track = next(track for track in tracks if track.stream is packet.stream)
            for frame in packet.decode():
                track.take(frame)
        for track in tracks:
            track.end()


class _Pictures:
    """The picture track: decoded pictures in, encoded ones out."""

    def __init__(self, stream: Any, target: Any) -> None:
        stream.thread_count = 1
        self.stream = stream
        self._target = target
        # No pictures that depend on later ones: the times stay those of the source, without an edit list.
        self._out = target.add_stream(
            "libx264", rate=stream.average_rate or 24, options={"preset": "veryfast", "crf": "23", "bf": "0"}
        )
        self._graph: Any = None

    def take(self, frame: Any) -> None:
        """Encode one picture."""
        if self._graph is None:
            self._begin(frame)
        self._graph.push(frame)
        self._pull()

    def end(self) -> None:
        """Encode what is left."""
        if self._graph is None:
            raise Unfit("no picture can be decoded")
        self._graph.push(None)
        self._pull()
        self._target.mux(self._out.encode())

    def _begin(self, frame: Any) -> None:
        import av.filter

        width, height = shown_size(frame, self.stream)
        share = min(1.0, LONGEST_SIDE / max(width, height))
        width, height = (max(2, round(side * share / 2) * 2) for side in (width, height))
        self._out.width, self._out.height, self._out.pix_fmt = width, height, "yuv420p"
        self._out.codec_context.time_base = self.stream.time_base
        turn = turn_of(frame)
        turning = [("hflip", ""), ("vflip", "")] if turn == "ROTATE_180" else [FILTERS[turn]] if turn else []
        self._graph = av.filter.Graph()
        nodes = [self._graph.add_buffer(template=self.stream)]
        for name, argument in (
            *turning,
            ("scale", f"{width}:{height}"),
            ("setsar", "1"),
            ("format", "yuv420p"),
            # What told how to turn the picture has been done.
            ("sidedata", "mode=delete:type=DISPLAYMATRIX"),
            ("buffersink", ""),
        ):
            nodes.append(self._graph.add(name, argument) if argument else self._graph.add(name))
        self._graph.link_nodes(*nodes).configure()

    def _pull(self) -> None:
        import av

        while True:
            try:
                frame = self._graph.vpull()
            except (av.BlockingIOError, av.EOFError):
                return
            frame.pict_type = 0
            self._target.mux(self._out.encode(frame))


class _Sound:
    """The sound track."""

    def __init__(self, stream: Any, target: Any) -> None:
        import av

        self.stream = stream
        self._target = target
        self._out = target.add_stream("aac", rate=SOUND_RATE, layout="stereo")
        self._resampler = av.AudioResampler(format="fltp", layout="stereo", rate=SOUND_RATE)

    def take(self, frame: Any) -> None:
        """Encode a piece of sound."""
        for piece in self._resampler.resample(frame):
            self._target.mux(self._out.encode(piece))

    def end(self) -> None:
        """Encode what is left."""
        self.take(None)
        self._target.mux(self._out.encode())


if __name__ == "__main__":
    sys.exit(main())
