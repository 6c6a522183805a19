"""generations.fitting: any video can be held against any model, and what fits is what that model takes."""

import itertools

import pytest

from sora_portal.catalog.domain import Spec
from sora_portal.catalog.models import VideoModel
from sora_portal.generations.fitting import Fit, fit
from tests import factories
from tests.catalog.specs import small

pytestmark = pytest.mark.django_db
PROMPT = "A fox in the snow"


def _rules(slug: str) -> Spec:
    return factories.offered_model(slug).rules


def test_every_shipped_model_can_be_followed_by_every_other_or_says_why_not() -> None:
    factories.offered_model()
    specs = [model.rules for model in VideoModel.objects.all()]
    fitted = 0
    for old, new in itertools.permutations(specs, 2):
        found = fit(old, new, old.defaults(), PROMPT)
        if isinstance(found, Fit):
            fitted += 1
            assert new.resolve(found.choices, prompt=PROMPT) == found.choices
            assert found.price == new.price(found.choices)
        else:
            assert found.endswith(".")
    assert fitted > len(specs)


def test_what_means_the_same_is_kept_whatever_it_is_called() -> None:
    old, new = _rules("ruxa-sora-2"), _rules("apixo-kling-2-6")
    portrait = next(choice.value for choice in old.field("shape").choices if choice.label == "9:16")  # type: ignore[union-attr]
    found = fit(old, new, {**old.defaults(), "shape": portrait}, PROMPT)
    assert isinstance(found, Fit)
    assert new.label("shape", found.choices) == "9:16"
    assert found.dropped == ()


def test_what_its_author_chose_and_the_other_model_lacks_is_named() -> None:
    old, new = _rules("ruxa-sora-2"), Spec.read(small())
    found = fit(old, new, {**old.defaults(), "style": "comic"}, PROMPT)
    assert isinstance(found, str)
    assert "Style" in found


def test_a_default_that_the_other_model_lacks_gives_way_and_is_named() -> None:
    old = Spec.read(small(fields=[_choice("pace", "Pace", "calm", "wild")], prices=[{"credits": 1}]))
    new = Spec.read(small(fields=[], prices=[{"credits": 2}]))
    assert fit(old, new, old.defaults(), PROMPT) == Fit({}, 2000, ("Pace calm",))
    assert fit(old, new, {"pace": "wild"}, PROMPT) == "it has no setting “Pace”."


def test_a_setting_that_the_old_model_has_lost_since_is_named_by_its_key() -> None:
    spec = Spec.read(small(fields=[], prices=[{"credits": 1}]))
    assert fit(spec, spec, {"gone": "x"}, PROMPT) == "it has no setting “gone”."


def test_a_prompt_that_is_too_long_for_the_other_model_is_said() -> None:
    short = Spec.read(small(prompt={"max": 5}))
    found = fit(short, short, short.defaults(), PROMPT)
    assert found == "17 characters; this model takes at most 5."


def _choice(key: str, label: str, *values: str) -> dict[str, object]:
    choices = [{"value": value} for value in values]
    return {"key": key, "label": label, "wire": key, "default": values[0], "required": True, "choices": choices}
