"""One clip from drawing to file: H.264 yuv420p with a key frame each second, AAC, index at the front."""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from sora_portal.sandbox.render.landscape import Landscape
from sora_portal.sandbox.render.words import Words

_RATE = 48_000  # sound samples a second
_CHORDS = ((0, 7, 12, 16, 23), (0, 7, 12, 15, 22), (0, 5, 12, 16, 21), (0, 7, 14, 16, 19))  # semitones above the root
_ROOT = 98.0  # Hz, G2


@dataclass(frozen=True)
class Job:
    """What to make: a file of `seconds` at `width` x `height` pixels (even numbers), seeded by its caption."""

    path: str
    caption: str
    label: str
    width: int
    height: int
    seconds: float
    fps: int
    seed: int = 0

    def digest(self) -> int:
        """Return the number that decides the picture: the same caption and seed give the same one."""
        text = f"{self.seed}\n{self.caption}".encode("utf-8", "surrogatepass")
        return int.from_bytes(hashlib.sha256(text).digest()[:8], "big")


def make(job: Job) -> None:
    """Draw and encode the clip; raise what the encoder raises."""
    with av.open(job.path, "w", format="mp4", options={"movflags": "+faststart"}) as container:
        # Ultrafast: twice the size of veryfast for a fifth less time. Water and rain would grow without the ceiling.
        ceiling = f"{job.width * job.height * 24 // 9000}k"
        options = {"preset": "ultrafast", "crf": "25", "maxrate": ceiling, "bufsize": ceiling}
        picture = container.add_stream("libx264", rate=job.fps, options=options)
        picture.width, picture.height, picture.pix_fmt = job.width, job.height, "yuv420p"
        picture.gop_size = job.fps
        tone = container.add_stream("aac", rate=_RATE, layout="mono", options={"aac_coder": "fast"})
        tone.bit_rate = 80_000
        for sound in _chord(job):
            container.mux(tone.encode(sound))
        container.mux(tone.encode(None))
        for frame in _frames(job):
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))


def _frames(job: Job) -> Iterator[av.VideoFrame]:
    enlarger = VideoReformatter()  # kept, because each frame of its own would set swscale up anew
    # Drawn at half size; swscale enlarges while it converts, which costs a third of drawing at full size.
    scene = Landscape(job.caption, job.digest(), job.width // 2, job.height // 2)
    words = Words(job.caption, job.label, job.width, job.height, job.fps)
    for index in range(round(job.seconds * job.fps)):
        frame = enlarger.reformat(
            av.VideoFrame.from_image(scene.at(index / job.fps)),  # type: ignore[no-untyped-call]
            job.width,
            job.height,
            "yuv420p",
            interpolation=Interpolation.FAST_BILINEAR,
            dst_color_range=ColorRange.MPEG,
        )
        words.write(frame, index)
        frame.pts, frame.time_base = index, Fraction(1, job.fps)
        yield frame


def _chord(job: Job) -> Iterator[av.AudioFrame]:
    """Yield a soft chord of slowly swelling sines, seeded like the picture, drawn by FFmpeg's own source."""
    draw = random.Random(job.digest())
    root, tones = _ROOT * 2 ** (draw.randrange(8) / 12), []
    for step in draw.choice(_CHORDS):
        swell = f"(0.6+0.4*sin({draw.uniform(0.5, 1.4):.3f}*t+{draw.uniform(0, 6.3):.3f}))"
        tones.append(f"{0.06 / (1 + step / 9):.4f}*sin(2*PI*{root * 2 ** (step / 12):.3f}*t)*{swell}")
    fade = min(0.6, job.seconds / 4)
    graph = av.filter.Graph()
    source = graph.add("aevalsrc", f"exprs={'+'.join(tones)}:sample_rate={_RATE}:duration={job.seconds}")
    rise = graph.add("afade", f"type=in:duration={fade}")
    fall = graph.add("afade", f"type=out:start_time={job.seconds - fade}:duration={fade}")
    shape = graph.add("aformat", "sample_fmts=fltp:channel_layouts=mono")
    sink = graph.add("abuffersink")
    for one, next_one in ((source, rise), (rise, fall), (fall, shape), (shape, sink)):
        one.link_to(next_one)
    graph.configure()
    while True:
        try:
            frame = sink.pull()
        except (EOFError, av.EOFError, BlockingIOError):
            return
        assert isinstance(frame, av.AudioFrame)
        yield frame
