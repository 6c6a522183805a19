"""What each vendor's page allows, field by field: written by hand from the pages as read on 2026-11-20.

`tests/catalog/spec/test_every_choice.py` holds every request that the catalog can make against it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Body = Mapping[str, Any]
Allowed = Callable[[Any], bool]


@dataclass(frozen=True)
class Page:
    """`fields` are all that may be sent, `always` what must be, `rules` what must hold between them."""

    fields: Mapping[str, Allowed]
    always: frozenset[str]
    rules: tuple[Callable[[Body], bool], ...] = ()


def one_of(*words: str) -> Allowed:
    """Return a test for one of these texts."""
    return lambda value: type(value) is str and value in words


def text(most: int) -> Allowed:
    """Return a test for a text of 1 to `most` characters."""
    return lambda value: type(value) is str and 1 <= len(value) <= most


def whole(*numbers: int) -> Allowed:
    """Return a test for one of these numbers, sent as a number."""
    return lambda value: type(value) is int and value in numbers


def between(low: int, high: int) -> Allowed:
    """Return a test for a whole number."""
    return lambda value: type(value) is int and low <= value <= high


def address(value: Any) -> bool:
    """Return whether it is one public address."""
    return type(value) is str and value.startswith("https://") and " " not in value


def addresses(most: int) -> Allowed:
    """Return a test for a list of 1 to `most` addresses."""
    return lambda value: type(value) is list and 1 <= len(value) <= most and all(map(address, value))


def boolean(value: Any) -> bool:
    """Return whether it is true or false, not 1 or "true"."""
    return type(value) is bool


def _only(mode: str, *names: str, key: str = "mode") -> Callable[[Body], bool]:
    """Return the rule that these fields are there in this mode."""
    return lambda body: body[key] != mode or set(names) <= body.keys()


def _never(mode: str, *names: str, key: str = "mode") -> Callable[[Body], bool]:
    return lambda body: body[key] != mode or not set(names) & body.keys()


def _most(mode: str, count: int, key: str = "mode") -> Callable[[Body], bool]:
    return lambda body: body[key] != mode or len(body.get("image_urls", ())) <= count


T2V, I2V = "text-to-video", "image-to-video"
_PLAIN = (_never(T2V, "image_urls"), _only(I2V, "image_urls"))
_SEED = between(0, 2147483647)
_SD = ("720x1280", "1280x720")
_WIDE = ("16:9", "9:16", "1:1")
_FIVE = (*_WIDE, "4:3", "3:4")


def _span(value: Any) -> bool:
    start, _, end = value.partition(",")
    return 1 <= float(end) - float(start) <= 3


def _ruxa(seconds: tuple[str, ...], sizes: tuple[str, ...]) -> Page:
    fields: dict[str, Allowed] = {
        "prompt": text(5000),
        "seconds": one_of(*seconds),
        "size": one_of(*sizes),
        "input_reference": address,
        "watermark": boolean,
        "private": boolean,
        "style": one_of("winter", "comic", "news"),
        "metadata": one_of("gen-1"),
        "character_url": address,
        "character_timestamps": _span,
        "character_create": boolean,
        "character_from_task": text(128),
    }
    pair = {"character_url", "character_timestamps"}
    return Page(fields, frozenset({"prompt", "private"}), (lambda body: len(pair & body.keys()) in (0, 2),))


def _sora2api(quality: str) -> Page:
    fields: dict[str, Allowed] = {
        "prompt": text(5000),
        "aspectRatio": one_of("landscape", "portrait"),
        "quality": one_of(quality),
        "imageUrls": addresses(1),
        "watermark": text(60),
    }
    return Page(fields, frozenset({"prompt", "aspectRatio", "quality"}))


def _apixo(prompt: int, always: set[str], *rules: Callable[[Body], bool], **fields: Allowed) -> Page:
    return Page({"prompt": text(prompt), **fields}, frozenset({"mode", "prompt", *always}), rules)


def _seedance(*resolutions: str) -> Page:
    omni = "omni_reference"
    return _apixo(
        4000,
        {"duration"},
        _never(T2V, "image_urls", "video_urls", "audio_urls"),
        _only("first_and_last_frames", "image_urls"),
        _never("first_and_last_frames", "video_urls", "audio_urls"),
        _most("first_and_last_frames", 2),
        lambda body: body["mode"] != omni or bool({"image_urls", "video_urls"} & body.keys()),
        mode=one_of(T2V, "first_and_last_frames", omni),
        resolution=one_of(*resolutions),
        duration=between(4, 15),
        aspect_ratio=one_of("auto", *_FIVE, "21:9"),
        sound=boolean,
        web_search=boolean,
        image_urls=addresses(9),
        video_urls=addresses(3),
        audio_urls=addresses(3),
    )


_REFERENCE = "REFERENCE_2_VIDEO"
_FRAMES = "FIRST_AND_LAST_FRAMES_2_VIDEO"
_MASTER = "master-text-to-video"
_MOTION = "motion-control"
_EDIT = "video-edit"

PAGES: dict[str, Page] = {
    "ruxa-sora-2": _ruxa(("10", "15"), _SD),
    "ruxa-sora-2-hd": _ruxa(("10", "15", "25"), (*_SD, "1024x1792", "1792x1024")),
    "sora2api-standard": _sora2api("standard"),
    "sora2api-hd": _sora2api("hd"),
    "apixo-sora-2": _apixo(
        10_000,
        set(),
        *_PLAIN,
        mode=one_of(T2V, I2V),
        duration=whole(10, 15),
        aspect_ratio=one_of("landscape", "portrait"),
        image_urls=addresses(1),
        remove_watermark=boolean,
    ),
    "apixo-sora-2-pro": _apixo(
        5000,
        {"duration"},
        *_PLAIN,
        _only(T2V, "size"),
        _never(T2V, "resolution"),
        _only(I2V, "resolution"),
        _never(I2V, "size"),
        mode=one_of(T2V, I2V),
        duration=whole(4, 8, 12),
        size=one_of("720*1280", "1280*720", "1024*1792", "1792*1024"),
        resolution=one_of("720p", "1080p"),
        image_urls=addresses(1),
    ),
    "apixo-veo-3-1": _apixo(
        10_000,
        {"generationType"},
        _never("TEXT_2_VIDEO", "image_urls", key="generationType"),
        _only(_FRAMES, "image_urls", key="generationType"),
        _most(_FRAMES, 2, key="generationType"),
        _only(_REFERENCE, "image_urls", key="generationType"),
        lambda body: body["generationType"] != _REFERENCE or (body["mode"], body["aspect_ratio"]) == ("fast", "16:9"),
        mode=one_of("fast", "quality"),
        generationType=one_of("TEXT_2_VIDEO", _FRAMES, _REFERENCE),
        aspect_ratio=one_of("16:9", "9:16", "auto"),
        image_urls=addresses(3),
        watermark=text(60),
        seed=_SEED,
        enableTranslation=boolean,
    ),
    "apixo-kling-2-1": _apixo(
        5000,
        {"duration"},
        _only(_MASTER, "aspect_ratio"),
        _never(_MASTER, "image_urls"),
        *(_only(f"{tier}-image-to-video", "image_urls") for tier in ("standard", "pro", "master")),
        *(_never(f"{tier}-image-to-video", "aspect_ratio") for tier in ("standard", "pro", "master")),
        *(_most(f"{tier}-image-to-video", 1) for tier in ("standard", "master")),
        mode=one_of(_MASTER, *(f"{tier}-image-to-video" for tier in ("standard", "pro", "master"))),
        duration=whole(5, 10),
        aspect_ratio=one_of(*_WIDE),
        image_urls=addresses(2),
        negative_prompt=text(500),
        cfg_scale=lambda value: type(value) in (int, float) and 0 <= value <= 1,
    ),
    "apixo-kling-2-6": _apixo(
        1000,
        {"sound", "duration"},
        *_PLAIN,
        _only(T2V, "aspect_ratio"),
        _never(I2V, "aspect_ratio"),
        mode=one_of(T2V, I2V),
        duration=whole(5, 10),
        sound=boolean,
        aspect_ratio=one_of(*_WIDE),
        image_urls=addresses(2),
    ),
    "apixo-kling-3-0-std": _apixo(
        2500,
        set(),
        *_PLAIN,
        _never(T2V, "video_urls"),
        _never(I2V, "video_urls", "aspect_ratio"),
        _only(_MOTION, "image_urls", "video_urls"),
        _never(_MOTION, "duration", "aspect_ratio"),
        _most(_MOTION, 1),
        mode=one_of(T2V, I2V, _MOTION),
        duration=between(3, 15),
        sound=boolean,
        aspect_ratio=one_of(*_WIDE),
        image_urls=addresses(2),
        video_urls=addresses(1),
    ),
    "apixo-wan-2-5": _apixo(
        800,
        {"resolution", "duration"},
        *_PLAIN,
        _only(T2V, "aspect_ratio"),
        _never(I2V, "aspect_ratio"),
        mode=one_of(T2V, I2V),
        resolution=one_of("720p", "1080p"),
        duration=whole(5, 10),
        aspect_ratio=one_of(*_WIDE),
        image_urls=addresses(1),
        negative_prompt=text(500),
        seed=_SEED,
        enable_prompt_expansion=boolean,
    ),
    "apixo-vidu-q3": _apixo(
        5000,
        {"duration", "resolution"},
        *(_never(mode, "image_urls") for mode in (T2V, f"turbo-{T2V}")),
        *(_only(mode, "image_urls") for mode in (I2V, f"turbo-{I2V}")),
        *(_never(mode, "style", "aspect_ratio") for mode in (I2V, f"turbo-{I2V}")),
        mode=one_of(T2V, I2V, f"turbo-{T2V}", f"turbo-{I2V}"),
        resolution=one_of("540p", "720p", "1080p"),
        duration=between(1, 16),
        style=one_of("general", "anime"),
        aspect_ratio=one_of(*_FIVE),
        image_urls=addresses(2),
        movement=one_of("auto", "small", "medium", "large"),
        sound=boolean,
        bgm=boolean,
        seed=between(-1, 2147483647),
    ),
    "apixo-happyhorse": _apixo(
        2500,
        {"resolution"},
        _never(T2V, "image_urls", "video_urls", "audio_setting"),
        _only(I2V, "image_urls", "duration"),
        _never(I2V, "ratio", "video_urls"),
        _most(I2V, 1),
        _only("reference-to-video", "image_urls", "ratio"),
        _never("reference-to-video", "video_urls"),
        _only(_EDIT, "video_urls"),
        _never(_EDIT, "ratio", "duration"),
        _most(_EDIT, 5),
        mode=one_of(T2V, I2V, "reference-to-video", _EDIT),
        resolution=one_of("720p", "1080p"),
        ratio=one_of(*_FIVE),
        duration=between(3, 15),
        image_urls=addresses(9),
        video_urls=addresses(1),
        audio_setting=one_of("auto", "origin"),
        watermark=boolean,
        seed=_SEED,
    ),
    "apixo-seedance-2-0": _seedance("480p", "720p", "1080p"),
    "apixo-seedance-2-0-fast": _seedance("480p", "720p"),
}
