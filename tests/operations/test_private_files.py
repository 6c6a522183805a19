"""The data folder and all in it are for the portal's account only."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sora_portal import private_files
from tests.operations.installation import ROOT, Installation


def open_to_others(folder: Path) -> list[str]:
    """Return what others could read or write, by its path in `folder`."""
    found = [folder, *folder.rglob("*")]
    return sorted(str(path.relative_to(folder)) for path in found if path.lstat().st_mode & 0o077)


@pytest.fixture
def generous() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def test_command_makes_private_files_and_closes_those_it_finds(tmp_path: Path, generous: None) -> None:
    house = Installation(tmp_path / "data")
    (house.folder / "media" / "ab").mkdir(parents=True)
    (house.folder / "portal.sqlite3").touch()
    house.folder.chmod(0o755)
    writes = (
        "import django; django.setup()\n"
        "from django.db import connection\n"
        "from django.conf import settings\n"
        "cursor = connection.cursor()\n"
        "cursor.execute('CREATE TABLE t (a)')\n"
        "(settings.MEDIA_ROOT / 'new').write_text('x')\n"
        "print(sorted(path.name for path in settings.DATA_DIR.iterdir()))\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", writes], cwd=ROOT, env=house.environment, check=True, capture_output=True, text=True
    )
    assert "portal.sqlite3-wal" in said.stdout
    assert open_to_others(house.folder) == ["media/ab"], "deeper ones are out of reach, and closed by the next start"
    private_files.close_all(house.folder)
    assert open_to_others(house.folder) == []


def test_only_our_own_files_are_closed(tmp_path: Path, generous: None) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o1777)
    (tmp_path / "elsewhere").touch()
    (tmp_path / "shared" / "link").symlink_to(tmp_path / "elsewhere")
    private_files.close([tmp_path / "shared", tmp_path / "shared" / "link", tmp_path / "missing"])
    assert stat.S_IMODE((tmp_path / "shared").stat().st_mode) == 0o1777
    assert stat.S_IMODE((tmp_path / "elsewhere").stat().st_mode) == 0o666
