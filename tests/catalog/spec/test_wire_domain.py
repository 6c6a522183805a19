"""What leaves for each vendor, for every shipped model: the JSON body as its pages want it, names, types, nesting."""

import pytest

from sora_portal.catalog.spec.domain import Spec
from sora_portal.providers.base import Call
from tests.catalog.spec.bodies import APIXO, FLAT, IMAGE, OTHER, VIDEO
from tests.catalog.spec.specs import MODELS, create_call, shipped, small

CALLBACK = "https://portal.example/callbacks/secret/"


def _body(call: Call) -> dict[str, object]:
    assert isinstance(call.json, dict)
    return call.json


def _same(found: object, wanted: object) -> bool:
    """Return whether two JSON values are the same in type as well: 10 is not "10", and true is not 1."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(_same(found[key], wanted[key]) for key in wanted)
    return type(found) is type(wanted) and found == wanted


@pytest.mark.parametrize(("slug", "wanted", "fields"), FLAT)
def test_ruxa_and_sora2api_get_what_their_pages_show(
    slug: str, wanted: dict[str, str], fields: dict[str, object]
) -> None:
    call = create_call(slug, **wanted)
    body = {"model": MODELS[slug]["wire_id"], "input": fields} if slug.startswith("ruxa") else fields
    path = "/tasks/create" if slug.startswith("ruxa") else "/sora2/generate"
    assert (call.method, call.url.rpartition("/api/v1")[2]) == ("POST", path)
    assert call.json == body
    assert _same(call.json, body)


@pytest.mark.parametrize(("slug", "wanted", "fields"), APIXO)
def test_apixo_gets_what_its_pages_show(slug: str, wanted: dict[str, str], fields: dict[str, object]) -> None:
    call = create_call(slug, **wanted)
    body = {"request_type": "async", "input": {"prompt": "a fox", **fields}}
    assert call.url == f"https://api.apixo.ai/api/v1/generateTask/{MODELS[slug]['wire_id']}"
    assert call.json == body
    assert _same(call.json, body)


def test_every_shipped_model_is_compared() -> None:
    assert {slug for slug, *_ in [*FLAT, *APIXO]} == set(MODELS)


def test_happy_horse_keeps_the_case_of_its_id() -> None:
    assert create_call("apixo-happyhorse").url.endswith("/generateTask/happyHorse")


@pytest.mark.parametrize(
    ("slug", "callback"),
    [
        ("ruxa-sora-2", {"callBackUrl": CALLBACK}),
        ("apixo-sora-2", {"callback_url": CALLBACK, "request_type": "callback"}),
        ("sora2api-hd", {"callBackUrl": CALLBACK}),
    ],
)
def test_callback_address_stands_at_the_top(slug: str, callback: dict[str, str]) -> None:
    assert _body(create_call(slug, CALLBACK)).items() >= callback.items()


@pytest.mark.parametrize("slug", [slug for slug in MODELS if slug.startswith("apixo")])
def test_apixo_route_stands_at_the_top_and_is_left_out_when_empty(slug: str) -> None:
    assert "provider" not in _body(create_call(slug))
    assert _body(create_call(slug, provider="official"))["provider"] == "official"


def test_ruxa_fields_stand_beside_the_model_in_the_flat_style() -> None:
    nested = _body(create_call("ruxa-sora-2", seconds="15"))
    flat = _body(create_call("ruxa-sora-2", body_style="flat", seconds="15"))
    assert isinstance(nested["input"], dict)
    assert flat == {"model": "sora-2", **nested["input"]}


@pytest.mark.parametrize("prefix", ["sora2", "sora2api"])
def test_sora2api_path_follows_the_prefix(prefix: str) -> None:
    assert create_call("sora2api-hd", path_prefix=prefix).url == f"https://api.sora2api.ai/api/v1/{prefix}/generate"


def _ruxa_fields(**values: str) -> dict[str, object]:
    spec = shipped("ruxa-sora-2")
    return spec.encode({**spec.defaults(), **values}, prompt="a fox", attempt="gen-1").fields


def test_character_goes_out_as_clip_and_span_or_as_task() -> None:
    clip = _ruxa_fields(character=f"clip {VIDEO} 0,3")
    assert (clip["character_url"], clip["character_timestamps"]) == (VIDEO, "0,3")
    assert "character_from_task" not in clip
    task = _ruxa_fields(character="task task_sora-2_1765184045509")
    assert task["character_from_task"] == "task_sora-2_1765184045509"
    assert not {"character_url", "character_timestamps"} & task.keys()
    assert not {"character_url", "character_timestamps", "character_from_task"} & _ruxa_fields().keys()


@pytest.mark.parametrize("values", [{"image": "ref:abc"}, {"image": f"{IMAGE}\nref:abc"}, {"character": "chr:abc"}])
def test_what_only_we_can_find_never_leaves(values: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="field"):
        _ruxa_fields(**values)


def test_attempt_is_named_where_a_constant_asks_for_it_and_not_in_what_a_member_types() -> None:
    field = {"key": "mark", "label": "Mark", "wire": "mark", "kind": "line"}
    document = {"fields": [field], "prices": [{"credits": 1}], "constants": {"id": "p-{attempt}", "v": 2}}
    fields = Spec.read(document).encode({"mark": "{attempt}"}, prompt="{attempt}", attempt="gen-9").fields
    assert fields == {"prompt": "{attempt}", "id": "p-gen-9", "v": 2, "mark": "{attempt}"}


def test_images_are_a_list_or_one_address() -> None:
    field = {"key": "image", "label": "Image", "wire": "image", "kind": "images", "json": "list", "most": 2}
    spec = Spec.read({"fields": [field], "prices": [{"credits": 1}]})
    chosen = spec.resolve({"image": f" {IMAGE} \r\n\r\n{OTHER}\n"}, prompt="x")
    assert chosen == {"image": f"{IMAGE}\n{OTHER}"}
    assert spec.encode(chosen, prompt="x", attempt="1").fields["image"] == [IMAGE, OTHER]


def test_empty_fields_are_left_out_and_flags_are_always_sent() -> None:
    encoded = Spec.read(small()).encode({"quality": "sd", "seconds": "10"}, prompt="a fox", attempt="gen-1")
    assert encoded.fields == {"prompt": "a fox", "quality": "sd", "seconds": 10, "loop": False}
    assert encoded.top == {}


def test_choice_with_a_wire_value_of_its_own_is_sent_as_that() -> None:
    choices = [{"value": "wide", "wire": "1280*720"}, {"value": "fast", "wire": 1.5}]
    field = {"key": "shape", "label": "Shape", "wire": "size", "default": "wide", "choices": choices}
    spec = Spec.read({"fields": [field], "prices": [{"credits": 1}]})
    assert spec.encode({"shape": "wide"}, prompt="x", attempt="gen-1").fields["size"] == "1280*720"
    assert spec.encode({"shape": "fast"}, prompt="x", attempt="gen-1").fields["size"] == 1.5


def test_top_fields_and_constants_stand_beside_the_input() -> None:
    field = {"key": "route", "label": "Route", "wire": "provider", "place": "top", "kind": "line"}
    document = {"fields": [field], "prices": [{"credits": 1}], "constants": {"v": 2}, "constants_top": {"beta": True}}
    encoded = Spec.read(document).encode({"route": "official"}, prompt="x", attempt="gen-1")
    assert (encoded.fields, encoded.top) == ({"prompt": "x", "v": 2}, {"provider": "official", "beta": True})
