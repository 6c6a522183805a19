"""Which place, hour and colours a clip shows: from the words of its caption, else from its seed."""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass

from PIL import ImageColor

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Hour:
    """The light: three sky colours from the top down, haze, sun or moon (sizes and heights as parts of the frame)."""

    sky: tuple[str, str, str]
    haze: str
    sun: str
    sun_height: float
    sun_size: float
    light: float
    clouds: float
    stars: bool = False


HOURS: Mapping[str, Hour] = {
    "dawn": Hour(("3d4a8a", "c98aa5", "ffd9a8"), "e8b9a4", "fff0c9", 0.13, 0.060, 0.72, 0.55),
    "day": Hour(("2f7fce", "77b6e6", "e3f1f4"), "cfe3ea", "fffbe6", 0.42, 0.055, 1.00, 0.75),
    "sunset": Hour(("2c2358", "c2456a", "ffae5c"), "f08a5a", "ffe3a0", 0.09, 0.085, 0.52, 0.65),
    "night": Hour(("060b1f", "10224a", "2c4a78"), "274468", "f2f4e4", 0.36, 0.050, 0.26, 0.20, stars=True),
    "storm": Hour(("2a323c", "57636e", "a9b0ad"), "8b9698", "d9dcd2", 0.30, 0.0, 0.48, 1.0),
}
# Far and near land; the far ridges also take the haze.
PLACES: Mapping[str, tuple[str, str]] = {
    "mountains": ("6f7f96", "2f4a48"),
    "forest": ("5f8578", "16382c"),
    "ocean": ("4a8ea0", "0d3f57"),
    "city": ("75809a", "1f2740"),
    "desert": ("d9a066", "a8582e"),
    "meadow": ("8fae74", "3d7a35"),
    "snow": ("b9cbe0", "5f7fa6"),
}
_WORDS = {
    "dawn": "dawn sunrise morning daybreak pink mist misty fog foggy pastel spring",
    "day": "day noon bright sunny blue summer clear afternoon daylight",
    "sunset": "sunset dusk evening golden autumn fire lava orange warm twilight",
    "night": "night midnight moon moonlight moonlit stars starry dark neon space cyberpunk galaxy aurora",
    "storm": "storm stormy rain rainy thunder cloudy grey gray overcast noir",
    "mountains": "mountain mountains alps peak peaks valley cliff cliffs canyon rocky volcano hike",
    "forest": "forest forests woods tree trees jungle pine pines deer fox bear wolf redwood",
    "ocean": "ocean oceans sea seas beach wave waves coast lake boat ship sail whale island harbour harbor dolphin",
    "city": "city cities street streets skyline tokyo paris london urban building buildings tower office car cars",
    "desert": "desert dune dunes sand sahara camel mars cactus",
    "meadow": "meadow field fields grass garden flower flowers hill hills farm dog puppy horse kitten cat lawn",
    "snow": "snow snowy winter ice icy glacier blizzard ski frozen penguin arctic polar",
}


def colour(text: str) -> Colour:
    """Return red, green and blue (0-255) of a hex colour such as "ffcc88"."""
    red, green, blue = ImageColor.getrgb(f"#{text}")[:3]
    return red, green, blue


def mix(one: Colour, other: Colour, part: float) -> Colour:
    """Return `one` moved towards `other` by `part` (0-1)."""
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(one, other, strict=True))
    return red, green, blue


@dataclass(frozen=True)
class Look:
    """Place, hour and weather ("rain", "snow" or "")."""

    place: str
    hour: Hour
    weather: str

    def land(self, depth: float) -> Colour:
        """Return the colour of a layer, from 0 (at the horizon) to 1 (at the viewer's feet)."""
        far, near = (colour(text) for text in PLACES[self.place])
        lit = mix((8, 10, 24), mix(far, near, depth), 0.25 + 0.75 * self.hour.light)
        return mix(colour(self.hour.haze), lit, 0.25 + 0.75 * depth**0.75)


def look_of(caption: str, draw: random.Random) -> Look:
    """Return the look for a caption; `draw` decides what none of its words does."""
    # Both are drawn always, so that the numbers after them do not depend on the words.
    place, hour = draw.choice(list(PLACES)), draw.choice(("dawn", "day", "sunset", "night"))
    words = re.findall(r"[a-z]+", caption.lower())
    table = {word: name for name, group in _WORDS.items() for word in group.split()}
    named = [table[word] for word in words if word in table]
    place = next((name for name in named if name in PLACES), place)
    hour = next((name for name in named if name in HOURS), hour)
    weather = "rain" if {"rain", "rainy", "storm", "stormy", "thunder"} & set(words) else ""
    if place == "snow" or {"snow", "snowy", "blizzard"} & set(words):
        weather = "snow"
    return Look(place, HOURS[hour], weather)
