"""`make chaos` in short: a whole portal under fire for half a minute."""

import subprocess
import sys

import pytest

from chaos.mutants import MUTANTS
from tests.operations.installation import ROOT

SHORT = ("--generations", "24", "--kills", "10", "--seed", "7", "--every", "0.7", "--quiet", "90")


def test_portal_under_fire_loses_nothing_and_pays_for_nothing_twice() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "chaos", *SHORT], cwd=ROOT, capture_output=True, text=True, timeout=170, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for heading in ("lost", "double-paid", "settled twice", "wrongly settled", "stuck", "ledger differences"):
        assert f"| {heading} | 0 |" in done.stdout


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_every_mutant_is_described_where_the_figures_are(name: str) -> None:
    assert f"| `{name}` |" in (ROOT / "docs" / "chaos.md").read_text()
