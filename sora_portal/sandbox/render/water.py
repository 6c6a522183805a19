"""A sea in perspective: two sheets of noise that slide over each other, brightest under the sun."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sora_portal.sandbox.render.palette import Look, mix

_SHEET = 512  # a power of two: wrapping round is then a bit mask


def _sheet(rng: np.random.Generator, long: float) -> NDArray[np.uint8]:
    """Return noise of waves about `long` texels across, repeating in both directions."""
    fx, fy = np.fft.fftfreq(_SHEET)[None, :], np.fft.fftfreq(_SHEET)[:, None]
    waves = np.hypot(fx * 2.2, fy) * long
    wild = rng.standard_normal((_SHEET, _SHEET), dtype=np.float32)
    noise = np.fft.ifft2(np.fft.fft2(wild) * (waves**2 * np.exp(-(waves**2)))).real
    return np.asarray(np.clip(128 + noise / noise.std() * 46, 0, 255), dtype=np.uint8)


class Water:
    """The lower part of the frame as water, from the horizon down."""

    def __init__(
        self, look: Look, rng: np.random.Generator, width: int, height: int, horizon: int, sun_x: float
    ) -> None:
        self._top, rows = horizon, height - horizon
        near = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
        shore = mix(mix(look.sky[2], look.sky[1], 0.35), look.land(0.4), 0.35)
        base = shore + (look.land(1.0) * 0.8 - shore) * (near[..., None] ** 0.6)
        # Far water is calm for the eye, or it would flicker.
        swing = ((0.16 + 0.30 * near) * np.clip(near * 7, 0.10, 1))[..., None]
        self._dark = _picture(base * (1 - swing), width)
        self._light = _picture(base + (mix(look.sky[2], look.sky[1], 0.3) - base) * swing, width)
        self._sun = _picture(np.broadcast_to(look.sun, base.shape), width)
        # Perspective: a row near the horizon spans far more water than one before the viewer's feet.
        distance = 1 / (near + 0.06)
        across = (np.arange(width, dtype=np.float32)[None, :] / width - 0.5) * distance * 300
        self._across = across.astype(np.int32)
        self._away = (distance[:, 0] * 150).astype(np.float32)
        spread = (0.045 + 0.26 * near) * width
        path = np.exp(-(((np.arange(width)[None, :] - sun_x) / spread) ** 2))
        self._glint = (path * (1.0 if look.hour.sun_size else 0.25) * (1.0 - 0.35 * near)).astype(np.float32)
        self._sheets = (_sheet(rng, 15), _sheet(rng, 9))

    def paint(self, frame: Image.Image, t: float) -> None:
        """Paint the water at `t` seconds."""
        mask = _SHEET - 1
        total = np.zeros(self._across.shape, dtype=np.int16)
        for sheet, along, sideways in zip(self._sheets, (26.0, 17.0), (7.0, -9.0), strict=True):
            rows = (self._away + t * along).astype(np.int32)[:, None] & mask
            total += sheet[rows, (self._across + int(t * sideways)) & mask]
        swell = Image.fromarray((total >> 1).astype(np.uint8), "L")
        glitter = np.clip((total - 262).astype(np.float32) * self._glint * 7, 0, 245)
        water = Image.composite(self._light, self._dark, swell)
        water.paste(self._sun, (0, 0), Image.fromarray(glitter.astype(np.uint8), "L"))
        frame.paste(water, (0, self._top))


def _picture(rows: NDArray[np.float32], width: int) -> Image.Image:
    column = np.clip(rows, 0, 255).astype(np.uint8)
    return Image.fromarray(np.repeat(column, width, axis=1), "RGB")
