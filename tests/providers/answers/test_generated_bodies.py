"""Whatever a vendor answers, no reader raises and no state is terminal that the vendor's pages do not list.

EXAMPLES says how many bodies every adapter reads, PROPERTY_SEED by which dice; `make properties` makes it 100,000.
"""

import os

import pytest
from hypothesis import HealthCheck, given, seed, settings

from tests.providers import bodies
from tests.providers.vendors import VENDORS

EXAMPLES = int(os.environ.get("EXAMPLES", "600"))
SEED = int(os.environ.get("PROPERTY_SEED", "1"))
BATCH = 2000  # one run of hypothesis remembers all that it tried, so a long run is many short ones
BATCHES = range(-(-EXAMPLES // BATCH))


@pytest.mark.parametrize("batch", BATCHES)
def test_generated_bodies_are_survived_and_end_only_by_a_listed_word(batch: int) -> None:
    wanted = min(BATCH, EXAMPLES - batch * BATCH)
    read = 0

    @seed(SEED * 1_000_003 + batch)
    @settings(max_examples=wanted, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=bodies.cases())
    def every_body(case: bodies.Case) -> None:
        nonlocal read
        read += 1
        for vendor in VENDORS:
            bodies.check(vendor, case)

    every_body()
    assert read >= wanted
