"""What a member may choose, and what it costs."""

import pytest

from sora_portal.catalog.spec.domain import InvalidChoices, Spec
from tests.catalog.spec.specs import shipped, small


@pytest.fixture
def spec() -> Spec:
    """The small spec: 25 s need HD, prompts of at most 20 characters."""
    return Spec.read(small())


def _errors(spec: Spec, wanted: dict[str, str], prompt: str = "a fox") -> dict[str, str]:
    with pytest.raises(InvalidChoices) as caught:
        spec.resolve(wanted, prompt=prompt)
    return caught.value.errors


def test_resolve_fills_what_was_not_chosen_with_defaults(spec: Spec) -> None:
    chosen = spec.resolve({"quality": "hd"}, prompt="a fox")
    assert chosen == {"quality": "hd", "seconds": "10", "loop": "", "mark": "", "image": ""}


@pytest.mark.parametrize(
    ("quality", "seconds", "allowed"), [("sd", "10", True), ("hd", "10", True), ("hd", "25", True), ("sd", "25", False)]
)
def test_resolve_keeps_to_the_allowed_pairs(spec: Spec, quality: str, seconds: str, allowed: bool) -> None:
    wanted = {"quality": quality, "seconds": seconds}
    if allowed:
        assert spec.resolve(wanted, prompt="a fox").items() >= wanted.items()
    else:
        assert _errors(spec, wanted) == {"seconds": "25 s needs HD."}


@pytest.mark.parametrize(
    ("wanted", "errors"),
    [
        ({"seconds": "12"}, {"seconds": "Length can be 10 s or 25 s with this model."}),
        ({"seconds": ""}, {"seconds": "This model needs it."}),
        ({"quality": "HD"}, {"quality": "Quality can be SD or HD with this model."}),
        ({"loop": "true"}, {"loop": "This is either on or off."}),
        ({"mark": "northwind"}, {"mark": "At most 5 characters."}),
        ({"provider": "official"}, {"provider": "This model has no such setting."}),
    ],
)
def test_resolve_refuses_forged_choices(spec: Spec, wanted: dict[str, str], errors: dict[str, str]) -> None:
    assert _errors(spec, wanted) == errors


@pytest.mark.parametrize(
    "address",
    [
        "http://images.example/a.png",
        "https://localhost/a.png",
        "https://user:word@images.example/a.png",
        "file:///etc/passwd",
        "https://[broken/a.png",
        "https://images.example/" + "a" * 2000,
        "not an address",
    ],
)
def test_resolve_refuses_an_image_that_a_vendor_cannot_open(spec: Spec, address: str) -> None:
    assert _errors(spec, {"image": address}) == {
        "image": "Give an https:// address that the vendor can open without signing in."
    }


def test_resolve_names_every_bad_field_at_once(spec: Spec) -> None:
    assert set(_errors(spec, {"seconds": "1", "quality": "2"}, prompt="")) == {"seconds", "quality", "prompt"}


@pytest.mark.parametrize("prompt", ["", "   ", "\n"])
def test_resolve_wants_a_prompt(spec: Spec, prompt: str) -> None:
    assert _errors(spec, {}, prompt=prompt) == {"prompt": "Describe the video first."}


@pytest.mark.parametrize("slug", ["ruxa-sora-2", "apixo-sora-2", "sora2api-standard", "apixo-kling-2-6"])
def test_prompt_limit_is_the_models_own_to_the_character(slug: str) -> None:
    limit = {"apixo-sora-2": 10_000, "apixo-kling-2-6": 1_000}.get(slug, 5_000)
    spec = shipped(slug)
    assert spec.resolve({}, prompt="ü" * limit)
    errors = _errors(spec, {}, prompt="ü" * (limit + 1))
    assert errors == {"prompt": f"{limit + 1:,} characters; this model takes at most {limit:,}."}


@pytest.mark.parametrize("seconds", ["10", "15", "25"])
@pytest.mark.parametrize("shape", ["1280x720", "720x1280", "1792x1024", "1024x1792"])
def test_ruxa_sells_25_seconds_and_hd_sizes_with_its_hd_model_only(seconds: str, shape: str) -> None:
    wanted = {"seconds": seconds, "shape": shape}
    assert shipped("ruxa-sora-2-hd").resolve(wanted, prompt="a fox").items() >= wanted.items()
    wrong = ({"seconds"} if seconds == "25" else set()) | ({"shape"} if "1792" in shape else set())
    if wrong:
        assert set(_errors(shipped("ruxa-sora-2"), wanted)) == wrong
    else:
        assert shipped("ruxa-sora-2").resolve(wanted, prompt="a fox")


def test_settle_drops_what_another_model_could_do_and_this_one_cannot() -> None:
    chosen = shipped("ruxa-sora-2").settle({"seconds": "25", "shape": "720x1280", "sound": "on"})
    assert (chosen["seconds"], chosen["shape"]) == ("10", "720x1280")
    assert "sound" not in chosen


def test_settle_moves_a_choice_that_the_others_forbid_to_one_they_allow(spec: Spec) -> None:
    assert spec.settle({"quality": "sd", "seconds": "25"})["seconds"] == "10"
    assert spec.settle({"quality": "hd", "seconds": "25"})["seconds"] == "25"


@pytest.mark.parametrize(
    ("slug", "choices", "milli"),
    [
        ("ruxa-sora-2", {"seconds": "10"}, 40_000),
        ("ruxa-sora-2", {"seconds": "15"}, 60_000),
        ("ruxa-sora-2-hd", {"seconds": "10"}, 80_000),
        ("ruxa-sora-2-hd", {"seconds": "15"}, 120_000),
        ("ruxa-sora-2-hd", {"seconds": "25"}, 200_000),
        ("apixo-sora-2", {"seconds": "10"}, 50_000),
        ("apixo-sora-2", {"seconds": "15"}, 75_000),
        ("sora2api-standard", {}, 30_000),
        ("sora2api-hd", {}, 70_000),
        ("apixo-veo-3-1", {"quality": "fast"}, 20_000),
        ("apixo-veo-3-1", {"quality": "quality"}, 150_000),
        ("apixo-kling-2-6", {"seconds": "5"}, 35_000),
        ("apixo-kling-2-6", {"seconds": "10"}, 70_000),
    ],
)
def test_price_follows_the_choices(slug: str, choices: dict[str, str], milli: int) -> None:
    spec = shipped(slug)
    assert spec.price(spec.resolve(choices, prompt="a fox")) == milli


def test_price_is_the_first_rule_that_matches() -> None:
    rules = [{"when": {"seconds": "25"}, "credits": 3}, {"when": {"quality": "hd"}, "credits": 2}, {"credits": 1}]
    spec = Spec.read(small(prices=rules))
    assert spec.price({"seconds": "25", "quality": "hd"}) == 3_000
    assert spec.price({"seconds": "10", "quality": "hd"}) == 2_000


def test_price_keeps_thousandths_of_a_credit(spec: Spec) -> None:
    assert spec.price({"seconds": "25"}) == 2_500


def test_label_names_a_choice_in_words(spec: Spec) -> None:
    assert spec.label("seconds", {"seconds": "25"}) == "25 s"
    assert spec.label("seconds", {"seconds": "12"}) == spec.label("nothing", {}) == ""
