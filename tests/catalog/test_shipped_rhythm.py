"""How often the shipped rows ask: as often as the vendor's own page or sample does, never sooner and never more often.

Written down by hand from the pages named in docs/vendors.md, so that a row that drifts is seen.
"""

import pytest

from sora_portal.catalog import defaults

# Row: seconds before which the vendor's page does not ask, and seconds between two of its questions.
ADVICE = {
    "ruxa-sora-2": (0, 5),
    "ruxa-sora-2-hd": (0, 5),
    "apixo-sora-2": (180, 10),
    "apixo-sora-2-pro": (120, 5),
    "apixo-veo-3-1": (45, 10),
    "sora2api-standard": (0, 30),
    "sora2api-hd": (0, 30),
}
# APIXO's guide to polling names Veo and none of the others. They are asked like Veo; its general "10 s, then every 5 s"
# is for pictures too, and its newer guide slows down to every 30 s.
UNNAMED = (45, 10)
MODELS = {row["slug"]: row["spec"] for row in defaults.shipped_document()["models"]}
# A look at a video that cannot be there yet is wasted: the fastest of them take minutes.
SOONEST_OF_USE = 60


@pytest.mark.parametrize("slug", MODELS)
def test_shipped_row_asks_as_often_as_its_vendor_advises(slug: str) -> None:
    first, interval = ADVICE.get(slug, UNNAMED)
    spec = MODELS[slug]
    assert spec["interval"] == interval
    assert first <= spec["first_poll"] <= max(first, SOONEST_OF_USE)
