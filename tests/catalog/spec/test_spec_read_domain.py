"""Reading a model's document: what is wrong is named, and nothing wrong passes."""

import json
import re
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sora_portal.catalog.spec.domain import SPEC_KEYS, Choice, Field, Price, Spec, SpecError
from tests.catalog.spec.specs import MODELS, small, with_field

CHOICES = [{"value": "10"}, {"value": "25"}]


@pytest.mark.parametrize("slug", MODELS)
def test_shipped_spec_is_good(slug: str) -> None:
    spec = Spec.read(MODELS[slug]["spec"])
    assert spec.resolve(spec.defaults(), prompt="a fox") == spec.defaults()
    assert spec.price(spec.defaults()) > 0


def test_spec_left_short_gets_the_documented_defaults() -> None:
    spec = Spec.read({"prices": [{"credits": 3}]})
    assert (spec.prompt_wire, spec.prompt_max, spec.fields) == ("prompt", 5000, ())
    assert (spec.first_poll, spec.interval, spec.deadline, spec.typical) == (60, 10, 7200, 240)
    assert spec.retention_days == 15


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "the spec must be an object"),
        (small(price=[]), "the spec has no setting called price"),
        (small(prompt="prompt"), "prompt must be an object"),
        (small(prompt={"max": "many"}), "prompt.max must be a number"),
        (small(prompt={"max": 0}), "prompt.max must be a number of at least 1"),
        (small(interval=0), "interval must be a number of at least 1"),
        (small(interval=float("nan")), "interval must be a number"),
        (small(retention_days=1.5), "retention_days must be a whole number"),
        (small(fields={}), "fields must be a list"),
        (small(fields=["seconds"]), "a field without a key must be an object"),
        (small(constants=[]), "constants must be an object"),
    ],
)
def test_bad_document_is_named(document: Any, said: str) -> None:
    with pytest.raises(SpecError, match=re.escape(said)):
        Spec.read(document)


@pytest.mark.parametrize(
    ("key", "changes", "said"),
    [
        ("seconds", {"lable": "x"}, "field seconds has no setting called lable"),
        ("seconds", {"wire": ""}, "field seconds: wire must be text"),
        ("seconds", {"wire": 5}, "field seconds: wire must be text"),
        ("seconds", {"required": "yes"}, "field seconds: required must be true or false"),
        ("seconds", {"kind": "slider"}, "field seconds: unknown kind or place"),
        ("seconds", {"json": "integer"}, "field seconds: a choice is sent as string or number or boolean or list"),
        ("seconds", {"place": "header"}, "field seconds: unknown kind or place"),
        ("seconds", {"choices": []}, "field seconds: the default must be one of the choices"),
        ("seconds", {"default": "15"}, "field seconds: the default must be one of the choices"),
        ("seconds", {"default": ""}, "field seconds: a required choice needs a default"),
        ("seconds", {"choices": [*CHOICES, {"value": "10"}]}, "field seconds: two choices have the same value"),
        ("seconds", {"choices": [{"value": 10}]}, "field seconds: a choice's value must be text"),
        ("seconds", {"choices": [{"value": "10", "need": {}}]}, "field seconds: a choice has no setting called need"),
        ("seconds", {"choices": [*CHOICES, {"value": "ten"}]}, "field seconds: ten is sent as a number and is none"),
        ("quality", {"json": "boolean"}, "field quality: sd is sent as a boolean"),
        ("loop", {"default": "yes"}, "field loop: the default of a flag is on or empty"),
        ("loop", {"json": "string"}, "field loop: a flag is sent as boolean, not as string"),
        ("mark", {"json": "number"}, "field mark: a line is sent as string or list, not as number"),
        ("loop", {"max_length": 5}, "field loop: max_length means nothing for the kind flag"),
        ("mark", {"key": "image"}, "two fields have the key image"),
        ("mark", {"key": "Mark it"}, "field Mark it: a key is a small letter"),
        ("mark", {"key": "prompt"}, "field prompt: the form has a field of that name"),
        ("mark", {"wire": "prompt"}, "prompt would be sent twice"),
        ("mark", {"wire": "image"}, "image would be sent twice"),
    ],
)
def test_bad_field_is_named(key: str, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=re.escape(said)):
        Spec.read(with_field(key, **changes))


@pytest.mark.parametrize(
    ("needs", "said"),
    [
        ({"sharpness": ["hd"]}, "field seconds: 25 needs sharpness, which is not a field"),
        ({"quality": ["uhd"]}, "field seconds: 25 needs a quality that cannot be chosen"),
        ({"quality": "hd"}, "field seconds: needs of 25 must be a list"),
    ],
)
def test_bad_condition_of_a_choice_is_named(needs: dict[str, Any], said: str) -> None:
    choices = [{"value": "10"}, {"value": "25", "needs": needs}]
    with pytest.raises(SpecError, match=re.escape(said)):
        Spec.read(with_field("seconds", choices=choices))


def test_default_that_the_other_defaults_forbid_is_named() -> None:
    with pytest.raises(SpecError, match="field seconds: its default does not go with the other defaults"):
        Spec.read(with_field("seconds", default="25"))


@pytest.mark.parametrize(
    ("prices", "said"),
    [
        ([], "the last price rule must match everything"),
        ([{"when": {"seconds": "25"}, "credits": 1}], "the last price rule must match everything"),
        ([{"credits": 1}, {"credits": 2}], "a price rule that matches everything must be the last one"),
        ([{"credits": -1}], "credits must be a number of at least 0"),
        ([{"credits": True}], "credits must be a number"),
        ([{"credits": "40"}], "credits must be a number"),
        ([{}], "credits must be a number"),
        ([{"when": {"colour": "red"}, "credits": 1}, {"credits": 1}], "names a field that is not there"),
        ([{"when": {"seconds": "15"}, "credits": 1}, {"credits": 1}], "seconds can never be '15'"),
        ([{"when": {"loop": "off"}, "credits": 1}, {"credits": 1}], "loop can never be 'off'"),
        (["40"], "price '40' must be an object"),
    ],
)
def test_bad_price_is_named(prices: list[Any], said: str) -> None:
    with pytest.raises(SpecError, match=re.escape(said)):
        Spec.read(small(prices=prices))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(value=JSON, key=st.sampled_from(["prompt", "fields", "prices", "constants", "interval", "retention_days"]))
def test_any_document_is_read_or_refused_with_a_spec_error(value: object, key: str) -> None:
    with suppress(SpecError):
        Spec.read(small(**{key: value}))


@given(value=JSON, name=st.sampled_from(["key", "label", "wire", "kind", "json", "default", "choices", "max_length"]))
def test_any_field_is_read_or_refused_with_a_spec_error(value: object, name: str) -> None:
    with suppress(SpecError):
        Spec.read(with_field("seconds", **{name: value}))


def test_documented_spec_is_good_and_every_key_of_a_field_is_documented() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "adding-a-model.md").read_text()
    example = re.search(r"```json\n(.*?)```", page, re.DOTALL)
    assert example
    spec = Spec.read(json.loads(example[1]))
    assert spec.price(spec.resolve({"seconds": "7"}, prompt="x")) == 56_000
    names = {column.name for kind in (Field, Choice, Price) for column in fields(kind)} | {*SPEC_KEYS}
    assert {name for name in names if f"`{name}" not in page} == {"milli"}
