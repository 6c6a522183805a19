"""What the format of a spec can say beyond a list of choices, and what it refuses to mean."""

import re
from typing import Any

import pytest

from sora_portal.catalog.spec.domain import InvalidChoices, Spec, SpecError

IMAGE = "https://images.example/a.png"
MODE = {
    "key": "mode",
    "label": "Mode",
    "wire": "mode",
    "default": "text",
    "required": True,
    "choices": ["text", "image", "clip"],
}


def _document(*fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"fields": [MODE, *fields], "prices": [{"credits": 1}], **more}


def _field(kind: str, **more: Any) -> dict[str, Any]:
    return {"key": "it", "label": "It", "wire": "it", "kind": kind, **more}


def _spec(*fields: dict[str, Any], **more: Any) -> Spec:
    return Spec.read(_document(*fields, **more))


def _said(spec: Spec, **wanted: str) -> str:
    """Return what is said of the field "it", or nothing when all is well."""
    errors = {}
    try:
        spec.resolve(wanted, prompt="x")
    except InvalidChoices as problem:
        errors = problem.errors
    assert errors.keys() <= {"it"}
    return errors.get("it", "")


NUMBER = _field("number", json="number", least=0, most=1)
SEED = _field("number", json="number", least=-1, most=99, whole=True)
IMAGES = _field("images", json="list", least=2, most=3)
TWO = f"{IMAGE}\n{IMAGE}"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        (NUMBER, "0.5", ""),
        (NUMBER, " 1 ", ""),
        (NUMBER, "1.01", "Give a number of at least 0 and at most 1."),
        (NUMBER, "nan", "Give a number of at least 0 and at most 1."),
        (NUMBER, "1e-3", "Give a number of at least 0 and at most 1."),
        (SEED, "-1", ""),
        (SEED, "7.5", "Give a whole number of at least -1 and at most 99."),
        (_field("text", max_length=4), "a\r\nbc", ""),
        (_field("text", max_length=4), "a\nbcd", "At most 4 characters."),
        (IMAGES, TWO, ""),
        (IMAGES, f"{IMAGE}\nref:Abc_-9", ""),
        (IMAGES, "", ""),
        (IMAGES, IMAGE, "Give 2 to 3, not 1."),
        (IMAGES, f"{TWO}\n{TWO}", "Give 2 to 3, not 4."),
        (IMAGES, f"{TWO}\nhttp://a.example/x", "Give an https:// address that the vendor can open without signing in."),
        (IMAGES, f"{IMAGE}\nref:../x", "Give an https:// address that the vendor can open without signing in."),
        (_field("urls", json="list"), "ref:abc", "Give an https:// address that the vendor can open without"),
        (_field("character", span_wire="span"), "chr:abc", ""),
        (_field("character", span_wire="span"), "ref:abc", "Choose a character from the list."),
    ],
)
def test_value_is_judged_by_its_kind(field: dict[str, Any], value: str, said: str) -> None:
    assert _said(_spec(field), it=value).startswith(said)
    assert bool(said) == bool(_said(_spec(field), it=value))


def test_field_is_there_only_under_its_condition() -> None:
    spec = _spec(_field("images", json="list", required=True, only={"mode": ["image"]}))
    assert _said(spec) == ""
    assert _said(spec, it=IMAGE) == "It does not go with the other settings."
    assert _said(spec, mode="image") == "This model needs it."
    assert _said(spec, mode="image", it=IMAGE) == ""
    assert spec.encode({"mode": "text", "it": IMAGE}, prompt="x", attempt="1").fields == {"prompt": "x", "mode": "text"}


def test_condition_can_ask_whether_something_is_filled_in() -> None:
    image = {**_field("images", json="list"), "key": "image", "wire": "images"}
    spec = _spec(image, _field("line", only={"image": ["*"]}))
    assert _said(spec, it="x") != ""
    assert _said(spec, image=IMAGE, it="x") == ""
    spec = _spec(image, _field("line", only={"image": [""]}))
    assert _said(spec, it="x") == ""
    assert _said(spec, image=IMAGE, it="x") != ""


def test_field_that_depends_on_one_that_is_away_is_away_too() -> None:
    first = {**_field("line", only={"mode": ["clip"]}), "key": "first", "wire": "first"}
    spec = _spec(first, _field("line", only={"first": ["*"]}))
    assert spec.settle({"mode": "text", "first": "a", "it": "b"}) == {"mode": "text", "first": "", "it": ""}
    assert spec.settle({"mode": "clip", "first": "a", "it": "b"}) == {"mode": "clip", "first": "a", "it": "b"}


def test_required_can_depend_on_other_fields() -> None:
    spec = _spec(_field("line", required_when={"mode": ["clip"]}))
    assert _said(spec) == ""
    assert _said(spec, mode="clip") == "This model needs it."


