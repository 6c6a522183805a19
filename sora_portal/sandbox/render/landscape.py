"""A layered landscape that drifts past: sky, land by place, weather, a darker rim."""

import math
import random
from collections.abc import Callable

from PIL import Image, ImageChops, ImageDraw, ImageOps

from sora_portal.sandbox.render.looks import Colour, colour, look_of, mix

Paint = Callable[[Image.Image, float], None]
_FINE = 2  # land is drawn at twice its size and reduced, for Pillow's polygons have hard edges


class Landscape:
    """The picture of one clip. Equal captions and digests draw equally."""

    def __init__(self, caption: str, digest: int, width: int, height: int) -> None:
        self._draw = random.Random(digest)
        self._look = look_of(caption, self._draw)
        self._w, self._h = width, height
        self._short = min(width, height)
        self._horizon = round(height * 0.6)
        self._sun = (round(width * self._draw.uniform(0.28, 0.72)), 0)
        self._layers: list[Paint] = []
        self._sky = self._painted_sky()
        {
            "mountains": self._mountains,
            "snow": self._mountains,
            "forest": self._forest,
            "ocean": self._ocean,
            "city": self._city,
            "desert": self._dunes,
            "meadow": self._meadow,
        }[self._look.place]()
        if self._look.weather:
            self._layers.append(self._falling())
        self._rim = ImageChops.lighter(
            Image.linear_gradient("L").resize((width, height)).point(lambda v: max(v - 120, 0) * 1.1),
            Image.radial_gradient("L").resize((width, height)).point(lambda v: max(v - 150, 0) * 1.2),
        )

    def at(self, t: float) -> Image.Image:
        """Return the frame `t` seconds into the clip, RGB."""
        frame = self._sky.copy()
        for paint in self._layers:
            paint(frame, t)
        frame.paste((4, 6, 14), (0, 0), self._rim)
        return frame

    def _noise(self, width: int, height: int, cells_x: int, cells_y: int) -> Image.Image:
        """Return smooth noise (L) in three octaves; it repeats sideways only by its mirror image."""
        octaves = []
        for octave in (1, 2, 4):
            cells = (max(cells_x * octave // 2, 1), max(cells_y * octave, 1))
            half = Image.frombytes("L", cells, self._draw.randbytes(cells[0] * cells[1]))
            whole = Image.new("L", (cells[0] * 2, cells[1]))
            whole.paste(half, (0, 0))
            whole.paste(ImageOps.mirror(half), (cells[0], 0))
            octaves.append(whole.resize((width, height), Image.Resampling.BICUBIC))
        return Image.blend(Image.blend(octaves[0], octaves[1], 0.4), octaves[2], 0.2)

    def _painted_sky(self) -> Image.Image:
        hour, w = self._look.hour, self._w
        top, middle, low = (colour(text) for text in hour.sky)
        sky = Image.new("RGB", (w, self._h), low)
        gradient = Image.linear_gradient("L").resize((w, self._horizon))
        sky.paste(ImageOps.colorize(gradient, top, low, mid=middle, midpoint=148), (0, 0))
        if hour.stars:
            for _ in range(w // 5):
                at = (self._draw.randrange(w), self._draw.randrange(self._horizon))
                sky.putpixel(at, mix(top, (255, 255, 255), self._draw.uniform(0.2, 0.9)))
        # Grain: without it eight bits show the gradient as bands.
        grain = Image.frombytes("L", sky.size, self._draw.randbytes(w * self._h)).convert("RGB")
        sky = Image.blend(sky, grain, 0.012)
        self._sun = (self._sun[0], round(self._horizon - hour.sun_height * self._h))
        glow = round(self._short * (0.5 if hour.stars else 1.1))
        light = ImageOps.invert(Image.radial_gradient("L").point(lambda v: min(v * 1.42, 255)))
        light = light.resize((glow, glow)).point(lambda v: v * v // 400)
        sky.paste(colour(hour.sun), (self._sun[0] - glow // 2, self._sun[1] - glow // 2), light)
        clouds = self._noise(w * 2, self._horizon, 10, 7).point(lambda v: min(max(v - 128, 0) * 4, 200) * hour.clouds)
        fading = ImageOps.invert(Image.linear_gradient("L").resize(clouds.size)).point(lambda v: min(v * 2, 255))
        shade = mix(middle, colour(hour.sun), 0.15 if hour.stars else 0.6)
        self._drift(Image.new("RGB", clouds.size, shade), 0.006, ImageChops.multiply(clouds, fading))
        if hour.sun_size:
            size = round(hour.sun_size * self._short * 2)
            disc = Image.new("L", (size * 4, size * 4))
            ImageDraw.Draw(disc).ellipse((0, 0, size * 4 - 1, size * 4 - 1), fill=225)
            cover, corner = disc.resize((size, size)), (self._sun[0] - size // 2, self._sun[1] - size // 2)
            self._layers.append(lambda frame, t: frame.paste(colour(hour.sun), corner, cover))
        return sky

    def _drift(self, strip: Image.Image, speed: float, cover: Image.Image | None = None, top: int = 0) -> None:
        """Let a strip of twice the frame's width go by at `speed` widths a second, over and over."""
        start = self._draw.randrange(strip.width)

        def paint(frame: Image.Image, t: float) -> None:
            shift = round(start + t * speed * self._w) % strip.width
            frame.paste(strip, (-shift, top), cover)
            if shift > strip.width - frame.width:
                frame.paste(strip, (strip.width - shift, top), cover)

        self._layers.append(paint)

    def _waves(self, lowest: int, highest: int, *, sharp: bool = False) -> list[float]:
        """Return a line of 0-1 over two frame widths that meets itself at the ends; `sharp` has summits."""

        def bend(value: float) -> float:
            return 1 - 2 * abs(value) if sharp else value

        period = self._w * 2 * _FINE
        parts = [(k, self._draw.uniform(0, math.tau), self._draw.uniform(0.5, 1) / k) for k in range(lowest, highest)]
        line = [sum(a * bend(math.sin(x * k * math.tau / period + p)) for k, p, a in parts) for x in range(period)]
        low, high = min(line), max(line)
        return [(value - low) / (high - low) for value in line]

    def _land(
        self,
        line: list[float],
        base: float,
        rise: float,
        depth: float,
        *,
        snow: float = 0,
        relief: float = 0.0,
        body: Colour | None = None,
        add: Callable[[ImageDraw.ImageDraw, list[float]], None] | None = None,
    ) -> None:
        """Add land whose crest runs along `line`: its foot at `base` of the height, summits `rise` above it."""
        body = body or self._look.land(depth)
        room = 0.55 if add else 0.02
        top = max(round(self._h * base - self._short * (rise + room)), 0)
        width, height = self._w * 2, self._h - top
        if height <= 0:
            return
        crest = [(self._h * base - self._short * rise * value - top) * _FINE for value in line]
        mask = Image.new("L", (width * _FINE, height * _FINE))
        pen = ImageDraw.Draw(mask)
        pen.polygon([*enumerate(crest), (width * _FINE, height * _FINE), (0, height * _FINE)], fill=255)
        if add:
            add(pen, crest)
        cover = mask.resize((width, height), Image.Resampling.BOX)
        foot = mix(body, colour(self._look.hour.haze), 0.6 * (1 - depth))
        strip = ImageOps.colorize(Image.linear_gradient("L").resize((width, height)), body, foot)
        if relief:
            shade = self._noise(width, height, 48, 10).point(lambda v: max(v - 120, 0) * 2 * relief)
            strip.paste(mix(body, (0, 0, 0), 0.5), (0, 0), shade)
        if snow:
            deep = round(self._short * snow)
            below = Image.new("L", cover.size)
            below.paste(cover, (0, deep))
            patches = self._noise(width, height, 60, 16).point(lambda v: 255 if v > 96 else 90)
            ragged = ImageChops.multiply(ImageChops.subtract(cover, below), patches)
            white = mix(colour(self._look.hour.haze), (255, 255, 255), 0.35 + 0.5 * self._look.hour.light)
            strip.paste(white, (0, 0), ragged)
        self._drift(strip, 0.004 + 0.06 * depth**2, cover, top)

    def _trees(self, base: float, depth: float, size: float, gap: float) -> None:
        def add(pen: ImageDraw.ImageDraw, crest: list[float]) -> None:
            x = 0.0
            while x < len(crest):
                tall = self._short * size * self._draw.uniform(0.6, 1.1) * _FINE
                y = crest[int(x)] + tall * 0.1
                for tier, wide in ((0.0, 0.32), (0.3, 0.25), (0.58, 0.17)):
                    foot, reach = y - tall * tier, tall * wide * 0.8
                    for around in (-len(crest), 0, len(crest)):
                        pen.polygon(
                            [(x + around - reach, foot), (x + around + reach, foot), (x + around, foot - tall * 0.44)],
                            fill=255,
                        )
                x += self._short * gap * self._draw.uniform(0.5, 1.3) * _FINE

        self._land(self._waves(1, 6), base, 0.04, depth, add=add)

    def _mountains(self) -> None:
        cap = 0.16 if self._look.place == "snow" else 0.09
        self._land(self._waves(2, 14, sharp=True), 0.66, 0.36, 0.15, snow=cap, relief=0.5)
        self._land(self._waves(2, 14, sharp=True), 0.74, 0.28, 0.40, snow=cap * 0.7, relief=0.6)
        self._trees(0.84, 0.75, 0.11, 0.045)
        self._trees(0.97, 1.0, 0.22, 0.085)

    def _forest(self) -> None:
        self._land(self._waves(1, 8), 0.58, 0.12, 0.1)
        for base, depth, size in ((0.65, 0.25, 0.13), (0.73, 0.45, 0.19), (0.83, 0.7, 0.28), (1.02, 1.0, 0.46)):
            self._trees(base, depth, size, size * 0.42)

    def _dunes(self) -> None:
        for base, rise, depth in ((0.62, 0.1, 0.1), (0.69, 0.13, 0.35), (0.78, 0.15, 0.65), (0.97, 0.2, 1.0)):
            self._land(self._waves(1, 4, sharp=True), base, rise, depth, relief=0.25)

    def _meadow(self) -> None:
        far = mix(colour(self._look.hour.haze), colour("7f93b4"), 0.45)
        self._land(self._waves(2, 12, sharp=True), 0.62, 0.18, 0.1, relief=0.2, body=far)
        self._trees(0.66, 0.34, 0.07, 0.05)
        for base, depth in ((0.72, 0.45), (0.81, 0.7), (0.93, 1.0)):
            self._land(self._waves(1, 5), base, 0.08, depth, relief=0.15)

    def _city(self) -> None:
        lit = 0.5 if self._look.hour.light < 0.6 else 0.1
        window = mix(colour("ffd98a"), self._look.land(0.5), 0.1 if lit > 0.2 else 0.5)
        for base, high, block, depth in ((0.8, 0.5, 0.06, 0.2), (0.9, 0.45, 0.085, 0.5), (0.99, 0.4, 0.12, 0.85)):
            width, top = self._w * 2, round(self._h * base - self._short * high)
            size = (width, self._h - top)
            strip, cover = Image.new("RGB", size, self._look.land(depth)), Image.new("L", size)
            pane, x = max(round(self._short * block * 0.07), 1), 0
            while x < width:
                wide = round(self._short * block * self._draw.uniform(0.6, 1.4))
                roof = round(self._short * high * self._draw.uniform(0.0, 0.75) ** 1.3)
                ImageDraw.Draw(cover).rectangle((x, roof, x + wide - 1, size[1]), fill=255)
                for column in range(x + pane * 2, x + wide - pane * 2, pane * 3):
                    for row in range(roof + pane * 3, size[1], pane * 4):
                        if self._draw.random() < lit * (0.4 + depth):
                            ImageDraw.Draw(strip).rectangle((column, row, column + pane - 1, row + pane), fill=window)
                x += wide
            self._drift(strip, 0.004 + 0.035 * depth**2, cover, top)

    def _ocean(self) -> None:
        self._land([max(v - 0.55, 0) for v in self._waves(1, 9)], self._horizon / self._h + 0.005, 0.3, 0.2)
        size = (self._w, self._h - self._horizon)
        near = mix(self._look.land(1), colour(self._look.hour.haze), 0.2)
        water = ImageOps.colorize(Image.linear_gradient("L").resize(size), self._look.land(0.2), near)
        # Noise that widens towards the viewer, in two sheets that slide over each other.
        sheets = []
        for _ in range(2):
            flat = self._noise(size[0] * 2, size[1] * 4, 90, 110)
            corners = (flat.width * 0.25, 0, 0, flat.height, flat.width, flat.height, flat.width * 0.75, 0)
            sheets.append(flat.transform((size[0] * 2, size[1]), Image.Transform.QUAD, corners))
        beam = Image.new("L", (size[0], 1))
        away = [(x - self._sun[0]) / (0.13 * self._w) for x in range(size[0])]
        beam.putdata([round(40 + 215 * math.exp(-(part**2))) for part in away])
        beam = beam.resize(size)

        def paint(frame: Image.Image, t: float) -> None:
            frame.paste(water, (0, self._horizon))
            one, two = (
                ImageChops.offset(sheet, round(way * t * self._w * 0.03), 0).crop((0, 0, *size))
                for sheet, way in zip(sheets, (1, -1), strict=True)
            )
            glints = ImageChops.multiply(ImageChops.difference(one, two).point(lambda v: 255 if v < 14 else 0), beam)
            frame.paste(colour(self._look.hour.sun), (0, self._horizon), glints.point(lambda v: v * 3 // 4))

        self._layers.append(paint)
        self._layers.append(self._boat())

    def _boat(self) -> Paint:
        size, x = self._short * 0.12, self._w * self._draw.uniform(0.3, 0.7)
        sail, hull = mix(colour(self._look.hour.haze), (255, 255, 255), 0.5), (30, 24, 34)

        def paint(frame: Image.Image, t: float) -> None:
            at, y = x + t * self._w * 0.01, self._horizon + size * 0.45 + math.sin(t * 1.3) * size * 0.04
            pen = ImageDraw.Draw(frame)
            mast, deck, keel = y - size, y - size * 0.1, y + size * 0.13
            pen.polygon([(at, mast), (at, deck), (at + size * 0.42, deck)], fill=sail)
            pen.polygon([(at - 2, mast + size * 0.2), (at - 2, deck), (at - size * 0.3, deck)], fill=sail)
            sides = [(at - size * 0.4, y), (at + size * 0.48, y), (at + size * 0.3, keel), (at - size * 0.26, keel)]
            pen.polygon(sides, fill=hull)

        return paint

    def _falling(self) -> Paint:
        rain = self._look.weather == "rain"
        drops = [(self._draw.random(), self._draw.random(), self._draw.uniform(0.5, 1)) for _ in range(150)]
        ink = mix(colour(self._look.hour.haze), (255, 255, 255), 0.5)

        def paint(frame: Image.Image, t: float) -> None:
            pen = ImageDraw.Draw(frame)
            for x, y, near in drops:
                fall = (y + t * near * (1.6 if rain else 0.14)) % 1.1 * self._h
                sway = (x + (0.02 * t if rain else 0.02 * math.sin(t + y * 9))) % 1 * self._w
                if rain:
                    pen.line((sway, fall, sway - 1, fall - self._short * 0.04 * near), fill=ink)
                else:
                    size = self._short * 0.006 * near
                    pen.ellipse((sway - size, fall - size, sway + size, fall + size), fill=ink)

        return paint
