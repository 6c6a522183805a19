"""Whatever `resolve` accepts for a shipped model goes out as the vendor's page allows it, and has a price.

CHOICES says how many combinations of each model are tried; `make properties` makes it 2,000.
"""

import os
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from sora_portal.catalog.spec.domain import Encoded, Field, InvalidChoices, Spec
from tests.catalog.pages import PAGES
from tests.catalog.spec.specs import MODELS, shipped

EXAMPLES = int(os.environ.get("CHOICES", "40"))
ENDS = ("png", "webp", "mp4", "mp3")


def _addresses(most: int) -> st.SearchStrategy[str]:
    one = st.builds("https://files.example/{}.{}".format, st.integers(0, 99), st.sampled_from(ENDS))
    return st.lists(one, max_size=most).map("\n".join)


def _values(entry: Field) -> st.SearchStrategy[str]:
    """Return what somebody may leave in a field: mostly what fits, now and then what does not."""
    if entry.kind == "choice":
        return st.sampled_from(["", *(choice.value for choice in entry.choices)])
    if entry.kind == "flag":
        return st.sampled_from(["", "on"])
    if entry.kind == "number":
        near = st.integers(int(entry.least or 0) - 1, int(entry.most or 1) + 1).map(str)
        return st.just("") | near | st.decimals(0, 1, places=2).map(str)
    if entry.kind in ("images", "urls"):
        return _addresses(entry.most_count + 1)
    if entry.kind == "character":
        return st.sampled_from(["", "chr:a"])
    return st.text(max_size=(entry.max_length or 20) + 1)


def _wishes(spec: Spec) -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries({}, optional={entry.key: _values(entry) for entry in spec.shown()})


def _public(chosen: dict[str, str]) -> dict[str, str]:
    """Return choices as the references room hands them on: with addresses that a vendor can open."""
    clip = "clip https://files.example/who.mp4 0.5,3"
    return {key: clip if value == "chr:a" else value for key, value in chosen.items()}


@pytest.mark.parametrize("slug", MODELS)
def test_every_page_is_in_the_table_and_every_parameter_of_it_can_be_sent(slug: str) -> None:
    spec = shipped(slug)
    wires = {wire for entry in spec.fields if entry.place == "input" for wire in entry.wires}
    assert wires | {"prompt", *spec.constants} == set(PAGES[slug].fields)


@pytest.mark.parametrize("slug", MODELS)
@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data())
def test_what_is_accepted_is_what_the_page_allows(slug: str, data: st.DataObject) -> None:
    spec, page = shipped(slug), PAGES[slug]
    wanted = data.draw(_wishes(spec))
    settled = data.draw(st.booleans())
    try:
        chosen = spec.resolve(spec.settle(wanted) if settled else wanted, prompt="a fox")
    except InvalidChoices:
        event("refused")
        return
    event("accepted")
    _hold(page.fields, page.always, page.rules, spec.encode(_public(chosen), prompt="a fox", attempt="gen-1"))
    assert spec.price(chosen) > 0
    assert spec.settle(chosen) == chosen, "what is accepted is shown as it is"


def _hold(fields: Any, always: Any, rules: Any, encoded: Encoded) -> None:
    body = encoded.fields
    assert not body.keys() - fields.keys()
    assert always <= body.keys()
    assert {name: value for name, value in body.items() if not fields[name](value)} == {}
    assert all(rule(body) for rule in rules), body
    assert set(encoded.top) <= {"provider"}
    assert encoded.top.get("provider", "auto") in ("auto", "value", "official")


def _wrong(spec: Spec, wanted: dict[str, str]) -> set[str]:
    try:
        spec.resolve(wanted, prompt="a fox")
    except InvalidChoices as problem:
        return set(problem.errors)
    return set()


@pytest.mark.parametrize("slug", MODELS)
@settings(max_examples=EXAMPLES // 2, deadline=None)
@given(data=st.data())
def test_what_the_composer_shows_lacks_at_most_what_only_a_person_can_give(slug: str, data: st.DataObject) -> None:
    spec = shipped(slug)
    settled = spec.settle(data.draw(_wishes(spec)))
    assert spec.price(settled) > 0
    typed = {entry.key for entry in spec.shown() if entry.kind not in ("choice", "flag")}
    assert _wrong(spec, settled) <= typed


@pytest.mark.parametrize(("slug", "earlier"), [(slug, other) for slug in MODELS for other in MODELS])
def test_shape_is_kept_from_model_to_model(slug: str, earlier: str) -> None:
    spec, before = shipped(slug), shipped(earlier)
    for choice in getattr(before.field("shape"), "choices", ()):
        if choice.means in ("landscape", "portrait") and choice.offered:
            moved = spec.settle(spec.carry({"shape": choice.value}, earlier=before))
            shape = spec.field("shape")
            now = shape.choice(moved["shape"]) if shape else None
            assert now is not None
            assert now.means == choice.means
