"""`make chaos` in short: a whole portal under fire for half a minute."""

import subprocess
import sys
from pathlib import Path

import pytest

from chaos.mutants import MUTANTS
from tests.migrated import copy_migrated
from tests.operations.installation import ROOT

SHORT = ("--generations", "24", "--kills", "10", "--seed", "7", "--every", "0.7", "--quiet", "90", "--no-restore")


def test_portal_under_fire_loses_nothing_and_pays_for_nothing_twice(tmp_path: Path) -> None:
    copy_migrated(tmp_path / "chaos.sqlite3")
    command = [sys.executable, "-m", "chaos", *SHORT, "--database", f"sqlite:///{tmp_path}/chaos.sqlite3"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=170, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for heading in ("lost", "double-paid", "settled twice", "wrongly settled", "stuck", "ledger differences"):
        assert f"| {heading} | 0 |" in done.stdout


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_every_mutant_is_described_where_the_figures_are(name: str) -> None:
    assert f"| `{name}` |" in (ROOT / "docs" / "chaos.md").read_text()
