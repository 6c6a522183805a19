"""What becomes of an uploaded file: a fresh picture without a past, or a sentence."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sora_portal.references import pictures
from sora_portal.references.pictures import NotAPicture, Picture, make
from tests.references import files


def read(data: bytes) -> Picture:
    return make(data)


def opened(picture: Picture) -> Image.Image:
    image = Image.open(io.BytesIO(picture.data))
    image.load()
    return image


@pytest.mark.parametrize(
    ("data", "source"),
    [(files.jpeg(), "JPEG"), (files.png(), "PNG"), (files.webp(), "WEBP"), (files.webp(lossless=True), "WEBP")],
)
def test_every_format_becomes_a_jpeg_of_the_same_picture(data: bytes, source: str) -> None:
    picture = read(data)
    image = opened(picture)
    assert (picture.source_format, image.format, image.mode, image.size) == (source, "JPEG", "RGB", (320, 200))
    assert (picture.width, picture.height) == (320, 200)
    red, blue = image.getpixel((40, 40)), image.getpixel((280, 180))
    assert isinstance(red, tuple)
    assert isinstance(blue, tuple)
    assert red[0] > 180
    assert blue[2] > 160
    assert Image.open(io.BytesIO(picture.thumb)).size == (320, 200)


def test_photograph_is_turned_upright_and_tells_nothing() -> None:
    raw = files.telling_jpeg(orientation=6)
    assert b"SECRET" in raw
    picture = read(raw)
    image = opened(picture)
    assert image.size == (200, 320)
    red = image.getpixel((180, 20))  # what was at the top left is at the top right
    assert isinstance(red, tuple)
    assert red[0] > 180
    assert dict(image.getexif()) == {}
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert b"SECRET" not in picture.data + picture.thumb


def test_words_in_a_png_are_gone() -> None:
    assert b"SECRET" in files.telling_png()
    assert b"SECRET" not in read(files.telling_png()).data


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(files.chunked(b"zTXt", b"note\0\0" + files.swollen()), id="packed text"),
        pytest.param(files.chunked(b"iTXt", b"note\0\1\0\0\0" + files.swollen()), id="packed international text"),
        pytest.param(files.chunked(b"tEXt", b"note\0" + b"SECRET" * 300_000), id="long text"),
        pytest.param(files.chunked(b"tEXt", b"note\0" + b"x" * 900_000, times=9), id="many texts"),
        pytest.param(files.chunked(b"iCCP", b"p\0\0" + files.swollen()), id="packed profile"),
        pytest.param(files.chunked(b"iCCP", b"p\0\7nonsense"), id="profile that nothing unpacks"),
        pytest.param(files.chunked(b"gAMA", b"\0"), id="hint cut short"),
        pytest.param(files.chunked(b"zTXt", b"note\0\0" + files.swollen(), before=b"IEND"), id="text at the end"),
    ],
)
def test_png_is_taken_whatever_stands_beside_the_picture(data: bytes) -> None:
    picture = read(data)
    assert (picture.width, picture.height) == (320, 200)
    assert b"SECRET" not in picture.data


def test_bytes_behind_a_picture_are_gone() -> None:
    assert b"SECRETZIP" not in read(files.jpeg() + b"PK\x03\x04SECRETZIP").data


def test_what_is_transparent_becomes_white() -> None:
    assert opened(read(files.see_through_png())).getpixel((300, 100)) == (255, 255, 255)


def test_sixteen_bits_of_grey_stay_grey() -> None:
    grey = opened(read(files.grey_16_bit_png())).getpixel((100, 100))
    assert isinstance(grey, tuple)
    assert all(120 <= level <= 136 for level in grey)


@pytest.mark.parametrize("mode", ["L", "P", "1", "CMYK", "LA"])
def test_unusual_colours_can_be_read(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    assert opened(read(files.saved(files.scene(mode=mode), kind))).mode == "RGB"


def test_colour_profile_is_applied_and_dropped() -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = read(files.jpeg(icc_profile=profile))
    assert "icc_profile" not in opened(picture).info
    assert opened(read(files.jpeg(icc_profile=b"nonsense" * 20))).size == (320, 200)


def test_photograph_of_a_telephone_with_a_second_picture_is_taken() -> None:
    assert opened(read(files.telephone_jpeg())).size == (320, 200)


def test_large_picture_is_made_smaller() -> None:
    picture = read(files.jpeg(6000, 3000))
    assert (picture.width, picture.height) == (2560, 1280)


def test_same_file_gives_the_same_bytes() -> None:
    assert read(files.png()).data == read(files.png()).data


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (files.SVG, "an SVG drawing"),
        (files.PLAIN_SVG, "an SVG drawing"),
        (files.HEIC, "an HEIC picture"),
        (files.MP4, "a video"),
        (files.HTML, "not a JPG, PNG or WebP"),
        (b"\xff\xd8\xff", "damaged"),
        (files.saved(files.scene(), "GIF"), "a GIF"),
        (files.saved(files.scene(), "BMP"), "a BMP"),
        (files.saved(files.scene(), "TIFF"), "a TIFF"),
        (files.animated("PNG"), "animated"),
        (files.animated("WEBP"), "animated"),
        (files.animated("GIF"), "a GIF"),
        (files.jpeg(1, 1), "1 × 1"),
        (files.png(1, 1), "at least 64"),
        (files.jpeg(2000, 20), "2000 × 20"),
        (files.jpeg()[:2000], "damaged"),
        (files.png()[:200], "damaged"),
        (files.webp()[:-200], "damaged"),
        (files.bomb_png(), "more than 50 million pixels"),
        (files.bomb_png(7000, 6000), "more than 36 million pixels"),
        (files.webp(5000, 4200, method=0), "more than 20 million pixels"),
        (files.bomb_png(200, 200), "damaged"),
    ],
)
def test_bad_file_is_refused_with_a_sentence(data: bytes, words: str) -> None:
    with pytest.raises(NotAPicture, match=words) as refusal:
        read(data)
    assert refusal.value.status == 422
    assert str(refusal.value).endswith((".", "says."))


def test_picture_that_nothing_makes_small_is_kept_within_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "BYTES_MOST", 700_000)
    raw = files.noise_png(450)
    assert 500_000 < len(raw) < 700_000
    assert len(read(raw).data) < 700_000


@settings(max_examples=300, deadline=None)
@given(
    kind=st.sampled_from(["jpeg", "png", "webp", "telling", "mpo"]),
    cuts=st.lists(st.tuples(st.integers(0, 4000), st.binary(max_size=12)), min_size=1, max_size=6),
)
def test_no_damage_raises_anything_but_a_sentence(kind: str, cuts: list[tuple[int, bytes]]) -> None:
    made = {
        "jpeg": files.jpeg,
        "png": files.telling_png,
        "webp": files.webp,
        "telling": files.telling_jpeg,
        "mpo": files.telephone_jpeg,
    }
    data = bytearray(made[kind]())
    for at, noise in cuts:
        place = at % len(data)
        data[place : place + len(noise)] = noise
    try:
        picture = read(bytes(data))
    except NotAPicture:
        return
    assert opened(picture).format == "JPEG"
