"""catalog.queries: prices and keys in the words of the providers page."""

import pytest

from sora_portal.catalog.queries import key_hint, price_lines
from sora_portal.catalog.spec.domain import Spec
from tests.catalog.spec.specs import small


def test_price_lines_name_every_condition_in_words() -> None:
    rules = [
        {"when": {"seconds": "25", "quality": "hd"}, "credits": 1200.5},
        {"when": {"loop": "on"}, "credits": 3},
        {"when": {"loop": ""}, "credits": 2},
        {"credits": 1},
    ]
    assert price_lines(Spec.read(small(prices=rules))) == (
        "25 s, HD: 1,200.5 credits",
        "Loop: 3 credits",
        "no loop: 2 credits",
        "else 1 credit",
    )


@pytest.mark.parametrize(
    ("key", "hint"), [("", ""), ("short", "••••"), ("elevenchars", "••••"), ("twelve-chars", "•••• hars")]
)
def test_key_is_hinted_by_four_characters_of_a_long_one(key: str, hint: str) -> None:
    assert key_hint(key) == hint
