"""Which place, hour and colours: read from the words of a caption, drawn by its seed where they are silent."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Colour = NDArray[np.float32]


def colour(text: str) -> Colour:
    """Return red, green and blue (0-255) of a hex colour such as "ffcc88"."""
    return np.array([int(text[i : i + 2], 16) for i in (0, 2, 4)], dtype=np.float32)


def mix(one: Colour, other: Colour, part: float) -> Colour:
    """Return `one` moved towards `other` by `part` (0-1)."""
    return one + (other - one) * np.float32(part)


@dataclass(frozen=True)
class Hour:
    """The light: three sky colours from the top down, haze, sun or moon, and how bright the land is."""

    sky: tuple[str, str, str]
    haze: str
    sun: str
    sun_height: float  # of the frame's height above the horizon
    sun_size: float  # radius as part of the frame's shorter side
    light: float
    tint: str
    clouds: float
    stars: bool = False


HOURS: Mapping[str, Hour] = {
    "dawn": Hour(("3d4a8a", "c98aa5", "ffd9a8"), "e8b9a4", "fff0c9", 0.13, 0.060, 0.72, "5a4a78", 0.55),
    "day": Hour(("2f7fce", "77b6e6", "e3f1f4"), "cfe3ea", "fffbe6", 0.42, 0.055, 1.00, "6f9ec2", 0.75),
    "sunset": Hour(("2c2358", "c2456a", "ffae5c"), "f08a5a", "ffe3a0", 0.09, 0.085, 0.52, "4a1f4e", 0.65),
    "night": Hour(("060b1f", "10224a", "2c4a78"), "274468", "f2f4e4", 0.36, 0.050, 0.26, "0a1430", 0.30, stars=True),
    "storm": Hour(("2a323c", "57636e", "a9b0ad"), "8b9698", "d9dcd2", 0.30, 0.0, 0.48, "39444d", 1.0),
    "aurora": Hour(("04101f", "0a2a3c", "1d5a5c"), "1d4a55", "eaf6ea", 0.40, 0.030, 0.30, "07182a", 0.0, stars=True),
}

# Land colours by place: the far ridges take the haze, the near ones these two.
PLACES: Mapping[str, tuple[str, str]] = {
    "mountains": ("6f7f96", "2f4a48"),
    "forest": ("5f8578", "16382c"),
    "ocean": ("4a8ea0", "0d3f57"),
    "city": ("75809a", "1f2740"),
    "desert": ("d9a066", "a8582e"),
    "meadow": ("8fae74", "3d7a35"),
    "snow": ("b9cbe0", "5f7fa6"),
}

_HOUR_WORDS = {
    "dawn": "dawn sunrise morning daybreak pink mist misty fog foggy pastel spring",
    "day": "day noon bright sunny blue summer clear afternoon daylight",
    "sunset": "sunset dusk evening golden autumn fire lava orange warm twilight volcano",
    "night": "night midnight moon moonlight moonlit stars starry dark neon space cyberpunk galaxy",
    "storm": "storm stormy rain rainy thunder cloudy grey gray overcast noir",
    "aurora": "aurora northern polar arctic borealis",
}
_PLACE_WORDS = {
    "mountains": "mountain mountains alps peak peaks valley cliff cliffs canyon rocky volcano hike",
    "forest": "forest forests woods tree trees jungle pine pines deer fox bear wolf redwood",
    "ocean": "ocean oceans sea seas beach wave waves coast lake boat ship sail whale island harbour harbor dolphin",
    "city": "city cities street streets skyline tokyo paris london urban building buildings tower office neon car cars",
    "desert": "desert dune dunes sand sahara camel mars cactus",
    "meadow": "meadow field fields grass garden flower flowers hill hills farm dog puppy horse kitten cat lawn",
    "snow": "snow snowy winter ice icy glacier blizzard ski frozen penguin arctic polar",
}


def _chosen(caption: str, words: Mapping[str, str]) -> str | None:
    table = {word: name for name, group in words.items() for word in group.split()}
    return next((table[word] for word in re.findall(r"[a-z]+", caption.lower()) if word in table), None)


@dataclass(frozen=True)
class Look:
    """Place, hour and the colours that follow from both."""

    place: str
    hour_name: str
    hour: Hour
    sky: tuple[Colour, Colour, Colour]
    haze: Colour
    sun: Colour
    weather: str

    def land(self, depth: float) -> Colour:
        """Return the colour of a layer, from 0 (at the horizon) to 1 (before the viewer's feet)."""
        far, near = (colour(text) for text in PLACES[self.place])
        lit = mix(colour(self.hour.tint), mix(far, near, depth), self.hour.light)
        if self.hour.light < 0.4:
            lit = lit * 0.62
        return mix(self.haze, lit, 0.22 + 0.78 * depth**0.75)


def look_of(caption: str, rng: np.random.Generator) -> Look:
    """Return the look for a caption; `rng` decides what no whole word of it does."""
    places = list(PLACES)
    # Both are drawn always, so that the numbers after them do not depend on the words.
    drawn_place, drawn_hour = places[rng.integers(len(places))], ("dawn", "day", "sunset", "night")[rng.integers(4)]
    place = _chosen(caption, _PLACE_WORDS) or drawn_place
    name = _chosen(caption, _HOUR_WORDS) or drawn_hour
    hour = HOURS[name]
    shift = np.array(rng.uniform(-10, 10, 3), dtype=np.float32)
    sky = tuple(np.clip(colour(text) + shift, 0, 255) for text in hour.sky)
    words = set(re.findall(r"[a-z]+", caption.lower()))
    weather = "rain" if words & {"rain", "rainy", "storm", "stormy", "thunder"} else ""
    if place == "snow" or words & {"snow", "snowy", "blizzard", "snowfall"}:
        weather = "snow"
    return Look(place, name, hour, (sky[0], sky[1], sky[2]), colour(hour.haze), colour(hour.sun), weather)
