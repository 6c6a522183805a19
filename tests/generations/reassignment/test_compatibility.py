"""generations.fitting: any video can be held against any model, and what fits is what that model takes."""

import itertools

import pytest

from sora_portal.catalog.models import VideoModel
from sora_portal.catalog.spec.domain import Spec
from sora_portal.generations.reassignment.compatibility import Compatibility, compatibility
from tests import factories
from tests.catalog.spec.specs import small

pytestmark = pytest.mark.django_db
PROMPT = "A fox in the snow"


def _rules(slug: str) -> Spec:
    return factories.offered_model(slug).rules


def test_every_shipped_model_can_be_followed_by_every_other_or_says_why_not() -> None:
    factories.offered_model()
    specs = [model.rules for model in VideoModel.objects.all()]
    fitted = 0
    for old, new in itertools.permutations(specs, 2):
        found = compatibility(old, new, old.defaults(), PROMPT)
        if isinstance(found, Compatibility):
            fitted += 1
            assert new.resolve(found.choices, prompt=PROMPT) == found.choices
            assert found.price == new.price(found.choices)
        else:
            assert found.endswith(".")
    assert fitted > len(specs)


def test_what_means_the_same_is_kept_whatever_it_is_called() -> None:
    old, new = _rules("ruxa-sora-2"), _rules("apixo-kling-2-6")
    portrait = next(choice.value for choice in old.field("shape").choices if choice.label == "9:16")  # type: ignore[union-attr]
    found = compatibility(old, new, {**old.defaults(), "shape": portrait}, PROMPT)
    assert isinstance(found, Compatibility)
    assert new.label("shape", found.choices) == "9:16"
    assert found.dropped == ()


def test_what_its_author_chose_and_the_other_model_lacks_is_named() -> None:
    old, new = _rules("ruxa-sora-2"), Spec.read(small())
    found = compatibility(old, new, {**old.defaults(), "style": "comic"}, PROMPT)
    assert isinstance(found, str)
    assert "Style" in found


def test_a_default_that_the_other_model_lacks_gives_way_and_is_named() -> None:
    old = Spec.read(small(fields=[_choice("pace", "Pace", "calm", "wild")], prices=[{"credits": 1}]))
    new = Spec.read(small(fields=[], prices=[{"credits": 2}]))
    assert compatibility(old, new, old.defaults(), PROMPT) == Compatibility({}, 2000, ("Pace calm",))
    assert compatibility(old, new, {"pace": "wild"}, PROMPT) == "it has no setting “Pace”."


def test_a_setting_that_the_old_model_has_lost_since_is_named_by_its_key() -> None:
    spec = Spec.read(small(fields=[], prices=[{"credits": 1}]))
    assert compatibility(spec, spec, {"gone": "x"}, PROMPT) == "it has no setting “gone”."


def test_a_prompt_that_is_too_long_for_the_other_model_is_said() -> None:
    short = Spec.read(small(prompt={"max": 5}))
    found = compatibility(short, short, short.defaults(), PROMPT)
    assert found == "17 characters; this model takes at most 5."


def _choice(key: str, label: str, *values: str) -> dict[str, object]:
    choices = [{"value": value} for value in values]
    return {"key": key, "label": label, "wire": key, "default": values[0], "required": True, "choices": choices}
