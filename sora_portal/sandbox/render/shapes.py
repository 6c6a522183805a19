"""Silhouettes as strips that repeat sideways: ridges, hills, dunes, trees, skylines, clouds."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw

from sora_portal.sandbox.render.palette import Colour, mix

Line = NDArray[np.float32]
Plane = NDArray[np.float32]

_STEPS = 4  # in-between positions of a strip: slow layers would move in jerks by whole pixels
_FINE = 3  # trees and houses are drawn this much larger and shrunk, which smooths their edges


class Strip:
    """A picture with coverage that repeats every `period` pixels, pasted at any sideways position."""

    def __init__(self, rgb: Image.Image, cover: Image.Image, view: int, top: int) -> None:
        self.period, self.top, self._view = rgb.width, top, view
        self._frames = [(_wide(_moved(rgb, i), view), _wide(_moved(cover, i), view)) for i in range(_STEPS)]

    def paste(self, frame: Image.Image, at: float, lift: float = 0.0) -> None:
        """Paste the part that starts `at` pixels into the strip, `lift` pixels higher than usual."""
        whole, part = divmod(at % self.period, 1)
        x = int(whole)
        rgb, cover = self._frames[int(part * _STEPS)]
        box = (x, 0, x + self._view, rgb.height)
        frame.paste(rgb.crop(box), (0, self.top - round(lift)), cover.crop(box))


def _moved(image: Image.Image, step: int) -> Image.Image:
    if step == 0:
        return image
    return Image.blend(image, ImageChops.offset(image, -1, 0), step / _STEPS)


def _wide(image: Image.Image, view: int) -> Image.Image:
    wide = Image.new(image.mode, (image.width + view, image.height))
    wide.paste(image, (0, 0))
    wide.paste(image.crop((0, 0, view, image.height)), (image.width, 0))
    return wide


def waves(rng: np.random.Generator, period: int, *, lowest: int, highest: int, fall: float) -> Line:
    """Return `period` points in about -1..1 whose end meets their start, a sum of `lowest`..`highest` waves."""
    x = np.arange(period, dtype=np.float32) * (2 * np.pi / period)
    line = np.zeros(period, dtype=np.float32)
    for k in range(lowest, highest + 1):
        line += np.float32(rng.normal() * k**-fall) * np.cos(k * x + np.float32(rng.uniform(0, 6.283)))
    return line / max(float(np.abs(line).max()), 1e-6)


def peaks(rng: np.random.Generator, period: int) -> Line:
    """Return a line with sharp summits, in 0..1."""
    broad = 0.5 + 0.5 * waves(rng, period, lowest=2, highest=6, fall=0.6)
    crag = 1 - np.abs(waves(rng, period, lowest=4, highest=13, fall=0.5))
    sharp = 1 - np.abs(waves(rng, period, lowest=14, highest=48, fall=0.7))
    line = 0.62 * broad + 0.55 * crag * (0.35 + broad) + 0.22 * sharp * crag
    line += 0.025 * waves(rng, period, lowest=50, highest=130, fall=0.4)
    low, high = float(line.min()), float(line.max())
    return np.asarray((line - low) / (high - low), dtype=np.float32)


def clouds(rng: np.random.Generator, width: int, height: int, *, stretch: float = 3.5) -> Plane:
    """Return soft noise in 0..1 that repeats in both directions, drawn out sideways."""
    fx, fy = (
        np.fft.fftfreq(width)[None, :] * stretch * width / 100,
        np.fft.fftfreq(height)[:, None] * height / 100 * 1.6,
    )
    power = 1 / (0.02 + np.hypot(fx * 100 / max(width, 1) * 6, fy * 100 / max(height, 1) * 6)) ** 1.9
    noise = np.fft.ifft2(np.fft.fft2(rng.normal(size=(height, width))) * power).real
    noise -= noise.mean()
    return np.asarray(0.5 + noise / (noise.std() * 4), dtype=np.float32)


def slope_of(ridge: Line) -> Line:
    """Return the lightness -1..1 of faces by their slope, the light coming from the left."""
    slope = np.roll(ridge, 2) - np.roll(ridge, -2)
    return np.asarray(np.tanh(slope / max(float(np.abs(slope).std()), 1e-3) * 0.9), dtype=np.float32)


def land_strip(
    ridge: Line,
    *,
    top: int,
    bottom: int,
    view: int,
    body: Colour,
    foot: Colour,
    relief: float,
    crest: Colour | None = None,
    crest_depth: float = 0.0,
) -> Strip:
    """Return land below `ridge` (rows from the frame's top): lit faces, mist at the foot, an optional crest of snow."""
    rows = np.arange(top, bottom, dtype=np.float32)[:, None]
    below = rows - ridge[None, :]
    cover = np.clip(below + 0.5, 0, 1)
    deep = np.clip(below / max(bottom - top, 1), 0, 1)
    columns = np.arange(ridge.size)[None, :]
    face = slope_of(ridge)[(columns + (below * 0.55).astype(np.int32)) % ridge.size] * np.exp(-deep * 2.5)
    shade = (1 + relief * face)[..., None]
    rgb = body * shade
    if crest is not None:
        uneven = crest_depth * (
            0.65 + 0.9 * np.abs(slope_of(ridge)[(columns * 3 + (below * 1.7).astype(np.int32)) % ridge.size])
        )
        height = np.clip(1 - (ridge - ridge.min()) / max(float(np.ptp(ridge)), 1), 0, 1)[None, :]
        snow = np.clip((uneven * height**0.8 - below) / 2.5, 0, 1)[..., None]
        rgb = rgb + (crest * (0.9 + 0.14 * face[..., None]) - rgb) * snow
    rgb = rgb + (foot - rgb) * (deep[..., None] ** 1.3 * 0.85)
    return _strip(rgb, cover, view, top)


def _strip(rgb: Plane, cover: Plane, view: int, top: int) -> Strip:
    picture = Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8), "RGB")
    return Strip(picture, Image.fromarray((cover * 255).astype(np.uint8), "L"), view, top)


