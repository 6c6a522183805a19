"""No folder is too full to be read, and a name at the top of a module means one thing in the whole portal."""

import ast
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = ROOT / "sora_portal"
MOST = 20
# What Django, the import of a module by its name, or the dialect of a vendor asks to be called the same everywhere.
SAME_EVERYWHERE = {"Command", "Migration"}
DIALECTS = ("sora_portal/providers/", "sora_portal/sandbox/dialects/")
# Twice by now. A new one fails: find it a name of its own, and take a pair that has ended off the list.
# fmt: off
TWICE = {
    "AGAIN", "ASKED", "AT_ONCE", "AddressForm", "Answer", "BROKEN", "BYTES_MOST", "CHARACTER", "CHUNK",
    "CPU_SECONDS", "Card", "Claim", "Closed", "DRAIN", "DecisionForm", "ENDED", "EVERY", "Entry", "FILES",
    "FILTERS", "FIRST", "FRESH", "GROUPS", "HEAD", "Journal", "KEPT", "KINDS", "KeyUsed", "LARGEST", "LEDGER",
    "LONGEST", "Limits", "Lines", "MAX_AGE", "MEMORY", "MILLI", "MOVE", "MOVES", "Move", "NAMELESS", "NEWEST",
    "NO_TASK", "NameTaken", "OPEN", "Overtaken", "PAGE", "PATIENCE", "PAUSE", "PECULIAR", "PIECE", "PLACES",
    "PRACTICE", "PRUNED_AT_ONCE", "REASON_MAX", "RECOVERED", "ReasonTooShort", "Receipt", "Report", "Request",
    "SAID", "SALT", "SECONDS", "SENTENCES", "SHOWN", "SLICE", "STUDIO", "Span", "TASK", "TIMEOUT", "TOLD_AT_ONCE",
    "Task", "Trouble", "Unreadable", "Verdict", "WALL_SECONDS", "WORDS", "Wish",
}
# fmt: on


def _top_level_names(path: Path) -> set[str]:
    """Return the public classes and constants that a module defines."""
    found: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name) and target.id.isupper()}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id.isupper():
            found.add(node.target.id)
    return {name for name in found if not name.startswith("_")} - SAME_EVERYWHERE


def _is_compared(path: Path) -> bool:
    place = path.relative_to(ROOT).as_posix()
    return path.name not in ("apps.py", "urls.py") and "/migrations/" not in place and not place.startswith(DIALECTS)


def test_no_folder_holds_more_than_twenty_python_files() -> None:
    files = [path for root in ("sora_portal", "tests") for path in (ROOT / root).rglob("*.py")]
    counts = Counter(path.parent.relative_to(ROOT).as_posix() for path in files)
    assert {folder: count for folder, count in counts.items() if count > MOST} == {}


def test_no_new_name_is_defined_in_two_modules() -> None:
    homes: dict[str, list[str]] = defaultdict(list)
    for path in filter(_is_compared, sorted(CODE.rglob("*.py"))):
        for name in _top_level_names(path):
            homes[name].append(path.relative_to(CODE).as_posix())
    twice = {name: places for name, places in homes.items() if len(places) > 1}
    assert {name: places for name, places in twice.items() if name not in TWICE} == {}
    assert TWICE - set(twice) == set()
