"""Take off what a server left around a video: compression, or the chunks of an upload to object storage.

No header is asked: each way is tried on the first bytes, and the one counts after which a video begins.
"""

import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import brotli

from sora_portal.outputs.domain import Reason, Trouble, begins_like_a_video

HEAD = 16 * 1024
PIECE = 256 * 1024
# One of each around the other is the worst that was seen.
LAYERS = 3
# "1000;chunk-signature=…" and what follows it, as an upload to S3 sends it.
CHUNK = re.compile(rb"([0-9a-fA-F]{1,8})(?:;[ -~]{0,200})?\r\n")

Layer = Callable[[Iterable[bytes]], Iterator[bytes]]


def unwrap(file: Path, *, most: int, alive: Callable[[], None] = lambda: None) -> bool:
    """Replace `file` by the video inside it; return False when it is one already, or nothing that we know.

    `most` is how many bytes it may then have. Raises Trouble when it has more, or ends before its end.
    """
    changed = False
    for _ in range(LAYERS):
        with file.open("rb") as opened:
            layer = _layer(opened.read(HEAD))
        if layer is None:
            break
        _replace(file, layer, most, alive)
        changed = True
    return changed


def _layer(head: bytes, depth: int = LAYERS) -> Layer | None:
    """Return what has to be taken off a file that begins with `head`; None for nothing."""
    if depth == 0 or begins_like_a_video(head):
        return None
    for layer in LAYERS_KNOWN:
        inside = _start(layer, head)
        if inside and (begins_like_a_video(inside) or _layer(inside, depth - 1)):
            return layer
    return None


def _start(layer: Layer, head: bytes) -> bytes:
    """Return what `layer` makes of the first bytes, as far as it comes."""
    inside = b""
    with suppress(Trouble):
        for piece in layer([head]):
            inside += piece
            if len(inside) >= HEAD:
                break
    return inside


def _replace(file: Path, layer: Layer, most: int, alive: Callable[[], None]) -> None:
    inside = file.with_name(f"{file.name}.part")
    size = 0
    try:
        with file.open("rb") as opened, inside.open("xb") as out:
            for piece in layer(iter(partial(opened.read, PIECE), b"")):
                size += len(piece)
                if size > most:
                    raise Trouble(Reason.TOO_BIG, f"more than {most:,} bytes once it is unpacked")
                out.write(piece)
                alive()
            out.flush()
            os.fsync(out.fileno())
        inside.replace(file)
    finally:
        inside.unlink(missing_ok=True)


def _inflated(pieces: Iterable[bytes], *, bits: int) -> Iterator[bytes]:
    """Yield what gzip, zlib or bare deflate (`bits` as in zlib) holds, a bounded piece at a time."""
    inflating = zlib.decompressobj(bits)
    for piece in pieces:
        packed = piece
        while packed and not inflating.eof:
            try:
                yield inflating.decompress(packed, PIECE)
            except zlib.error as error:
                raise Trouble(Reason.INCOMPLETE, f"it cannot be unpacked: {error}") from error
            packed = inflating.unconsumed_tail
    if not inflating.eof:
        raise Trouble(Reason.INCOMPLETE, "it ends in the middle of what is packed")


def _unbrotlied(pieces: Iterable[bytes]) -> Iterator[bytes]:
    unpacking = brotli.Decompressor()
    try:
        for piece in pieces:
            yield unpacking.process(piece, output_buffer_limit=PIECE)
            while not unpacking.can_accept_more_data():
                yield unpacking.process(b"", output_buffer_limit=PIECE)
    except brotli.error as error:
        raise Trouble(Reason.INCOMPLETE, "it cannot be unpacked") from error
    if not unpacking.is_finished():
        raise Trouble(Reason.INCOMPLETE, "it ends in the middle of what is packed")


def _unchunked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what stands between the lines that say how long each chunk is; what follows the last is left out."""
    held = b""
    left = 0
    for piece in pieces:
        held += piece
        while True:
            if left:
                yield held[:left]
                taken = min(left, len(held))
                held, left = held[taken:], left - taken
                if left:
                    break
            line = CHUNK.match(held.removeprefix(b"\r\n"))
            if line is None:
                if len(held) > 256:
                    raise Trouble(Reason.INCOMPLETE, "a chunk does not say how long it is")
                break
            held = held.removeprefix(b"\r\n")[line.end() :]
            left = int(line[1], 16)
            if left == 0:
                return
    raise Trouble(Reason.INCOMPLETE, "it ends before its last chunk")


LAYERS_KNOWN: tuple[Layer, ...] = (
    _unchunked,
    *(partial(_inflated, bits=bits) for bits in (31, 15, -15)),
    _unbrotlied,
)
