"""What the sandbox is started with."""

import argparse

import pytest

from sora_portal.sandbox import cli


@pytest.mark.parametrize(("value", "port"), [("", 8001), ("8042", 8042)])
def test_empty_port_in_the_environment_is_the_usual_one(monkeypatch: pytest.MonkeyPatch, value: str, port: int) -> None:
    monkeypatch.setenv("SORA_PORTAL_SANDBOX_PORT", value)
    parser = argparse.ArgumentParser()
    cli.add_arguments(parser)
    assert parser.parse_args([]).port == port
