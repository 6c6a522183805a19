"""What moves by itself: stars, birds, snow and rain, motes, a boat, traffic, grass."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from sora_portal.sandbox.render.palette import Colour, Look, colour, mix

Painter = Callable[[Image.Image, float], None]


def _rgb(value: Colour) -> tuple[int, int, int]:
    red, green, blue = (int(part) for part in np.clip(value, 0, 255))
    return red, green, blue


def scatter_stars(sky: NDArray[np.float32], rng: np.random.Generator, horizon: int) -> None:
    """Put fixed stars into a float sky above `horizon`, fewer towards it."""
    count = sky.shape[1] * horizon // 700
    x, y = rng.integers(0, sky.shape[1], count), (rng.beta(1, 1.7, count) * horizon).astype(int)
    sky[y, x] += (rng.beta(1, 3, count) * 190)[:, None]


def twinkling(rng: np.random.Generator, width: int, height: int) -> Painter:
    """Return a painter of a few bright stars that swell and fade."""
    stars = [
        (rng.uniform(0, width), rng.uniform(0, height * 0.8), rng.uniform(0.4, 1.3), rng.uniform(0, 6.3))
        for _ in range(18)
    ]

    def paint(frame: Image.Image, t: float) -> None:
        draw = ImageDraw.Draw(frame, "RGBA")
        for x, y, pace, phase in stars:
            strength = int(110 + 100 * np.sin(t * pace * 2 + phase))
            draw.ellipse((x - 0.8, y - 0.8, x + 0.8, y + 0.8), fill=(255, 255, 245, strength))

    return paint


def aurora(rng: np.random.Generator, width: int, horizon: int) -> Painter:
    """Return a painter of two green and violet curtains that wave slowly."""
    w, h = width // 4, horizon // 4  # soft shapes: a quarter of the size is enough
    x = np.arange(w, dtype=np.float32) / w * np.float32(6.283)
    rows = np.arange(h, dtype=np.float32)[:, None]
    folds = [(rng.uniform(0.25, 0.45), rng.uniform(0, 6.3), tone) for tone in ("59f2b0", "9b7bf0", "3fd8c8")]
    inks = [Image.new("RGB", (width, h * 4), f"#{tone}") for _, _, tone in folds]

    def paint(frame: Image.Image, t: float) -> None:
        for (height, phase, _), ink in zip(folds, inks, strict=True):
            middle = h * (height + 0.11 * np.sin(x * 1.3 + phase + t * 0.25) + 0.05 * np.sin(x * 3.1 - t * 0.4 + phase))
            rays = 0.65 + 0.35 * np.sin(x * 17 + 3 * np.sin(x * 2 + t * 0.5) + phase * 3)
            up = rows - middle[None, :]
            curtain = np.exp(np.where(up < 0, up / (h * 0.22), -up / (h * 0.035))) * rays[None, :]
            cover = Image.fromarray((curtain * 115).astype(np.uint8), "L")
            frame.paste(ink, (0, 0), cover.resize(ink.size, Image.Resampling.BILINEAR))

    return paint


_WINGBEATS = 8


def birds(rng: np.random.Generator, width: int, horizon: int, ink: Colour) -> Painter:
    """Return a painter of a small loose flock that crosses the sky."""
    start_x, start_y = rng.uniform(0, width), horizon * rng.uniform(0.25, 0.5)
    flock = [(rng.uniform(-60, 60), rng.uniform(-22, 22), rng.uniform(0, 6.3), rng.integers(0, 3)) for _ in range(7)]
    scale = max(width, horizon) / 640
    # Wing positions by size, drawn large and shrunk: a line of one pixel would be a staircase.
    sprites = [
        [_bird((3.2 + 0.8 * size) * scale, np.sin(i / _WINGBEATS * 6.283)) for i in range(_WINGBEATS)]
        for size in range(3)
    ]

    def paint(frame: Image.Image, t: float) -> None:
        for dx, dy, phase, size in flock:
            x = (start_x + dx * scale + t * width * 0.035) % (width + 80) - 40
            y = start_y + dy * scale + 3 * np.sin(t * 0.8 + phase)
            sprite = sprites[size][int((t * 0.95 + phase) * _WINGBEATS) % _WINGBEATS]
            frame.paste(_rgb(ink), (round(x), round(y)), sprite)

    return paint


def _bird(span: float, flap: float) -> Image.Image:
    big = Image.new("L", (round(span * 2 + 4) * 6, round(span * 1.6 + 4) * 6), 0)
    c, m, s = big.width / 2, big.height / 2, span * 6
    tip = m - flap * s * 0.5
    wing = [
        (c - s, tip),
        (c - s * 0.45, (m + tip) / 2 - s * 0.18),
        (c, m),
        (c + s * 0.45, (m + tip) / 2 - s * 0.18),
        (c + s, tip),
    ]
    ImageDraw.Draw(big).line(wing, fill=255, width=7, joint="curve")
    return big.resize((big.width // 6, big.height // 6), Image.Resampling.BOX)


def falling(kind: str, rng: np.random.Generator, width: int, height: int) -> Painter:
    """Return a painter of snow or rain."""
    count = width * height // (1300 if kind == "snow" else 900)
    x0, y0 = rng.uniform(0, width, count), rng.uniform(0, height, count)
    near = rng.beta(1.2, 2.4, count) + 0.15
    sway = rng.uniform(0, 6.3, count)

    def snow(frame: Image.Image, t: float) -> None:
        draw = ImageDraw.Draw(frame, "RGBA")
        x = (x0 + 9 * np.sin(t * 0.9 + sway) - t * 14 * near) % width
        y = (y0 + t * height * 0.16 * near) % height
        for px, py, size in zip(x, y, near * 1.9, strict=True):
            draw.ellipse(
                (px - size, py - size, px + size, py + size), fill=(255, 255, 255, int(90 + 75 * min(size, 1.6)))
            )

    def rain(frame: Image.Image, t: float) -> None:
        draw = ImageDraw.Draw(frame, "RGBA")
        x = (x0 - t * width * 0.10 * near) % width
        y = (y0 + t * height * 1.5 * near) % height
        for px, py, size in zip(x, y, near, strict=True):
            draw.line((px, py, px - 1.2 * size, py + 15 * size), fill=(215, 228, 240, int(40 + 70 * size)))

    return snow if kind == "snow" else rain


def motes(rng: np.random.Generator, width: int, height: int, *, night: bool) -> Painter:
    """Return a painter of fireflies by night, dust in the light by day."""
    count = 20 if night else 16
    spots = rng.uniform(0, 1, (count, 4))
    tone = (214, 255, 140) if night else (255, 246, 214)
    sprite = Image.new("L", (15, 15), 0)
    ImageDraw.Draw(sprite).ellipse((5, 5, 9, 9), fill=255)
    shine_at = np.asarray(sprite.filter(ImageFilter.GaussianBlur(2))).astype(np.float32) * (2.4 if night else 1.2)
    levels = [Image.fromarray(np.clip(shine_at * i / 12, 0, 255).astype(np.uint8), "L") for i in range(13)]

    def paint(frame: Image.Image, t: float) -> None:
        for x, y, phase, pace in spots:
            shine = 0.5 + 0.5 * np.sin(t * (0.8 + 1.6 * pace) + phase * 6.3)
            px = (x * width + 18 * np.sin(t * 0.5 * (pace + 0.4) + phase * 6.3) + t * 4) % (width + 16) - 12
            py = height * (0.42 + 0.5 * y) + 10 * np.sin(t * 0.7 + phase * 9)
            frame.paste(tone, (int(px), int(py)), levels[round(shine * 12)])

    return paint


def boat(rng: np.random.Generator, look: Look, width: int, height: int, horizon: int) -> Painter:
    """Return a painter of a sailing boat that crosses slowly, rocking."""
    size = min(width, height) * 0.075
    y0 = horizon + (height - horizon) * 0.16
    start = width * rng.uniform(0.15, 0.65)
    hull = _rgb(mix(look.land(1.0) * 0.5, look.haze, 0.15))
    sail = _rgb(mix(colour("fff6e4"), look.haze, 0.35) * (0.45 + 0.55 * look.hour.light))
    shade = _rgb(mix(colour("fff6e4"), look.haze, 0.6) * (0.40 + 0.5 * look.hour.light))

    big = Image.new("RGBA", (round(size * 3) * 2, round(size * 3) * 2), (0, 0, 0, 0))
    draw, s, c, base = ImageDraw.Draw(big), size * 2, big.width / 2, big.height * 0.72
    keel = [(c - 0.55 * s, base), (c + 0.6 * s, base), (c + 0.4 * s, base + 0.2 * s), (c - 0.4 * s, base + 0.2 * s)]
    draw.polygon(keel, fill=hull)
    draw.polygon([(c, base - 1.25 * s), (c, base - 0.06 * s), (c - 0.5 * s, base - 0.06 * s)], fill=sail)
    jib = [(c + 0.06 * s, base - 1.05 * s), (c + 0.06 * s, base - 0.06 * s), (c + 0.48 * s, base - 0.06 * s)]
    draw.polygon(jib, fill=shade)
    draw.line([(c + 0.02 * s, base), (c + 0.02 * s, base - 1.3 * s)], fill=hull, width=2)
    half = (big.width // 2, big.height // 2)
    tilts = [
        big.rotate(angle / 4, resample=Image.Resampling.BICUBIC, center=(c, base)).resize(half, Image.Resampling.BOX)
        for angle in range(-14, 15)
    ]

    def paint(frame: Image.Image, t: float) -> None:
        small = tilts[round(14 + 14 * np.sin(t * 1.1))]
        x = (start + t * width * 0.012) % (width + small.width) - small.width
        frame.paste(small, (round(x), round(y0 - small.height * 0.72 + 1.6 * np.sin(t * 1.7))), small)

    return paint


def street(rng: np.random.Generator, look: Look, width: int, height: int) -> Painter:
    """Return a painter of a dark avenue with head lights one way and tail lights the other."""
    top = round(height * 0.915)
    ground = _rgb(look.land(1.0) * 0.45)
    lanes = [
        (0.30, 1, (255, 238, 200), 0.11),
        (0.52, -1, (255, 84, 64), 0.13),
        (0.74, 1, (255, 244, 214), 0.17),
    ]
    cars = [(lane, rng.uniform(0, 1), rng.uniform(0.8, 1.25)) for lane in lanes for _ in range(7)]

    def paint(frame: Image.Image, t: float) -> None:
        draw = ImageDraw.Draw(frame, "RGBA")
        draw.rectangle((0, top, width, height), fill=ground)
        for (row, way, tone, speed), start, pace in cars:
            x = ((start + way * t * speed * pace) % 1.1 - 0.05) * width
            y, long = top + (height - top) * row, width * (0.012 + 0.01 * row)
            for part, strength in ((3.2, 40), (1.8, 90), (0.6, 235)):
                draw.ellipse(
                    (x - long * part * 0.7, y - 0.7 * part - 0.6, x + long * part * 0.7, y + 0.7 * part + 0.6),
                    fill=(*tone, strength),
                )

    return paint


def grass(rng: np.random.Generator, look: Look, width: int, height: int) -> Painter:
    """Return a painter of blades that sway before the viewer, with flowers among them."""
    count = width // 3
    x0 = rng.uniform(0, width + 60, count)
    tall = height * rng.uniform(0.06, 0.17, count)
    lean, phase = rng.normal(0, 0.22, count), rng.uniform(0, 0.8, count)
    tones = [_rgb(look.land(1.0) * shade) for shade in rng.uniform(0.55, 1.05, count)]
    petals = [_rgb(colour(tone) * (0.4 + 0.6 * look.hour.light)) for tone in ("ffd24a", "f7f3e8", "e86a8a", "b48af0")]
    blooms = rng.integers(0, 22, count)

    high = round(height * 0.19)

    def paint(frame: Image.Image, t: float) -> None:
        # Twice the size and shrunk again, for smooth edges.
        big = Image.new("RGBA", (width * 2, high * 2), (*tones[0], 0))
        draw, foot = ImageDraw.Draw(big), high * 2
        draw.rectangle((0, foot - round(height * 0.03), width * 2, foot), fill=tones[0])
        for i in range(count):
            x = 2 * ((x0[i] - t * width * 0.07) % (width + 60) - 30)
            up = 2 * tall[i]
            bend = (lean[i] + 0.20 * np.sin(t * 1.5 + x / 140 + phase[i])) * up
            knee = foot - up * 0.6
            draw.polygon(
                [(x - 2.6, foot), (x + 2.6, foot), (x + bend * 0.45 + 1.2, knee), (x + bend, foot - up)], fill=tones[i]
            )
            if blooms[i] < 4:
                r = 3.2 + (i % 3)
                draw.ellipse((x + bend - r, foot - up - r, x + bend + r, foot - up + r), fill=petals[blooms[i]])
        small = big.reduce(2)
        frame.paste(small, (0, height - high), small)

    return paint
