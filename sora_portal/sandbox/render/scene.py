"""A layered landscape that drifts past: sky, land by place, things that move, a darker rim. Drawn at half size."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sora_portal.sandbox.render import life, shapes
from sora_portal.sandbox.render.palette import Colour, colour, look_of, mix
from sora_portal.sandbox.render.water import Water

Painter = Callable[[Image.Image, float], None]


class Scene:
    """The picture of one clip; `at(t)` is its frame `t` seconds in. Equal digests and captions draw equally."""

    def __init__(self, caption: str, digest: int, width: int, height: int) -> None:
        self._rng = np.random.default_rng(digest)
        self.look = look_of(caption, self._rng)
        self._w, self._h = width, height
        self._short = min(width, height)
        self._horizon = round(height * (0.60 if width >= height else 0.57))
        self._sun_x = width * self._rng.uniform(0.28, 0.72)
        self._sky = Image.fromarray(self._painted_sky(), "RGB")
        self._painters: list[Painter] = []
        self._add_sky_life()
        {
            "mountains": self._add_mountains,
            "snow": self._add_mountains,
            "forest": self._add_forest,
            "ocean": self._add_ocean,
            "city": self._add_city,
            "desert": self._add_desert,
            "meadow": self._add_meadow,
        }[self.look.place]()
        if self.look.weather:
            self._painters.append(life.falling(self.look.weather, self._rng, width, height))
        self._rim, self._black = self._darker_rim(), Image.new("RGB", (width, height), (4, 6, 14))

    def at(self, t: float) -> Image.Image:
        """Return the frame at `t` seconds, RGB, at the scene's size."""
        frame = self._sky.copy()
        for paint in self._painters:
            paint(frame, t)
        frame.paste(self._black, (0, 0), self._rim)
        return frame

    # -- sky ----------------------------------------------------------------------------------------------------------

    def _painted_sky(self) -> NDArray[np.uint8]:
        look, w, h = self.look, self._w, self._h
        y = np.clip(np.arange(h, dtype=np.float32) / self._horizon, 0, 1)
        stops = np.array([0.0, 0.58, 1.0])
        column = np.stack([np.interp(y, stops, [c[i] for c in look.sky]) for i in range(3)], axis=1)
        sky = np.repeat(column[:, None, :], w, axis=1).astype(np.float32)
        self._sun_y = self._horizon - look.hour.sun_height * h
        dx = np.arange(w, dtype=np.float32)[None, :] - np.float32(self._sun_x)
        dy = np.arange(h, dtype=np.float32)[:, None] - np.float32(self._sun_y)
        far = np.hypot(dx, dy)
        if look.hour.stars:
            life.scatter_stars(sky, self._rng, self._horizon)
        reach = self._short * (0.16 if look.hour.stars else 0.42)
        radius = look.hour.sun_size * self._short
        self._sun = Image.fromarray((np.clip(radius - far + 0.5, 0, 1) * 215).astype(np.uint8), "L")
        glow = np.exp(-far / reach)[..., None] * (0.42 if look.hour.stars else 0.62)
        sky += (look.sun - sky) * glow
        # Dithering: without it eight bits show the gradient as bands.
        sky += self._rng.uniform(-0.7, 0.7, size=(h, w, 1)).astype(np.float32)
        return np.clip(sky, 0, 255).astype(np.uint8)

    def _add_sky_life(self) -> None:
        look = self.look
        if look.hour_name == "aurora":
            self._painters.append(life.aurora(self._rng, self._w, self._horizon))
        if look.hour.stars:
            self._painters.append(life.twinkling(self._rng, self._w, round(self._horizon * 0.8)))
        if look.hour.clouds:
            dim = 0.35 if look.hour.stars else 1.0
            rim = mix(look.sky[2], look.sun, 0.55) * dim
            body = mix(look.sky[1], look.haze, 0.5) * dim
            strip = shapes.cloud_strip(
                self._rng,
                period=self._w * 2,
                height=round(self._horizon * 0.95),
                view=self._w,
                amount=look.hour.clouds,
                body=body,
                rim=rim,
            )
            self._drift(strip, 0.006)
        if look.hour.sun_size:
            self._add_sun()
        if (
            not look.hour.stars
            and look.hour_name != "storm"
            and look.place in ("ocean", "mountains", "meadow", "desert")
        ):
            ink = mix(look.land(1.0), look.haze, 0.25)
            self._painters.append(life.birds(self._rng, self._w, self._horizon, ink))

    def _add_sun(self) -> None:
        """Add the disc after the clouds: bright enough to shine through them."""
        red, green, blue = (int(part) for part in self.look.sun)
        box = self._sun.getbbox()
        if box is not None:
            cover = self._sun.crop(box)
            self._painters.append(lambda frame, t: frame.paste((red, green, blue), box[:2], cover))

    def _drift(self, strip: shapes.Strip, speed: float, *, bob: float = 0.0) -> None:
        start, beat = self._rng.uniform(0, strip.period), self._rng.uniform(0.5, 0.8)

        def paint(frame: Image.Image, t: float) -> None:
            strip.paste(frame, start + t * speed * self._w, bob * np.sin(t * beat * 2))

        self._painters.append(paint)

    # -- places -------------------------------------------------------------------------------------------------------

    def _ridge(self, base: float, amp: float, line: shapes.Line) -> shapes.Line:
        """Return a ridge's rows: its foot at `base` of the height, its summits `amp` of the short side above."""
        return np.asarray(self._h * base - self._short * amp * line, dtype=np.float32)

    def _land(
        self,
        ridge: shapes.Line,
        depth: float,
        speed: float,
        *,
        relief: float = 0.1,
        mist: float = 0.6,
        snow: float = 0.0,
        body: Colour | None = None,
    ) -> None:
        """Add land below `ridge` down to the frame's foot or well below the next layer."""
        top, low = max(int(ridge.min()) - 2, 0), int(ridge.max())
        bottom = self._h if depth >= 0.99 else min(self._h, low + round(self._short * 0.30))
        strip = shapes.land_strip(
            ridge,
            top=top,
            bottom=bottom,
            view=self._w,
            body=self.look.land(depth) if body is None else body,
            foot=mix(self.look.land(depth), self.look.haze, mist * (1 - depth * 0.75)),
            relief=relief,
            crest=self._snow_colour() if snow else None,
            crest_depth=snow * self._short,
        )
        self._drift(strip, speed)

    def _snow_colour(self) -> Colour:
        """Return snow in this light: near white by day, blue in the dark, warm under a low sun."""
        return mix(
            mix(colour("ffffff"), self.look.haze, 0.20),
            mix(self.look.sky[1], self.look.haze, 0.5),
            0.75 * (1 - self.look.hour.light),
        )

    def _trees(self, base: float, depth: float, speed: float, *, size: float, gap: float, mist: float = 0.7) -> None:
        ground = self._ridge(base, 0.035, shapes.waves(self._rng, self._w * 2, lowest=1, highest=7, fall=1.0))
        top = max(int(ground.min() - size * self._short * 1.2), 0)
        bottom = self._h if depth >= 0.99 else min(self._h, int(ground.max()) + round(self._short * 0.28))
        strip = shapes.tree_strip(
            self._rng,
            ground,
            top=top,
            bottom=bottom,
            view=self._w,
            size=size * self._short,
            gap=gap * self._short,
            body=self.look.land(depth),
            foot=mix(self.look.land(depth), self.look.haze, mist * (1 - depth * 0.8)),
        )
        self._drift(strip, speed)

    def _add_mountains(self) -> None:
        period, rng, snow = self._w * 2, self._rng, self.look.place == "snow"
        cap = 0.16 if snow else 0.10
        self._land(self._ridge(0.62, 0.34, shapes.peaks(rng, period)), 0.12, 0.004, relief=0.16, snow=cap)
        self._land(self._ridge(0.68, 0.30, shapes.peaks(rng, period)), 0.34, 0.009, relief=0.22, snow=cap * 0.8)
        self._land(
            self._ridge(0.76, 0.20, shapes.peaks(rng, period)), 0.58, 0.018, relief=0.20, snow=0.10 if snow else 0
        )
        self._trees(0.83, 0.80, 0.034, size=0.10, gap=0.045)
        self._trees(0.95, 1.0, 0.060, size=0.20, gap=0.085)

    def _add_forest(self) -> None:
        hills = shapes.waves(self._rng, self._w * 2, lowest=1, highest=12, fall=1.1)
        self._land(self._ridge(0.56, 0.10, hills), 0.10, 0.004)
        for base, depth, speed, size, gap in (
            (0.62, 0.22, 0.008, 0.10, 0.036),
            (0.70, 0.42, 0.016, 0.16, 0.058),
            (0.79, 0.64, 0.028, 0.24, 0.090),
            (0.90, 0.84, 0.045, 0.34, 0.140),
        ):
            self._trees(base, depth, speed, size=size, gap=gap, mist=0.95)
        self._painters.append(life.motes(self._rng, self._w, self._h, night=self.look.hour.stars))
        self._trees(1.08, 1.0, 0.080, size=0.50, gap=0.30)

    def _add_ocean(self) -> None:
        period = self._w * 2
        island = np.clip(shapes.waves(self._rng, period, lowest=1, highest=9, fall=0.9) - 0.15, 0, 1)
        water = Water(self.look, self._rng, self._w, self._h, self._horizon, self._sun_x)
        far = self._horizon / self._h + 0.004
        self._land(self._ridge(far, 0.16, island), 0.16, 0.003, mist=0.4)
        near = np.clip(shapes.peaks(self._rng, period) - 0.62, 0, 1)
        self._land(self._ridge(far + 0.002, 0.30, near), 0.42, 0.008, relief=0.2, mist=0.3)
        self._painters.append(water.paint)
        self._painters.append(life.boat(self._rng, self.look, self._w, self._h, self._horizon))

    def _add_city(self) -> None:
        lit = {"night": 0.42, "sunset": 0.28, "storm": 0.3, "dawn": 0.16, "aurora": 0.42}.get(self.look.hour_name, 0.05)
        window = colour("ffd98a" if self.look.hour_name != "day" else "eef6ff")
        for base, low, high, block, depth, speed in (
            (0.74, 0.10, 0.46, 0.050, 0.16, 0.006),
            (0.82, 0.10, 0.52, 0.075, 0.40, 0.014),
            (0.92, 0.08, 0.50, 0.110, 0.66, 0.030),
        ):
            # Down to the street, or the sky would show between the feet of the houses in front.
            foot, bottom = round(self._h * base), round(self._h * 0.93)
            top, below = max(foot - round(self._short * high * 1.15), 0), max(bottom - foot, 0)
            strip = shapes.skyline_strip(
                self._rng,
                period=self._w * 2,
                top=top,
                bottom=bottom,
                view=self._w,
                low=low * self._short + below,
                high=high * self._short + below,
                block=block * self._short,
                body=self.look.land(depth),
                foot=mix(self.look.land(depth), self.look.haze, 0.8 * (1 - depth)),
                window=window,
                lit=lit * (0.5 + depth * 0.6),
            )
            self._drift(strip, speed)
        self._painters.append(life.street(self._rng, self.look, self._w, self._h))

    def _add_desert(self) -> None:
        rng, period = self._rng, self._w * 2
        self._land(self._ridge(0.60, 0.10, shapes.peaks(rng, period) ** 2), 0.10, 0.003, relief=0.12)
        for base, amp, depth, speed in (
            (0.66, 0.10, 0.30, 0.008),
            (0.73, 0.12, 0.52, 0.016),
            (0.83, 0.13, 0.76, 0.032),
            (0.98, 0.16, 1.00, 0.060),
        ):
            crest = 1 - np.sqrt(shapes.waves(rng, period, lowest=1, highest=4, fall=0.7) ** 2 + 0.004)
            self._land(self._ridge(base, amp, crest), depth, speed, relief=0.26, mist=0.5)

    def _add_meadow(self) -> None:
        rng, period = self._rng, self._w * 2
        blue = mix(colour("7f93b4"), colour(self.look.hour.tint), 1 - self.look.hour.light)
        ridge = self._ridge(0.60, 0.16, shapes.peaks(rng, period))
        self._land(ridge, 0.10, 0.004, relief=0.12, body=mix(self.look.haze, blue, 0.45))
        self._trees(0.655, 0.34, 0.009, size=0.055, gap=0.05)
        for base, depth, speed in ((0.69, 0.46, 0.014), (0.77, 0.68, 0.026), (0.88, 0.88, 0.044)):
            hills = shapes.waves(rng, period, lowest=1, highest=5, fall=1.1)
            self._land(self._ridge(base, 0.06, hills), depth, speed, relief=0.10, mist=0.5)
        self._painters.append(life.grass(rng, self.look, self._w, self._h))

    # -- rim ----------------------------------------------------------------------------------------------------------

    def _darker_rim(self) -> Image.Image:
        """Return how much black covers each pixel: the corners a little, the foot enough for white text."""
        x = np.linspace(-1, 1, self._w, dtype=np.float32)[None, :]
        y = np.linspace(-1, 1, self._h, dtype=np.float32)[:, None]
        rim = np.clip(np.hypot(x * 0.8, y * 0.8) - 0.55, 0, 1) * 0.55
        foot = np.clip((y - 0.30) / 0.70, 0, 1) ** 1.4 * 0.58
        head = np.clip((-0.62 - y) / 0.38, 0, 1) * 0.22
        return Image.fromarray((np.clip(rim + foot + head, 0, 0.85) * 255).astype(np.uint8), "L")
