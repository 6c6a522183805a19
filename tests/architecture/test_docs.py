"""Holds the documents to the tree: links lead somewhere; files, commands and addresses that they name exist."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.core.management import get_commands
from django.urls import Resolver404, resolve

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^()\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
OUTSIDE = re.compile(r"[a-z]+:")
# Files of a room are often named without the folder that holds all rooms: `ledger/guards/triggers.py`.
ROOTS = (ROOT, ROOT / "sora_portal")
FOLDERS = sorted(
    {path.name for root in ROOTS for path in root.iterdir() if path.is_dir() and path.name[0].isalpha()} - {"var"}
)
PATH = re.compile(rf"(?:{'|'.join(FOLDERS)})/[\w./-]+")
ADDRESS = re.compile(r"/(?:[a-z]+/)*")


def shortened(document: Path) -> str:
    return str(document.relative_to(ROOT))


def anchors(text: str) -> set[str]:
    """Return the fragments by which the headings of a document can be reached."""
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(FENCE.sub("", text)))
    return {heading.strip().replace(" ", "-") for heading in plain}


def broken_links(text: str, folder: Path) -> list[str]:
    """Return the links of `text`, a document in `folder`, that lead nowhere; other sites are not looked at."""
    broken = []
    for link in LINK.findall(FENCE.sub("", text)):
        if OUTSIDE.match(link):
            continue
        path, _, fragment = unquote(link).partition("#")
        target = folder / path
        there = target.exists()
        if there and fragment:
            there = fragment in anchors(target.read_text(encoding="utf-8") if path else text)
        if not there:
            broken.append(link)
    return broken


def missing_files(text: str) -> list[str]:
    """Return the paths of this repository that `text` names as code and that do not exist."""
    named = [span for span in CODE.findall(FENCE.sub("", text)) if PATH.fullmatch(span)]
    return [path for path in named if not any((root / path).exists() for root in ROOTS)]


def unknown_commands(text: str) -> list[str]:
    """Return what `text` calls with `manage.py` and Django does not know."""
    return [name for name in re.findall(r"manage\.py ([a-z_]+)", text) if name not in get_commands()]


def unknown_targets(text: str, makefile: str) -> list[str]:
    """Return what `text` calls with `make`, as code, and `makefile` does not have."""
    code = "\n".join([*FENCE.findall(text), *CODE.findall(FENCE.sub("", text))])
    named = re.findall(r"(?:^|[\s=])make ([a-z]+)\b", code, re.MULTILINE)
    return [target for target in named if not re.search(rf"^{target}:", makefile, re.MULTILINE)]


def unknown_addresses(text: str) -> list[str]:
    """Return the portal's own addresses (`/team/credits/`) that `text` names as code and that no page answers."""
    unknown = []
    for address in CODE.findall(FENCE.sub("", text)):
        if not ADDRESS.fullmatch(address):
            continue
        try:
            resolve(address)
        except Resolver404:
            unknown.append(address)
    return unknown


def undrawn_rooms(text: str) -> list[str]:
    """Return the packages and modules of sora_portal that `text` does not name as code."""
    names = {path.name for path in (ROOT / "sora_portal").iterdir() if (path / "__init__.py").exists()}
    names |= {path.stem for path in (ROOT / "sora_portal").glob("*.py") if path.stem != "__init__"}
    named = " ".join([*FENCE.findall(text), *CODE.findall(FENCE.sub("", text))])
    return sorted(name for name in names if not re.search(rf"\b{name}\b", named))


@pytest.mark.parametrize("document", DOCUMENTS, ids=shortened)
def test_document_links_lead_somewhere(document: Path) -> None:
    assert broken_links(document.read_text(encoding="utf-8"), document.parent) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=shortened)
def test_document_names_only_files_that_exist(document: Path) -> None:
    assert missing_files(document.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=shortened)
def test_document_names_only_commands_that_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    assert unknown_commands(text) == []
    assert unknown_targets(text, (ROOT / "Makefile").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", ["README.md", "docs/using.md", "docs/architecture.md"])
def test_document_names_only_addresses_that_exist(name: str) -> None:
    assert unknown_addresses((ROOT / name).read_text(encoding="utf-8")) == []


def test_architecture_names_every_room() -> None:
    assert undrawn_rooms((ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")) == []


def test_readme_shows_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [command for command in ("make run", "make test") if command not in text] == []


def test_decisions_are_numbered_without_gaps_and_listed() -> None:
    decisions = sorted(path.name for path in (ROOT / "docs" / "adr").glob("*.md"))
    listed = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert [name[:5] for name in decisions] == [f"{number:04d}-" for number in range(1, len(decisions) + 1)]
    assert [name for name in decisions if f"(adr/{name})" not in listed] == []


def test_checks_find_an_offender() -> None:
    """Each check above reports what it is there for."""
    assert broken_links("[a](README.md) [b](nowhere.md) [c](#here)\n\n# There", ROOT) == ["nowhere.md", "#here"]
    assert broken_links("![p](docs/images/none.png) [x](https://example.org/)", ROOT) == ["docs/images/none.png"]
    assert missing_files("`tests/conftest.py`, `ledger/guards/triggers.py`, `ledger/mint.py`") == ["ledger/mint.py"]
    assert unknown_commands("manage.py migrate, manage.py frobnicate") == ["frobnicate"]
    assert unknown_targets("make sure that `make test` and `PORT=1 make tea` work", "test: x\n") == ["tea"]
    assert unknown_addresses("`/library/` and `/attic/`") == ["/attic/"]
    assert "ledger" in undrawn_rooms("`catalog` and ledger without code marks")
