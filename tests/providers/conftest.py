"""Fixtures of the adapter tests: every test that asks for `vendor` runs once per vendor."""

import pytest

from tests.providers.vendors import VENDORS, Vendor


@pytest.fixture(params=VENDORS, ids=lambda vendor: vendor.name)
def vendor(request: pytest.FixtureRequest) -> Vendor:
    """One vendor after the other."""
    chosen: Vendor = request.param
    return chosen
