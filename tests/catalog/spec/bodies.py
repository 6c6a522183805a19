"""What leaves for each vendor: settings of each shipped model, and the whole body as the vendor's page has it.

Written by hand from the pages as read on 2026-11-20 (docs/adding-a-model.md names them), never from the catalog.
"""

IMAGE = "https://images.example/fox.png"
OTHER = "https://images.example/den.webp"
VIDEO = "https://videos.example/run.mp4"
SOUND = "https://sounds.example/wind.mp3"
RUXA = {"prompt": "a fox", "size": "1280x720", "seconds": "10", "private": True, "watermark": False}
RUXA |= {"character_create": False, "metadata": "gen-1"}

Case = tuple[str, dict[str, str], dict[str, object]]

FLAT: list[Case] = [
    ("ruxa-sora-2", {}, RUXA),
    (
        "ruxa-sora-2",
        {"seconds": "15", "shape": "720x1280", "style": "comic", "image": IMAGE, "private": "", "watermark": "on"},
        RUXA
        | {"size": "720x1280", "seconds": "15", "style": "comic", "input_reference": IMAGE}
        | {"private": False, "watermark": True},
    ),
    (
        "ruxa-sora-2-hd",
        {"seconds": "25", "shape": "1024x1792", "character_create": "on"},
        RUXA | {"size": "1024x1792", "seconds": "25", "character_create": True},
    ),
    ("sora2api-standard", {}, {"prompt": "a fox", "aspectRatio": "landscape", "quality": "standard"}),
    (
        "sora2api-hd",
        {"shape": "portrait", "image": IMAGE, "watermark": "Northwind"},
        {"prompt": "a fox", "aspectRatio": "portrait", "quality": "hd", "imageUrls": [IMAGE], "watermark": "Northwind"},
    ),
]
"""Generation fields at Ruxa (nested under `input`) and at Sora2API (the body itself)."""

APIXO: list[Case] = [
    (
        "apixo-sora-2",
        {"seconds": "15", "shape": "portrait"},
        {"mode": "text-to-video", "duration": 15, "aspect_ratio": "portrait", "remove_watermark": True},
    ),
    (
        "apixo-sora-2",
        {"image": IMAGE, "remove_watermark": ""},
        {"mode": "image-to-video", "duration": 10, "aspect_ratio": "landscape", "image_urls": [IMAGE]}
        | {"remove_watermark": False},
    ),
    (
        "apixo-sora-2-pro",
        {"shape": "1792*1024", "seconds": "12"},
        {"mode": "text-to-video", "duration": 12, "size": "1792*1024"},
    ),
    (
        "apixo-sora-2-pro",
        {"image": IMAGE, "quality": "1080p"},
        {"mode": "image-to-video", "duration": 8, "resolution": "1080p", "image_urls": [IMAGE]},
    ),
    (
        "apixo-veo-3-1",
        {"quality": "quality", "shape": "auto", "watermark": "Northwind", "seed": "7", "translate": ""},
        {"mode": "quality", "generationType": "TEXT_2_VIDEO", "aspect_ratio": "auto", "watermark": "Northwind"}
        | {"seed": 7, "enableTranslation": False},
    ),
    (
        "apixo-veo-3-1",
        {"generation": "FIRST_AND_LAST_FRAMES_2_VIDEO", "image": f"{IMAGE}\n{OTHER}"},
        {"mode": "fast", "generationType": "FIRST_AND_LAST_FRAMES_2_VIDEO", "aspect_ratio": "16:9"}
        | {"image_urls": [IMAGE, OTHER], "enableTranslation": True},
    ),
    (
        "apixo-veo-3-1",
        {"generation": "REFERENCE_2_VIDEO", "references": IMAGE},
        {"mode": "fast", "generationType": "REFERENCE_2_VIDEO", "aspect_ratio": "16:9", "image_urls": [IMAGE]}
        | {"enableTranslation": True},
    ),
    (
        "apixo-kling-2-1",
        {"mode": "pro-image-to-video", "images": f"{IMAGE}\n{OTHER}", "cfg_scale": "0.6", "negative_prompt": "blur"},
        {"mode": "pro-image-to-video", "duration": 5, "image_urls": [IMAGE, OTHER], "cfg_scale": 0.6}
        | {"negative_prompt": "blur"},
    ),
    (
        "apixo-kling-2-1",
        {"shape": "1:1", "seconds": "10"},
        {"mode": "master-text-to-video", "duration": 10, "aspect_ratio": "1:1"},
    ),
    (
        "apixo-kling-2-6",
        {"seconds": "10", "sound": "on", "shape": "1:1"},
        {"mode": "text-to-video", "duration": 10, "sound": True, "aspect_ratio": "1:1"},
    ),
    (
        "apixo-kling-3-0-std",
        {"seconds": "3", "shape": "9:16"},
        {"mode": "text-to-video", "duration": 3, "sound": False, "aspect_ratio": "9:16"},
    ),
    (
        "apixo-kling-3-0-std",
        {"mode": "motion-control", "image": IMAGE, "motion": VIDEO},
        {"mode": "motion-control", "image_urls": [IMAGE], "video_urls": [VIDEO]},
    ),
    (
        "apixo-wan-2-5",
        {"image": IMAGE, "quality": "1080p", "seed": "12345", "expand": ""},
        {"mode": "image-to-video", "resolution": "1080p", "duration": 5, "image_urls": [IMAGE], "seed": 12345}
        | {"enable_prompt_expansion": False},
    ),
    (
        "apixo-vidu-q3",
        {"seconds": "8", "shape": "4:3", "style": "general", "movement": "auto", "seed": "-1", "music": ""},
        {"mode": "text-to-video", "resolution": "720p", "duration": 8, "aspect_ratio": "4:3", "style": "general"}
        | {"movement": "auto", "sound": True, "bgm": False, "seed": -1},
    ),
    (
        "apixo-happyhorse",
        {},
        {"mode": "text-to-video", "resolution": "720p", "ratio": "16:9", "duration": 5, "watermark": False},
    ),
    (
        "apixo-happyhorse",
        {"mode": "video-edit", "video": VIDEO, "edit_images": IMAGE, "audio_setting": "origin"},
        {"mode": "video-edit", "resolution": "720p", "video_urls": [VIDEO], "image_urls": [IMAGE]}
        | {"audio_setting": "origin", "watermark": False},
    ),
    (
        "apixo-seedance-2-0",
        {"mode": "omni_reference", "references": IMAGE, "videos": VIDEO, "audios": SOUND, "shape": "21:9"},
        {"mode": "omni_reference", "resolution": "720p", "duration": 5, "aspect_ratio": "21:9", "sound": True}
        | {"web_search": False, "image_urls": [IMAGE], "video_urls": [VIDEO], "audio_urls": [SOUND]},
    ),
    (
        "apixo-seedance-2-0-fast",
        {"mode": "first_and_last_frames", "frames": IMAGE, "sound": "", "web_search": "on", "quality": "480p"},
        {"mode": "first_and_last_frames", "resolution": "480p", "duration": 5, "aspect_ratio": "16:9", "sound": False}
        | {"web_search": True, "image_urls": [IMAGE]},
    ),
]
"""APIXO's `input`, but for the prompt, which all have."""