def test_choice_that_is_not_offered_is_shown_with_its_reason_and_never_taken() -> None:
    choices = ["10", {"value": "25", "offered": False, "reason": "25 s needs HD."}]
    spec = _spec({**_field("choice", choices=choices, default="10", required=True)})
    field = spec.field("it")
    assert field is not None
    assert spec.blocked(field, spec.defaults()) == {"25": "25 s needs HD."}
    assert _said(spec, it="25") == "25 s needs HD."
    assert _said(spec, it="99") == "It can be 10 with this model."
    assert spec.settle({"it": "25"})["it"] == "10"


def test_price_counts_the_length() -> None:
    seconds = _field("choice", json="number", default="5", required=True, choices=[{"from": 3, "to": 15}])
    spec = _spec(seconds, prices=[{"when": {"mode": "clip"}, "credits": 9}, {"credits": 1.5, "per": "it"}])
    assert spec.price({"mode": "text", "it": "7"}) == 10_500
    assert spec.price({"mode": "clip", "it": "7"}) == 9_000


SECONDS = {"key": "it", "label": "It", "wire": "it", "default": "5", "required": True, "choices": ["5", "10"]}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (
            _document(_field("images", json="list", most=0)),
            "least and most count addresses: whole numbers of at least 1",
        ),
        (_document(_field("images", json="list", least=3, most=2)), "field it: least is more than most"),
        (_document(_field("images", most=2)), "field it: more than one address is sent as a list"),
        (_document(_field("images", default=IMAGE)), "field it: images have no default"),
        (_document(_field("number", json="number", least=2, most=1)), "field it: least is more than most"),
        (_document(_field("number", json="number", default="x")), "field it: its default cannot stand there"),
        (_document(_field("number", json="boolean")), "a number is sent as number or string, not as boolean"),
        (_document(_field("character")), "field it: a character needs span_wire"),
        (_document(_field("line", least=1)), "field it: least means nothing for the kind line"),
        (_document(_field("line", choices=["a"])), "field it: choices means nothing for the kind line"),
        (_document(_field("line", only={"nowhere": ["a"]})), "field it: only needs nowhere, which is not a field"),
        (_document(_field("line", only={"mode": ["song"]})), "field it: only needs a mode that cannot be chosen"),
        (_document(_field("line", only={"mode": []})), "field it: only needs a mode that cannot be chosen"),
        (
            _document(_field("line", required_when={"mode": ["song"]})),
            "required_when needs a mode that cannot be chosen",
        ),
        (_document(_field("line", only={"it": ["*"]})), "field it: whether it exists depends on itself"),
        (_document(_field("derived", source="nothing")), "field it: derived from a field that is not there"),
        (_document({**_field("line"), "wire": "mode"}), "mode would be sent twice"),
        (_document({**SECONDS, "choices": [{"value": "5", "offered": False}]}), "the default must be on offer"),
        (_document({**SECONDS, "choices": ["5", {"value": "9", "offered": False}]}), "9 is not offered, so it needs a"),
        (_document({**SECONDS, "choices": [{"from": 9, "to": 5}]}), "a range goes up"),
        (_document({**SECONDS, "choices": [{"from": 0, "to": 5000}]}), "has at most 100 numbers"),
        (_document({**SECONDS, "choices": [{"from": 1, "to": 5, "label": "s"}]}), "its label has one {} for them"),
        (
            _document(SECONDS, prices=[{"credits": 1, "per": "mode"}]),
            "price per mode: not a required choice of numbers",
        ),
        (
            _document({**SECONDS, "only": {"mode": ["text"]}}, prices=[{"credits": 1, "per": "it"}]),
            "the price counts it, which is empty with {'mode': 'image'}",
        ),
        (
            _document({**SECONDS, "choices": [{"value": "5", "needs": {"mode": ["text"]}}]}),
            "field it: nothing can be chosen with {'mode': 'image'}",
        ),
    ],
)
def test_what_cannot_work_is_named(document: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=re.escape(said)):
        Spec.read(document)


def test_row_that_an_earlier_version_shipped_still_says_the_same() -> None:
    image = {"key": "image", "label": "First image", "wire": "image_urls", "kind": "url", "json": "list", "more": True}
    mode = {"key": "how", "label": "Mode", "wire": "how", "kind": "derived", "source": "image"}
    mode |= {"present": "i", "absent": "t"}
    spec = _spec(image, mode)
    chosen = spec.resolve({"image": IMAGE}, prompt="x")
    fields = spec.encode(chosen, prompt="x", attempt="1").fields
    assert fields == {"prompt": "x", "mode": "text", "image_urls": [IMAGE], "how": "i"}
    assert spec.encode(spec.defaults(), prompt="x", attempt="1").fields == {"prompt": "x", "mode": "text", "how": "t"}


def test_one_wire_name_may_serve_fields_that_are_never_there_together() -> None:
    pairs = [
        ({"mode": ["text"]}, {"mode": ["image"]}, True),
        ({"mode": ["text", "clip"]}, {"mode": ["clip"]}, False),
        ({"mode": ["text"]}, {}, False),
    ]
    for one, other, good in pairs:
        first = {**_field("line", only=one), "key": "first"}
        document = _document(first, _field("line", only=other))
        if good:
            assert Spec.read(document)
        else:
            with pytest.raises(SpecError, match="it would be sent twice"):
                Spec.read(document)
