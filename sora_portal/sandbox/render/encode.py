"""One clip from drawing to file: H.264 yuv420p with a key frame each second, AAC, index at the front."""

import hashlib
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from sora_portal.sandbox.render import sound
from sora_portal.sandbox.render.scene import Scene
from sora_portal.sandbox.render.words import Overlay


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
    """Draw and encode the clip; raise whatever the encoder raises."""
    with av.open(job.path, "w", format="mp4", options={"movflags": "+faststart"}) as container:
        # Ultrafast: twice the size of veryfast for a fifth less time. Water and rain would grow without the ceiling.
        ceiling = f"{job.width * job.height * 24 // 9000}k"
        options = {"preset": "ultrafast", "crf": "25", "maxrate": ceiling, "bufsize": ceiling}
        picture = container.add_stream("libx264", rate=job.fps, options=options)
        picture.width, picture.height, picture.pix_fmt = job.width, job.height, "yuv420p"
        picture.gop_size = job.fps
        tone = container.add_stream("aac", rate=sound.RATE, layout="mono", options={"aac_coder": "fast"})
        tone.bit_rate = 80_000
        container.mux(_audio_packets(tone, job))
        for packet in _video_packets(picture, job):
            container.mux(packet)


def _video_packets(stream: av.VideoStream, job: Job):  # type: ignore[no-untyped-def]
    enlarger = VideoReformatter()  # kept, because each frame of its own would set swscale up anew
    tick = Fraction(1, job.fps)
    scene = Scene(job.caption, job.digest(), job.width // 2, job.height // 2)
    overlay = Overlay(job.caption, job.label, job.width, job.height, job.fps)
    for index in range(round(job.seconds * job.fps)):
        # Drawn at half size; swscale enlarges while it converts, which costs a third of drawing at full size.
        small = av.VideoFrame.from_ndarray(np.asarray(scene.at(index / job.fps)), format="rgb24")
        frame = enlarger.reformat(
            small,
            job.width,
            job.height,
            "yuv420p",
            interpolation=Interpolation.FAST_BILINEAR,
            dst_color_range=ColorRange.MPEG,
        )
        overlay.write(frame, index)
        frame.pts = index
        frame.time_base = tick
        yield stream.encode(frame)
    yield stream.encode(None)


def _audio_packets(stream: av.AudioStream, job: Job) -> "list[av.Packet[av.AudioStream]]":
    samples = sound.chord(job.digest(), job.seconds)
    frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
    frame.sample_rate = sound.RATE
    frame.pts = 0
    return [*stream.encode(frame), *stream.encode(None)]
