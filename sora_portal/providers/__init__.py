"""The wire contracts of the vendors: plain Python and httpx, no tables, no settings."""
