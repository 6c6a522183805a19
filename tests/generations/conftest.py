"""What tests of the board share with those of the catalog."""

from tests.catalog.conftest import admin, mo, ruxa

__all__ = ["admin", "mo", "ruxa"]
