"""Fixtures of the file tests."""

from collections.abc import Iterator

import pytest

from tests.outputs.fetching.media_server import MediaServer, running


@pytest.fixture
def media_host() -> Iterator[MediaServer]:
    """A media host on loopback, with no routes yet."""
    with running() as server:
        yield server