def _fine_canvas(period: int, height: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("L", (period * _FINE, height * _FINE), 0)
    return image, ImageDraw.Draw(image)


def tree_strip(
    rng: np.random.Generator,
    ground: Line,
    *,
    top: int,
    bottom: int,
    view: int,
    size: float,
    gap: float,
    body: Colour,
    foot: Colour,
) -> Strip:
    """Return a row of conifers standing on `ground`, `size` pixels tall, about `gap` pixels apart."""
    period, height = ground.size, bottom - top
    canvas, draw = _fine_canvas(period, height)
    x = 0.0
    while x < period:
        tall = size * rng.uniform(0.5, 1.15)
        foot_y = float(ground[int(x) % period]) - top + size * 0.12
        for shift in (-period, 0, period):
            _conifer(draw, (x + shift) * _FINE, foot_y * _FINE, tall * _FINE, lean=rng.uniform(0.24, 0.30))
        x += gap * rng.uniform(0.45, 1.4)
    trees = np.asarray(canvas.resize((period, height), Image.Resampling.BOX), dtype=np.float32) / 255
    rows = np.arange(top, bottom, dtype=np.float32)[:, None]
    soil = np.clip(rows - ground[None, :] + 0.5, 0, 1)
    deep = np.clip((rows - ground[None, :] + size * 0.5) / (height * 0.9), 0, 1)[..., None]
    rgb = body + (foot - body) * (deep**1.2 * 0.8)
    return _strip(rgb, np.maximum(trees, soil), view, top)


def _conifer(draw: ImageDraw.ImageDraw, x: float, y: float, tall: float, *, lean: float) -> None:
    half = tall * lean
    for tier in range(5):
        low, high = y - tall * 0.17 * tier, y - tall * (0.42 + 0.145 * tier)
        wide = half * (1 - tier * 0.175)
        draw.polygon([(x - wide, low), (x + wide, low), (x, high)], fill=255)


def skyline_strip(
    rng: np.random.Generator,
    *,
    period: int,
    top: int,
    bottom: int,
    view: int,
    low: float,
    high: float,
    block: float,
    body: Colour,
    foot: Colour,
    window: Colour,
    lit: float,
) -> Strip:
    """Return a row of houses `low`..`high` pixels tall; `lit` is the part of the windows with light behind them."""
    height = bottom - top
    rgb = np.empty((height, period, 3), dtype=np.float32)
    rgb[:] = body
    cover = np.zeros((height, period), dtype=np.float32)
    x = 0
    while x < period:
        wide = int(min(max(block * rng.uniform(0.6, 1.5), 6), period - x))
        tall = int(low + (high - low) * rng.beta(1.6, 2.6))
        _house(rng, rgb, cover, x, wide, min(tall, height - 8), body, window, lit)
        x += wide + int(rng.random() < 0.25) * int(block * 0.2)
    deep = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    return _strip(rgb + (foot - rgb) * (deep**2.2 * 0.75), cover, view, top)


def _house(
    rng: np.random.Generator,
    rgb: Plane,
    cover: Plane,
    x: int,
    wide: int,
    tall: int,
    body: Colour,
    window: Colour,
    lit: float,
) -> None:
    height = cover.shape[0]
    roof = height - tall
    cover[roof:, x : x + wide] = 1
    # A lighter left edge and a darker right half give the box its corner.
    rgb[roof:, x : x + wide] = body * rng.uniform(0.86, 1.12)
    rgb[roof:, x + int(wide * 0.68) : x + wide] *= 0.84
    kind = rng.random()
    if kind < 0.22 and wide > 10:
        cover[max(roof - tall // 6, 0) : roof, x + wide // 2] = 1
        inset = wide // 4
        step = max(roof - tall // 14, 0)
        cover[step:roof, x + inset : x + wide - inset] = 1
        rgb[max(roof - tall // 6, 0) : roof, x : x + wide] = body
    pitch = 4 if wide < 26 else 5
    columns = range(x + 2, x + wide - 2, pitch)
    for row in range(roof + 4, height - 3, pitch + 1):
        for column in columns:
            if rng.random() < lit:
                glow = mix(body, window, rng.uniform(0.35, 1.0))
                rgb[row : row + 2 + pitch // 5, column : column + 2] = glow


def cloud_strip(
    rng: np.random.Generator, *, period: int, height: int, view: int, amount: float, body: Colour, rim: Colour
) -> Strip:
    """Return drifting clouds for the upper sky, thinning out upwards and towards the horizon."""
    noise = clouds(rng, period, height)
    fade = np.sin(np.linspace(0.25, 3.1, height, dtype=np.float32))[:, None] ** 0.8
    cover = np.clip((noise - 0.62 + 0.22 * amount) * 3.2, 0, 1) ** 1.3 * fade * (0.45 + 0.4 * amount)
    lift = np.clip((noise - np.roll(noise, -3, axis=0)) * 9 + 0.45, 0, 1)[..., None]
    return _strip(body + (rim - body) * lift, cover, view, 0)
