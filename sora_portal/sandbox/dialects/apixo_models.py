"""The APIXO models the sandbox knows, each with what its page allows (read 2026-11-20)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

_ORIENTATIONS = ("landscape", "portrait")
_RATIOS = ("16:9", "9:16", "1:1")
_RESOLUTIONS = ("480p", "720p", "1080p")
_PLAIN_MODES = ("text-to-video", "image-to-video")
_SEEDANCE_MODES = ("text-to-video", "first_and_last_frames", "omni_reference")
VEO_TYPES = {  # generationType: fewest and most images
    "TEXT_2_VIDEO": (0, 0),
    "FIRST_AND_LAST_FRAMES_2_VIDEO": (1, 2),
    "REFERENCE_2_VIDEO": (1, 3),
}


@dataclass(frozen=True)
class Model:
    """What one model's page allows; an empty tuple means the page names no such field.

    `images` and `videos` are the fewest and the most of a mode where they differ from the rule of its name.
    """

    prompt_limit: int
    modes: tuple[str, ...]
    durations: tuple[int, ...] = ()
    shapes: tuple[str, ...] = _RATIOS
    shape_field: str = "aspect_ratio"
    sizes: tuple[str, ...] = ()
    resolutions: tuple[str, ...] = ()
    most_images: int = 1
    flags: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    numbers: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    images: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    videos: Mapping[str, tuple[int, int]] = field(default_factory=dict)


_SEED = {"seed": (0, 2**32)}
_SEEDANCE = Model(
    4_000,
    _SEEDANCE_MODES,
    tuple(range(4, 16)),
    shapes=("16:9", "9:16", "1:1", "4:3", "3:4", "21:9", "adaptive", "auto"),
    resolutions=_RESOLUTIONS,
    most_images=9,
    flags=("sound", "web_search"),
    images={"first_and_last_frames": (1, 2), "omni_reference": (0, 9)},
    videos={"omni_reference": (0, 3)},
)
MODELS: Mapping[str, Model] = {
    "sora-2": Model(10_000, _PLAIN_MODES, (10, 15), _ORIENTATIONS, flags=("remove_watermark",)),
    "sora-2-pro": Model(
        5_000,
        _PLAIN_MODES,
        (4, 8, 12),
        sizes=("1280*720", "720*1280", "1024*1792", "1792*1024"),
        resolutions=("720p", "1080p"),
        flags=("remove_watermark",),
    ),
    "veo-3-1": Model(
        10_000,
        ("fast", "quality"),
        shapes=("16:9", "9:16", "auto"),
        most_images=3,
        flags=("enableTranslation",),
        texts=("watermark",),
        numbers=_SEED,
    ),
    "kling-2-1": Model(
        5_000,
        (
            "standard-image-to-video",
            "pro-image-to-video",
            "master-image-to-video",
            "master-text-to-video",
        ),
        (5, 10),
        texts=("negative_prompt",),
        numbers={"cfg_scale": (0, 1)},
        images={"pro-image-to-video": (1, 2)},
    ),
    "kling-2-6": Model(2_500, _PLAIN_MODES, (5, 10), most_images=2, flags=("sound",), texts=("negative_prompt",)),
    "kling-3-0-std": Model(
        2_500,
        (*_PLAIN_MODES, "motion-control"),
        tuple(range(3, 16)),
        most_images=2,
        flags=("sound",),
        images={"motion-control": (1, 2)},
        videos={"motion-control": (1, 1)},
    ),
    "wan-2-5": Model(
        2_000,
        _PLAIN_MODES,
        (5, 10),
        resolutions=_RESOLUTIONS,
        flags=("enable_prompt_expansion",),
        texts=("negative_prompt",),
        numbers=_SEED,
    ),
    "vidu-q3": Model(
        5_000,
        (*_PLAIN_MODES, "turbo-text-to-video", "turbo-image-to-video"),
        tuple(range(1, 17)),
        shapes=("16:9", "9:16", "1:1", "4:3", "3:4"),
        resolutions=("360p", "540p", *_RESOLUTIONS),
        most_images=2,
        flags=("sound", "bgm"),
        texts=("style", "movement"),
        numbers={"seed": (-1, 2**32)},
    ),
    "happyHorse": Model(
        2_500,
        (*_PLAIN_MODES, "reference-to-video", "video-edit"),
        tuple(range(3, 16)),
        shapes=("16:9", "9:16", "1:1", "4:3", "3:4"),
        shape_field="ratio",
        resolutions=("720p", "1080p"),
        flags=("watermark",),
        texts=("audio_setting",),
        numbers=_SEED,
        images={"reference-to-video": (1, 9), "video-edit": (0, 5)},
        videos={"video-edit": (1, 1)},
    ),
    "seedance-2-0": _SEEDANCE,
    "seedance-2-0-fast": _SEEDANCE,
}
