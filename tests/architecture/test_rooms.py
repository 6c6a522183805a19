"""The plan of the rooms is one: the import contract, the map in the architecture, both tables, and the folders."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import get_resolver

ROOT = Path(__file__).resolve().parents[2]
CODE = ROOT / "sora_portal"
README = (ROOT / "README.md").read_text()
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
CONTRACT = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]["layers"]
ROOMS = [name for layer in CONTRACT for name in layer.split(" | ") if (CODE / name).is_dir()]
ROW = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)


def section(text: str, heading: str) -> str:
    """Return what stands below a heading, up to the next of its kind."""
    return text.partition(f"\n{heading}\n")[2].partition("\n## ")[0]


def test_map_in_the_architecture_is_the_import_contract() -> None:
    assert section(ARCHITECTURE, "## Rooms").split("```")[1].split("\n")[1:-1] == CONTRACT


@pytest.mark.parametrize(("text", "heading"), [(README, "## The rooms"), (ARCHITECTURE, "## Rooms")])
def test_table_has_every_room(text: str, heading: str) -> None:
    assert sorted(ROW.findall(section(text, heading))) == sorted(ROOMS)


def test_modules_at_the_root_are_named() -> None:
    told = section(ARCHITECTURE, "## Rooms").partition("Modules at the root:")[2].partition("\n\n")[0]
    modules = {name for layer in CONTRACT for name in layer.split(" | ")} - set(ROOMS) - {"urls", "wsgi"}
    assert set(re.findall(r"`(\w+)\.py`", told)) == modules


def _sources(*without: str) -> str:
    files = [path for path in CODE.rglob("*.py") if path.relative_to(CODE).parts[0] not in without]
    return "\n".join(path.read_text() for path in files)


# What the README says does not exist, and how one sees that it does not.
NOT_YET: dict[str, Callable[[], bool]] = {
    "Notices": lambda: not re.search(r"\b(send_mail|EmailMessage|EmailMultiAlternatives)\b", _sources("accounts")),
    "An API": lambda: not any(str(entry.pattern).startswith("api") for entry in get_resolver().url_patterns),
    "Single sign-on": lambda: not any("socialaccount" in app for app in settings.INSTALLED_APPS),
    "Object storage": lambda: settings.STORAGES["default"]["BACKEND"].endswith("FileSystemStorage"),
    "Other languages": lambda: not settings.USE_I18N or not list(CODE.rglob("locale")),
}


def test_everything_that_is_said_to_be_missing_is_missing() -> None:
    assert re.findall(r"^- \*\*(.+?)\*\*", section(README, "## Not yet"), re.MULTILINE) == list(NOT_YET)
    assert [what for what, is_missing in NOT_YET.items() if not is_missing()] == []
