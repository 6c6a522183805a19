"""docs/settings.md says what settings.py reads."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "settings.md").read_text()
ROW = re.compile(r"^\| `([A-Z0-9_]+)` \| (.+?) \| (.*?) \|$", re.MULTILINE)
DOCUMENTED = {name: default.replace("`", "") for name, default, _ in ROW.findall(DOCUMENT)}
# Read by the supervisor, not by the settings.
OF_MAKE_RUN = {"PORT", "HOST", "SORA_PORTAL_SANDBOX_PORT"}
# Handed from a watchdog to its cluster; nobody sets it.
INTERNAL = {"SORA_PORTAL_BEAT_FILE"}
IN_WORDS = {
    "SORA_PORTAL_SECRET_KEY": "required",
    "SORA_PORTAL_FIELD_KEYS": "required",
    "SORA_PORTAL_DATA_DIR": "./var",
    "SORA_PORTAL_SANDBOX": "as SORA_PORTAL_TEST_MODE",
    "DATABASE_URL": "SQLite in the data folder",
}


def as_written(default: object) -> str:
    """Return a default as one would write it into a .env file."""
    if isinstance(default, bool):
        return str(int(default))
    if isinstance(default, list):
        return ",".join(default) or "empty"
    return f"{default:g}" if isinstance(default, float) else str(default) or "empty"


def read_by_settings() -> dict[str, str]:
    """Return each variable that settings.py reads and its default, found in its syntax tree."""
    found = {}
    for node in ast.walk(ast.parse((ROOT / "sora_portal" / "settings.py").read_text())):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = ast.unparse(node.func)
        if not (called == "_origin" or (called.startswith("env.") and called != "env.Env")):
            continue
        given = [word.value for word in node.keywords if word.arg == "default"] or node.args[1:] or [ast.Constant("")]
        for name in names(node.args[0]):
            found[name] = IN_WORDS.get(name) or as_written(eval(ast.unparse(given[0]), {}))
    return found


def names(argument: ast.expr) -> list[str]:
    """Return the variable's name, or one for each vendor where it is built from the vendor's."""
    if isinstance(argument, ast.Constant):
        return [str(argument.value)]
    if isinstance(argument, ast.JoinedStr):
        pattern = ast.unparse(argument)[2:-1]
        return [pattern.replace("{vendor.upper()}", vendor) for vendor in ("RUXA", "APIXO", "SORA2API")]
    return []


def test_settings_document_lists_every_variable_with_its_default() -> None:
    documented = {name: default for name, default in DOCUMENTED.items() if name not in OF_MAKE_RUN}
    assert documented == read_by_settings()


def test_settings_document_lists_what_make_run_reads() -> None:
    assert DOCUMENTED.keys() >= OF_MAKE_RUN


def test_settings_document_names_every_portal_variable_that_the_code_mentions() -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "sora_portal").rglob("*.py"))
    read = set(re.findall(r"environ(?:ment)?(?:\.get\(|\[)\"(SORA_PORTAL_[A-Z0-9_]+)\"", code))
    assert read - DOCUMENTED.keys() - INTERNAL == set()


def test_env_example_names_documented_variables_only_and_sets_none() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []
    assert set(re.findall(r"^# ([A-Z0-9_]+)=", "\n".join(lines), re.MULTILINE)) - DOCUMENTED.keys() == set()
