"""The sandbox's adjustable behaviour: pace, latency, random trouble, kind of clip."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from sora_portal.sandbox.references import PLACES
from sora_portal.sandbox.scenarios import SCENARIOS

# The vendors say 3-5 minutes for a 10 s clip and 4-6 for 15 s (APIXO, "Tips"); this line goes through both middles.
VENDOR_BASE_SECONDS = 120.0
VENDOR_SECONDS_PER_VIDEO_SECOND = 12.0

PACES: Mapping[str, float] = {"fast": 16.0, "vendor": 1.0}
CLIPS = ("full", "quick", "one")
BODY_STYLES = ("both", "nested", "flat")


class BadSetting(ValueError):
    """A setting that does not exist or cannot have that value."""


@dataclass(frozen=True)
class Config:
    """How the sandbox behaves.

    speed: how many times faster than the vendors' own minutes (16 makes a 10 s video in 15 s).
    seconds_per_video: seconds until any video is ready; None computes them from length and speed.
    latency: shortest and longest wait before each vendor answer, in seconds.
    rates: scenario name -> probability (0-1) of playing it for a prompt that carries no marker.
    clips: "full" renders length and size as asked, "quick" 2 s at 640x360, "one" shares one quick clip among all tasks.
    ruxa_body_style: which body the Ruxa dialect takes; the vendor's pages contradict each other, so "both".
    paused: vendors ("apixo") and models ("apixo/sora-2", the wire name; Sora2API's is "sora2") that take nothing new.
    clock: by how many seconds the vendors' clocks are wrong: their Date header, their times, their Retry-After dates.
    creates_per_minute, statuses_per_minute: calls that each vendor takes in a minute of its time; None is no limit.
    max_running: tasks that each vendor works on at once; one more create is answered with 429.
    references: which reference images and clips are fetched: "none", those on "loopback", "all".
    balance: what APIXO says is left, in US dollars.
    """

    speed: float = PACES["fast"]
    seconds_per_video: float | None = None
    latency: tuple[float, float] = (0.0, 0.0)
    rates: Mapping[str, float] = field(default_factory=dict)
    clips: str = "full"
    ruxa_body_style: str = "both"
    paused: tuple[str, ...] = ()
    clock: float = 0.0
    creates_per_minute: int | None = None
    statuses_per_minute: int | None = None
    max_running: int | None = None
    references: str = "loopback"
    balance: float = 74.87

    def seconds_to_make(self, video_seconds: float, *, factor: float = 1.0) -> float:
        """Return the seconds from accepting a video of `video_seconds` until it is ready."""
        if self.seconds_per_video is not None:
            return self.seconds_per_video * factor
        vendor = VENDOR_BASE_SECONDS + VENDOR_SECONDS_PER_VIDEO_SECOND * video_seconds
        return vendor * factor / self.speed

    def scaled(self, vendor_seconds: float) -> float:
        """Return a vendor's documented interval in sandbox seconds."""
        return vendor_seconds / self.speed

    def changed(self, news: Mapping[str, object]) -> "Config":
        """Return a copy with `news` (JSON names and values) applied; raise BadKnob when one of them is wrong."""
        known = {item.name for item in fields(self)}
        unknown = set(news) - known
        if unknown:
            raise BadSetting(f"unknown setting: {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
        changes: dict[str, Any] = {name: READERS[name](value) for name, value in news.items()}
        return replace(self, **changes)

    def as_json(self) -> dict[str, object]:
        """Return the settings as JSON-ready values."""
        return asdict(self) | {"latency": list(self.latency), "rates": dict(self.rates), "paused": list(self.paused)}


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadSetting(f"not a number: {value!r}")
    try:
        number = float(value)
    except ValueError as error:
        raise BadSetting(f"not a number: {value!r}") from error
    if not 0 <= number < 1e9:
        raise BadSetting(f"out of range: {value!r}")
    return number


def read_speed(value: object) -> float:
    """Read a speed: a factor above zero, or the name of a pace ("fast", "vendor")."""
    speed = PACES[value] if isinstance(value, str) and value in PACES else _number(value)
    if speed == 0:
        raise BadSetting("speed must be above zero")
    return speed


def read_latency(value: object) -> tuple[float, float]:
    """Read a latency window in seconds: 0.05, "0.03-0.1" or [0.03, 0.1]."""
    parts = list(value) if isinstance(value, list | tuple) else str(value).split("-")
    numbers = [_number(part) for part in parts]
    if len(numbers) not in (1, 2) or numbers[0] > numbers[-1]:
        raise BadSetting(f"not a latency window: {value!r}")
    return numbers[0], numbers[-1]


def _optional_seconds(value: object) -> float | None:
    return None if value is None else _number(value)


def _rates(value: object) -> dict[str, float]:
    if not isinstance(value, dict):
        raise BadSetting("rates must be an object of scenario name and probability")
    rates = {str(name): _number(rate) for name, rate in value.items()}
    unknown = set(rates) - {row.name for row in SCENARIOS.values() if row.takes != "N"}
    if unknown or sum(rates.values()) > 1:
        raise BadSetting(f"unknown scenarios {sorted(unknown)}" if unknown else "the rates add up to more than 1")
    return rates


def _one_of(name: str, allowed: tuple[str, ...]) -> Callable[[object], str]:
    def read(value: object) -> str:
        if value not in allowed:
            raise BadSetting(f"{name} must be one of {', '.join(allowed)}")
        return str(value)

    return read


def _paused(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise BadSetting("paused must be a list of vendors and vendor/model names")
    return tuple(value)


def _clock(value: object) -> float:
    return -_number(-value) if isinstance(value, int | float) and value < 0 else _number(value)


def _optional_count(value: object) -> int | None:
    if value is None:
        return None
    number = _number(value)
    if number != int(number):
        raise BadSetting(f"not a whole number: {value!r}")
    return int(number)


READERS: Mapping[str, Callable[[object], object]] = {
    "speed": read_speed,
    "seconds_per_video": _optional_seconds,
    "latency": read_latency,
    "rates": _rates,
    "clips": _one_of("clips", CLIPS),
    "ruxa_body_style": _one_of("ruxa_body_style", BODY_STYLES),
    "paused": _paused,
    "clock": _clock,
    "creates_per_minute": _optional_count,
    "statuses_per_minute": _optional_count,
    "max_running": _optional_count,
    "references": _one_of("references", PLACES),
    "balance": _number,
}
