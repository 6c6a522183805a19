"""Names of vendors."""

import pytest

from sora_portal.providers import registry


def test_every_name_finds_its_adapter() -> None:
    assert [registry.provider(name).name for name in registry.names()] == ["ruxa", "apixo", "sora2api"]


def test_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(registry.UnknownProviderError, match="ruxa, apixo, sora2api"):
        registry.provider("kie")
